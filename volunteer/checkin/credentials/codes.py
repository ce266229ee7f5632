"""The codes that are scanned: personal code, printed card, station code. Pure: keys and instants are given.

Personal code and card are 27 digits: kind (``91`` or ``92``), pass number (9), key version (1), code (13), check (2).
The check digits are ISO 7064 MOD 97-10: the 27 digits read as one number leave 1 when divided by 97. They catch
misreadings; the 13 digits are the proof. All secrets are HMAC-SHA256, all comparisons take constant time.

A personal code is judged against its person's key *of that site day*: what is derived of a day says nothing of another.
An offline pack holds no key at all, only two bytes of each step's code, hashed (`packs`).

Source: decisions.md 12 and 13; contract, "GET /me/code" and "GET /stations/{id}/code".
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import parse_qs
from uuid import UUID

STEP_SECONDS = 30
PERSONAL_STEPS = 2  # the step of the instant and the one before: 60 s from the step's start
STATION_STEPS = 3  # 90 s from the step's start
EXPIRED_STEPS = 60  # 30 min: far enough to tell a late code from a forged one, cheap enough to try online

_PERSONAL, _CARD = "91", "92"
_PAYLOAD = re.compile(r"(9[12])([0-9]{9})([0-9])([0-9]{13})([0-9]{2})")
_PASS_NO = re.compile(r"[1-9][0-9]{8}")
_STATION_URL = re.compile(r"(?:.*/)?s/([0-9A-Fa-f-]{32,36})\?([^#]*)(?:#.*)?")
_STATION_SHORT = re.compile(r"([0-9A-Fa-f-]{32,36}):([0-9]{8})(?::([0-9A-Fa-f-]{32,36}))?")
_STATION_DIGITS = re.compile(r"[0-9]{8}")
_LONGEST = 512  # characters looked at; longer text is no code of ours
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DROPPED = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})


class CodeKind(StrEnum):
    """What a 27-digit payload is."""

    PERSONAL = "personal"
    CARD = "card"


class CodeStatus(StrEnum):
    """What a code is worth at an instant."""

    VALID = "valid"
    EXPIRED = "expired"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class CodeKeys:
    """The master keys by version (0 to 9), and the version that issues.

    A version that is not in ``versions`` is retired: its codes are invalid. Codes live 90 s at most, cards for years:
    keep a version as long as its cards should work.

    Raises:
        ValueError: a version is not one digit, a key has under 32 bytes, or the current version is missing.
    """

    versions: Mapping[int, bytes] = field(repr=False)  # never in a log or a traceback
    current: int

    def __post_init__(self) -> None:
        if self.current not in self.versions:
            raise ValueError("the current key version has no key")
        for version, key in self.versions.items():
            if not 0 <= version <= 9 or len(key) < 32:
                raise ValueError(f"key version {version}: one digit and at least 32 bytes are needed")
        object.__setattr__(self, "versions", MappingProxyType(dict(self.versions)))


@dataclass(frozen=True, slots=True)
class PersonalCode:
    """An issued personal code: accepted at instants t with ``valid_from <= t < expires_at``."""

    payload: str
    valid_from: datetime
    expires_at: datetime
    step: int


@dataclass(frozen=True, slots=True)
class ReadCode:
    """A well-formed 27-digit payload, not judged yet."""

    kind: CodeKind
    pass_no: str
    version: int
    digits: str


@dataclass(frozen=True, slots=True)
class StationCode:
    """An issued station code: ``code`` and ``path`` are both self-contained; a new one is due at ``refresh_at``."""

    digits: str
    code: str
    path: str
    valid_from: datetime
    refresh_at: datetime
    expires_at: datetime
    step: int


@dataclass(frozen=True, slots=True)
class ReadStationCode:
    """A well-formed station code, not judged yet."""

    station_id: UUID
    digits: str
    shift_id: UUID | None


@dataclass(frozen=True, slots=True)
class CodeVerdict:
    """What a code is worth; ``step`` is its 30-second step where it is valid, else None."""

    status: CodeStatus
    step: int | None = None


def step_of(at: datetime) -> int:
    """Return the 30-second step of an instant: whole unix seconds // 30.

    Raises:
        ValueError: ``at`` is naive.

    Source: decisions.md 12.
    """
    if at.utcoffset() is None:
        raise ValueError("a naive instant has no step")
    return (at - _EPOCH) // timedelta(seconds=STEP_SECONDS)


def step_start(step: int) -> datetime:
    """Return the instant (UTC) at which a step starts. Source: decisions.md 12."""
    return _EPOCH + timedelta(seconds=STEP_SECONDS * step)


def normalise(text: str) -> str:
    """Return a scanned or typed text as it was meant: NFKC (full-width digits), no white space, no control characters.

    Never raises, whatever the text. Text of over 512 characters gives "", which is no code.
    """
    if len(text) > _LONGEST or (text.isascii() and text.isalnum()):  # nothing to normalise, as in nearly every code
        return "" if len(text) > _LONGEST else text
    # Cc is control, Cf format (zero-width space, BOM), Z* every separator.
    return "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) not in _DROPPED)


def day_key(keys: CodeKeys, pass_no: str, day: date, version: int | None = None) -> bytes:
    """Return the key (32 bytes) that checks one person's codes of one site day, for the offline pack of that day.

    Raises:
        ValueError: ``pass_no`` is not 9 digits beginning with 1 to 9, or the version is retired.

    Source: decisions.md 13.
    """
    master = _master(keys, keys.current if version is None else version)
    return _mac(master, "day", _checked_pass(pass_no), day.isoformat())


def step_digits(key: bytes, step: int) -> str:
    """Return the 13 digits of a step under a day key, as an offline scanner computes them too.

    Source: decisions.md 12 and 13.
    """
    return _digits(_mac(key, str(step)), 13)


def issue_personal(keys: CodeKeys, pass_no: str, at: datetime, zone: tzinfo) -> PersonalCode:
    """Return the personal code of the step of ``at``; it is a function of person and step alone.

    Raises:
        ValueError: ``at`` is naive or ``pass_no`` is malformed.

    Source: contract, "GET /me/code"; decisions.md 12.
    """
    return _personal(keys, pass_no, step_of(at), zone)


def upcoming_personal(
    keys: CodeKeys, pass_no: str, at: datetime, zone: tzinfo, count: int = 2
) -> tuple[PersonalCode, ...]:
    """Return the codes of the next ``count`` steps after that of ``at``, for a phone that loses the network.

    Source: contract, "GET /me/code" (``upcoming``).
    """
    step = step_of(at)
    return tuple(_personal(keys, pass_no, step + ahead, zone) for ahead in range(1, count + 1))


def payloads_of(keys: CodeKeys, pass_no: str, steps: Iterable[int], zone: tzinfo) -> Iterator[str]:
    """Yield the payload that a person's phone shows in each of these steps, for the pack that knows them again.

    Source: decisions.md 13.
    """
    days: dict[date, bytes] = {}
    for step in steps:
        day = step_start(step).astimezone(zone).date()
        if day not in days:
            days[day] = day_key(keys, pass_no, day)
        yield _payload(_PERSONAL, pass_no, keys.current, step_digits(days[day], step))


def issue_card(keys: CodeKeys, pass_no: str, serial: str) -> str:
    """Return the static payload of a printed card; a renewed card has another serial. Source: decisions.md 12."""
    return _payload(_CARD, _checked_pass(pass_no), keys.current, _card_digits(keys, keys.current, pass_no, serial))


def read(payload: str) -> ReadCode | None:
    """Return the parts of a personal or card payload; None where it is malformed or its check digits are wrong.

    Never raises: any string is judged as a code. Source: contract, "Any string up to 64 characters".
    """
    match = _PAYLOAD.fullmatch(normalise(payload))
    if match is None or int(match[0]) % 97 != 1 or not _PASS_NO.fullmatch(match[2]):
        return None
    kind = CodeKind.PERSONAL if match[1] == _PERSONAL else CodeKind.CARD
    return ReadCode(kind, match[2], int(match[3]), match[4])


def judge_personal(keys: CodeKeys, code: ReadCode, at: datetime, zone: tzinfo) -> CodeVerdict:
    """Return what a personal code is worth at ``at`` (``judged_at`` at full precision).

    VALID with its step: less than 60 s have passed since the step's start. EXPIRED: it was valid within the last
    30 minutes. INVALID: all else: a forged code, a step that has not begun, a retired key, an older code (to tell it
    from a forged one would cost a day of HMACs for every wrong code), or a card.

    Source: decisions.md 12.
    """
    if code.kind is not CodeKind.PERSONAL or code.version not in keys.versions:
        return CodeVerdict(CodeStatus.INVALID)
    step = step_of(at)
    by_day: dict[date, bytes] = {}

    def expected(candidate: int) -> str:
        day = step_start(candidate).astimezone(zone).date()
        if day not in by_day:
            by_day[day] = day_key(keys, code.pass_no, day, code.version)
        return step_digits(by_day[day], candidate)

    return _verdict(code.digits, step, PERSONAL_STEPS, lambda candidate: [expected(candidate)])


def judge_card(keys: CodeKeys, code: ReadCode, serial: str) -> CodeVerdict:
    """Return VALID (no step: cards are never used up) where the card is the one of that serial, else INVALID.

    Source: decisions.md 12; contract, "GET /me/card".
    """
    if code.kind is not CodeKind.CARD or code.version not in keys.versions:
        return CodeVerdict(CodeStatus.INVALID)
    same = hmac.compare_digest(_card_digits(keys, code.version, code.pass_no, serial), code.digits)
    return CodeVerdict(CodeStatus.VALID if same else CodeStatus.INVALID)


def issue_station(keys: CodeKeys, station_id: UUID, at: datetime, shift_id: UUID | None = None) -> StationCode:
    """Return the code that a station shows at ``at``: new every 30 s, accepted for 90 s from its step's start.

    Source: contract, "GET /stations/{id}/code"; decisions.md 12.
    """
    step = step_of(at)
    digits = _station_digits(keys, keys.current, station_id, shift_id, step)
    start = step_start(step)
    return StationCode(
        digits,
        station_code(station_id, digits, shift_id),
        station_path(station_id, digits, shift_id),
        start,
        start + timedelta(seconds=STEP_SECONDS),
        start + timedelta(seconds=STEP_SECONDS * STATION_STEPS),
        step,
    )


def station_path(station_id: UUID, digits: str, shift_id: UUID | None = None) -> str:
    """Return the path and query that a station's QR code carries after the site's address."""
    return f"/s/{station_id}?c={digits}" + (f"&shift={shift_id}" if shift_id else "")


def station_code(station_id: UUID, digits: str, shift_id: UUID | None = None) -> str:
    """Return the short form ``<station id>:<digits>[:<shift id>]``."""
    return f"{station_id}:{digits}" + (f":{shift_id}" if shift_id else "")


def read_station(text: str) -> ReadStationCode | None:
    """Return the parts of a station code given as URL, as path, or as ``<station id>:<digits>[:<shift id>]``.

    None where it is anything else (bare digits too: they do not say which station). Never raises. The address before
    ``/s/`` is not looked at: the digits prove the station, not the host. Source: contract, "POST /me/checkins".
    """
    text = normalise(text)
    short = _STATION_SHORT.fullmatch(text)
    if short is not None:
        return _station_parts(short[1], [short[2]], [short[3]] if short[3] else [])
    url = _STATION_URL.fullmatch(text)
    if url is None:
        return None
    query = parse_qs(url[2], keep_blank_values=True)
    return _station_parts(url[1], query.get("c", []), query.get("shift", []))


def judge_station(keys: CodeKeys, code: ReadStationCode, at: datetime) -> CodeVerdict:
    """Return what a station code is worth at ``at``: VALID with its step for 90 s, EXPIRED for 30 min, else INVALID.

    The code names no key version; every kept one is tried, so that a rotation refuses nobody.

    Source: decisions.md 12.
    """
    versions = sorted(keys.versions)

    def expected(step: int) -> list[str]:
        return [_station_digits(keys, version, code.station_id, code.shift_id, step) for version in versions]

    return _verdict(code.digits, step_of(at), STATION_STEPS, expected)


def spoken_digits(keys: CodeKeys, station_id: UUID, day: date, pass_no: str, attempt: int) -> str:
    """Return four digits that a person may say at a station on a site day; ``attempt`` moves on where they are taken.

    They are no proof: whoever stands near hears them. Source: ux.md, "Read it with these changes" (spoken code).
    """
    key = _master(keys, keys.current)
    return _digits(_mac(key, "spoken", str(station_id), day.isoformat(), str(attempt), _checked_pass(pass_no)), 4)


def _personal(keys: CodeKeys, pass_no: str, step: int, zone: tzinfo) -> PersonalCode:
    start = step_start(step)
    digits = step_digits(day_key(keys, pass_no, start.astimezone(zone).date()), step)
    expires_at = start + timedelta(seconds=STEP_SECONDS * PERSONAL_STEPS)
    return PersonalCode(_payload(_PERSONAL, pass_no, keys.current, digits), start, expires_at, step)


def _verdict(digits: str, step: int, valid_steps: int, expected: Callable[[int], list[str]]) -> CodeVerdict:
    """Look among the valid steps, newest first, and only then among the expired ones."""
    for candidate in range(step, step - valid_steps, -1):
        if _among(digits, expected(candidate)):
            return CodeVerdict(CodeStatus.VALID, candidate)
    for candidate in range(step - valid_steps, step - EXPIRED_STEPS - 1, -1):
        if _among(digits, expected(candidate)):
            return CodeVerdict(CodeStatus.EXPIRED)
    return CodeVerdict(CodeStatus.INVALID)


def _among(digits: str, candidates: Iterable[str]) -> bool:
    return any([hmac.compare_digest(digits, candidate) for candidate in candidates])  # a list: no early end


def _station_parts(station: str, codes: list[str], shifts: list[str]) -> ReadStationCode | None:
    if len(codes) != 1 or not _STATION_DIGITS.fullmatch(codes[0]) or len(shifts) > 1:
        return None
    try:
        return ReadStationCode(UUID(station), codes[0], UUID(shifts[0]) if shifts else None)
    except ValueError:
        return None


def _station_digits(keys: CodeKeys, version: int, station_id: UUID, shift_id: UUID | None, step: int) -> str:
    mac = _mac(_master(keys, version), "station", str(station_id), str(shift_id or ""), str(step))
    return _digits(mac, 8)


def _card_digits(keys: CodeKeys, version: int, pass_no: str, serial: str) -> str:
    return _digits(_mac(_master(keys, version), "card", pass_no, serial), 13)


def _payload(kind: str, pass_no: str, version: int, digits: str) -> str:
    body = f"{kind}{pass_no}{version}{digits}"
    return f"{body}{98 - int(body) * 100 % 97:02d}"


def _checked_pass(pass_no: str) -> str:
    if not _PASS_NO.fullmatch(pass_no):
        raise ValueError("a pass number is 9 digits, the first not 0")
    return pass_no


def _master(keys: CodeKeys, version: int) -> bytes:
    try:
        return keys.versions[version]
    except KeyError:
        raise ValueError(f"key version {version} is retired") from None


def _mac(key: bytes, *parts: str) -> bytes:
    # Only the last part may hold a separator (a card's serial): no two lists of parts give one message.
    return hmac.digest(key, "|".join(parts).encode("utf-8", "surrogatepass"), "sha256")


def _digits(mac: bytes, count: int) -> str:
    return f"{int.from_bytes(mac, 'big') % 10**count:0{count}d}"
