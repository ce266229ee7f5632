"""The fixed code of a sheet of paper, and the word of the day that goes with it. Pure: keys and days are given.

A sheet's code is 16 digits: the sheet's number (5, the first not 0), key version (1), proof (8), check (2; ISO 7064 MOD
97-10, as in `codes`). The proof is over the number, the station and the sheet's version there, so that nobody makes up
a sheet and none of another station or an older version passes. Whoever saw the sheet can show its code for ever: by
itself it proves nothing about being there (`sheets.confirm`).

The word of the day is four digits of (station, site day, sheet's version, how often the word was renewed).
Source: ux.md §5a (code kind `p`, 口令); decisions.md 12.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import date
from urllib.parse import parse_qs
from uuid import UUID

from volunteer.checkin.credentials.codes import CodeKeys, normalise

NUMBERS = range(10_000, 100_000)
_CODE = re.compile(r"([1-9][0-9]{4})([0-9])([0-9]{8})([0-9]{2})")
_URL = re.compile(r"(?:.*/)?s/([0-9A-Fa-f-]{32,36})\?([^#]*)(?:#.*)?")
_WORD = re.compile(r"[0-9]{4}")
_SAID = str.maketrans("0123456789", "零幺二三四五六七八九")


@dataclass(frozen=True, slots=True)
class ReadSheetCode:
    """A well-formed code of a sheet, not judged yet; `station_id` is what its address says, None for bare digits."""

    digits: str
    number: int
    key_version: int
    proof: str
    station_id: UUID | None = None


def issue(keys: CodeKeys, number: int, station_id: UUID, version: int) -> str:
    """Return the 16 digits of a sheet, made with the current key.

    Raises:
        ValueError: the number has not five digits, the first not 0.
    """
    if number not in NUMBERS:
        raise ValueError("a sheet's number has five digits, the first not 0")
    body = f"{number}{keys.current}{_proof(keys, keys.current, number, station_id, version)}"
    return f"{body}{98 - int(body) * 100 % 97:02d}"


def grouped(digits: str) -> str:
    """Return the digits in fours, as one reads and types them."""
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def path_of(station_id: UUID, digits: str) -> str:
    """Return the path and query that the sheet's QR code carries after the site's address."""
    return f"/s/{station_id}?p={digits}"


def read(text: str) -> ReadSheetCode | None:
    """Return the parts of a sheet's code given as URL, as path, or as its digits, with or without blanks and dashes.

    None where it is anything else or a digit was mistyped. Never raises.
    """
    text = normalise(text)
    url = _URL.fullmatch(text)
    if url is None:
        return _parts(text.replace("-", ""), None)
    found = parse_qs(url[2]).get("p", [])
    try:
        return _parts(found[0], UUID(url[1])) if len(found) == 1 else None
    except ValueError:
        return None


def is_genuine(keys: CodeKeys, code: ReadSheetCode, station_id: UUID, version: int) -> bool:
    """Whether a code is that of the sheet with its number: of this station, in this version, by a key that is kept."""
    if code.key_version not in keys.versions or code.station_id not in (None, station_id):
        return False
    return hmac.compare_digest(_proof(keys, code.key_version, code.number, station_id, version), code.proof)


def word_of(keys: CodeKeys, station_id: UUID, day: date, version: int, serial: int) -> str:
    """Return the four digits that a station's keepers tell on a site day; `serial` counts the times it was renewed."""
    return _word(keys, keys.current, (str(station_id), day.isoformat(), str(version), str(serial)))


def is_word(keys: CodeKeys, said: str, station_id: UUID, day: date, version: int, serial: int) -> bool:
    """Whether what was said is the word; every kept key is tried, so that a rotation at noon refuses nobody."""
    parts = (str(station_id), day.isoformat(), str(version), str(serial))
    words = [_word(keys, key_version, parts) for key_version in sorted(keys.versions)]
    return any([hmac.compare_digest(said, word) for word in words])  # a list: no early end


def read_word(text: str) -> str | None:
    """Return the four digits that somebody typed, however they were typed; None where they are no four digits."""
    text = normalise(text).replace("-", "")
    return text if _WORD.fullmatch(text) and text.isascii() else None


def aloud(word: str) -> str:
    """Return how the word is said so that nobody mishears it: one is 幺, for 一 sounds like 七."""
    return " ".join(word.translate(_SAID))


def _parts(digits: str, station_id: UUID | None) -> ReadSheetCode | None:
    match = _CODE.fullmatch(digits)
    if match is None or not digits.isascii() or int(digits) % 97 != 1:
        return None
    return ReadSheetCode(digits, int(match[1]), int(match[2]), match[3], station_id)


def _proof(keys: CodeKeys, key_version: int, number: int, station_id: UUID, version: int) -> str:
    mac = _mac(keys.versions[key_version], "paper", str(number), str(station_id), str(version))
    return f"{int.from_bytes(mac, 'big') % 10**8:08d}"


def _word(keys: CodeKeys, key_version: int, parts: tuple[str, ...]) -> str:
    return f"{int.from_bytes(_mac(keys.versions[key_version], 'word', *parts), 'big') % 10_000:04d}"


def _mac(key: bytes, *parts: str) -> bytes:
    # The first part names the use: no other HMAC of `codes` under these keys begins with one of ours.
    return hmac.digest(key, "|".join(parts).encode(), "sha256")
