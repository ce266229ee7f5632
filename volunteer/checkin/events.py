"""What comes in: one event a scan, whatever door it came through, and what its code proves.

Raw code text goes no further than here: a scan keeps the kind and the step, or a keyed digest of what is none of ours.
Source: contract, "POST /checkins"; decisions 8, 12.
"""

import datetime as dt
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from volunteer.checkin.credentials import codes
from volunteer.checkin.credentials.codes import CodeKeys, CodeKind, CodeStatus, ReadCode, ReadStationCode
from volunteer.checkin.models import Accuracy, CodeForm
from volunteer.checkin.reasons import Direction, Mode, Reason
from volunteer.config import settings
from volunteer.database import new_id
from volunteer.errors import InvalidInput, invalid
from volunteer.registration.service import PersonFacts
from volunteer.stations.rules import Point

FIRST_YEAR, LAST_YEAR = 1970, 9000


@dataclass(frozen=True, slots=True)
class Position:
    """Where a phone said it was."""

    point: Point
    accuracy_m: float | None

    @property
    def accuracy(self) -> Accuracy:
        """Its class, kept when the position itself is gone."""
        if self.accuracy_m is None:
            return Accuracy.UNKNOWN
        return Accuracy.FINE if self.accuracy_m <= 50 else Accuracy.FAIR if self.accuracy_m <= 200 else Accuracy.COARSE


@dataclass(frozen=True, slots=True)
class Proof:
    """What a code is worth. `refusal` is None for a good one; `is_live` where it alone can be strong evidence."""

    form: CodeForm
    refusal: Reason | None = None
    is_live: bool = False
    version: int | None = None
    step: int | None = None
    digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One scan as it was sent.

    Attributes:
        code: the volunteer's code as scanned; None where a person is named instead (own scans, roll-calls).
        person_id: who, where no volunteer's code tells.
        proof: what was shown, where it is no volunteer's code.
        body: what makes it the same event again, in one text.
        once: an id that works once (a ticket's).
        sheet_id: the sheet of paper whose code was shown; `knows_word` says whether the word said with it was right
            (None where none was said), `asks_word` that who said none shall be asked for one before the scan is held.
        scan_id: the id under which it is stored if it is new.
        is_timed_here: the device told no time, so ours is the scan's.
    """

    direction: Direction
    mode: Mode
    scanned_at: dt.datetime
    sent_at: dt.datetime
    body: str
    client_id: uuid.UUID | None = None
    shift_id: uuid.UUID | None = None
    code: str | None = None
    person_id: uuid.UUID | None = None
    proof: Proof | None = None
    position: Position | None = None
    reason: str | None = None
    once: uuid.UUID | None = None
    scan_id: uuid.UUID = field(default_factory=new_id)
    is_timed_here: bool = False
    sheet_id: uuid.UUID | None = None
    knows_word: bool | None = None
    asks_word: bool = False


def canonical(**parts: object) -> str:
    """Return what makes an event the same event again, in one text."""
    return json.dumps({name: str(part) for name, part in sorted(parts.items()) if part is not None})


#: The keys of the settings that were read last, checked once.
_KEYS: list[Any] = [None, None]


def keys() -> CodeKeys:
    """Return the master keys of the codes; the highest version issues."""
    versions = settings().code_keys
    if _KEYS[0] is not versions:
        _KEYS[:] = [versions, CodeKeys(versions, max(versions))]
    found: CodeKeys = _KEYS[1]
    return found


def check_year(judged_at: dt.datetime, field: str) -> None:
    """Raise InvalidInput where a device's clocks put a scan where no calendar is."""
    if not FIRST_YEAR < judged_at.year < LAST_YEAR:
        raise no_such_time(field)


def no_such_time(field: str) -> InvalidInput:
    """Return the error for an instant that no calendar has."""
    return invalid(field, "invalid-instant", "扫码时间不在合理范围内,请检查设备时间。")


def prove(text: str, code: ReadCode | None, person: PersonFacts | None, at: dt.datetime) -> Proof:
    """Return what a scanned volunteer's code is worth at `at`; a forged one names nobody."""
    if code is None or person is None:
        return Proof(CodeForm.UNREADABLE, Reason.CODE_INVALID, digest=digest_of(text))
    if code.kind is CodeKind.CARD:
        verdict = codes.judge_card(keys(), code, str(person.card_serial))
        form = CodeForm.CARD
    else:
        verdict = codes.judge_personal(keys(), code, at, settings().zone)
        form = CodeForm.PERSONAL
    if verdict.status is CodeStatus.INVALID:
        return Proof(CodeForm.UNREADABLE, Reason.CODE_INVALID, digest=digest_of(text))
    refusal = Reason.CODE_EXPIRED if verdict.status is CodeStatus.EXPIRED else None
    return Proof(form, refusal, form is CodeForm.PERSONAL and refusal is None, code.version, verdict.step)


def prove_station(text: str, at: dt.datetime) -> tuple[Proof, ReadStationCode | None]:
    """Return what a scanned station code is worth, and what it names if it is or was a station's."""
    code = codes.read_station(text)
    verdict = codes.judge_station(keys(), code, at) if code else None
    if code is None or verdict is None or verdict.status is CodeStatus.INVALID:
        return Proof(CodeForm.UNREADABLE, Reason.CODE_INVALID, digest=digest_of(text)), None
    expired = verdict.status is CodeStatus.EXPIRED
    return Proof(CodeForm.STATION, Reason.CODE_EXPIRED if expired else None, not expired, None, verdict.step), code


def digest_of(text: str) -> bytes:
    """Return the keyed digest under which a text is kept that must not be kept itself."""
    raw = text.encode("utf-8", "surrogatepass").hex()
    return settings().keyring.blind_index(raw, "scan")
