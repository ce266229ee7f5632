"""Mobile phones of mainland China: one spelling for storing and finding them, one mask for showing them.

Accounts and people are reached by text message, so only mobile numbers are taken, never landlines. Errors:
`bad-phone`. Source: contract, Conventions (`138****5678`); stack.md G25.
"""

import re
import unicodedata
from typing import ClassVar, Final

_NOISE: Final = re.compile(r"[\s\-‐‑‒–—―−()\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_MOBILE: Final = re.compile(r"(?:\+86|0086|86)?(1[3-9][0-9]{9})")


class PhoneError(ValueError):
    """The text is not a mobile number of mainland China. `code` is permanent, `sentence` is for people."""

    code: ClassVar[str] = "bad-phone"
    sentence: ClassVar[str] = "手机号不正确,请填写 11 位中国大陆手机号。"

    def __init__(self) -> None:
        super().__init__(self.sentence)  # the text itself is personal data and stays out of logs


def normalize_phone(text: str) -> str:
    """Return the 11 digits of a mobile number written with any of +86, 0086, 86, spaces, hyphens, full-width digits.

    Raises:
        PhoneError: `bad-phone`.
    """
    match = _MOBILE.fullmatch(_NOISE.sub("", unicodedata.normalize("NFKC", text)))
    if match is None:
        raise PhoneError
    return match[1]


def mask_phone(phone: str) -> str:
    """Return a normalised number as `138****5678`; anything shorter than 11 characters is masked whole."""
    if len(phone) != 11:
        return "*" * len(phone)
    return f"{phone[:3]}****{phone[-4:]}"
