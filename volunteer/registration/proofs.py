"""That a phone was proved a moment ago, kept sealed by whoever proved it, so that one code serves several steps.

A proof names the phone and, where the identity number was given with it, the person of that number. It is bound to its
holder (a browser; the API's callers hold the text alone), good for 15 minutes, and the server keeps nothing of it.
"""

import base64
import binascii
import datetime as dt
import json
import uuid
from dataclasses import dataclass
from typing import Final

from volunteer.config import settings
from volunteer.errors import invalid
from volunteer.sealing import SealError

LIFE: Final = dt.timedelta(minutes=15)
WHERE: Final = ("phone_proofs", "phone")
#: Holder of the proofs that the API gives out.
BEARER: Final = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True)
class Proof:
    """A phone that was proved, and the person whose identity number was given with it."""

    phone: str
    person_id: uuid.UUID | None = None


def give(proof: Proof, holder: uuid.UUID, now: dt.datetime) -> str:
    """Return a proof as its holder keeps it."""
    told = {"at": now.timestamp(), "phone": proof.phone, "person": str(proof.person_id) if proof.person_id else None}
    return base64.urlsafe_b64encode(settings().keyring.seal(json.dumps(told), *WHERE, holder)).decode()


def find(text: str, holder: uuid.UUID, now: dt.datetime) -> Proof | None:
    """Return what was proved, or None for a proof that is too old, another's, or not ours."""
    try:
        told = json.loads(settings().keyring.open(base64.urlsafe_b64decode(text), *WHERE, holder))
    except (SealError, ValueError, binascii.Error):
        return None
    if not 0 <= now.timestamp() - told["at"] <= LIFE.total_seconds():
        return None
    return Proof(told["phone"], uuid.UUID(told["person"]) if told["person"] else None)


def require(text: str, now: dt.datetime) -> Proof:
    """Return what a caller of the API has proved.

    Raises:
        InvalidInput: `proof-expired` on `proof`.
    """
    found = find(text, BEARER, now)
    if found is None:
        raise invalid("proof", "proof-expired", "手机验证已过期,请重新获取验证码。")
    return found
