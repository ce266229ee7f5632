"""Minutes that were served and proved elsewhere: shown apart with where they come from, no part of totals or stars.

Each record is written once, however often its list is brought in: by its number there, else by what it says.
Source: contract, Imports (past hours as external) and Hours; domain.md H9, F1, g3.
"""

import datetime as dt
import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import bulk
from volunteer.access import Actor
from volunteer.bulk import Rows, Tick, nobody_asks
from volunteer.hours import ledger
from volunteer.hours.models import ExternalRecord, LedgerLine, LineClass, LineKind
from volunteer.notifications import service as notifications
from volunteer.registration.merging import Merger, Moved, Turn
from volunteer.registration.service import lock_people

BATCH: Final = 500
OF_RECORD: Final = ("line_id", "person_id", "key", "site_day", "minutes", "title", "source")
MINUTES_A_DAY: Final = 24 * 60


@dataclass(frozen=True, slots=True)
class External:
    """One record of another system: whose, on which day, how long, what, where it stands, under which number."""

    person_id: uuid.UUID
    on: dt.date
    minutes: int
    title: str
    source: str
    reference: str | None

    @property
    def key(self) -> str:
        """What makes it the same record: where it stands and its number there; without one, all that it says."""
        told = (self.reference,) if self.reference else (self.on.isoformat(), self.title, str(self.minutes))
        return hashlib.sha256("\n".join((self.source, *told)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Known:
    """What is written already of the people on a list.

    Attributes:
        minutes: person and key -> minutes, of each record.
        days: person and day -> external minutes of that day.
    """

    minutes: dict[tuple[uuid.UUID, str], int]
    days: dict[tuple[uuid.UUID, dt.date], int]


def known_of(session: Session, person_ids: Iterable[uuid.UUID]) -> Known:
    """Return what is written already of these people."""
    ids, minutes, days = sorted(set(person_ids)), {}, defaultdict[tuple[uuid.UUID, dt.date], int](int)
    for start in range(0, len(ids), BATCH):
        query = sa.select(ExternalRecord).where(ExternalRecord.person_id.in_(ids[start : start + BATCH]))
        for row in session.scalars(query):
            minutes[row.person_id, row.key] = row.minutes
            days[row.person_id, row.site_day] += row.minutes
    return Known(minutes, dict(days))


def add_records(
    session: Session,
    actor: Actor,
    records: Sequence[External],
    import_id: uuid.UUID | None,
    now: dt.datetime,
    tick: Tick = nobody_asks,
) -> int:
    """Append records that are not written yet, in the transaction under way; tell each person. Return how many.

    People are locked in order of their ids, and what is known of them is read again under the locks. By SMS nobody is
    told: it is not urgent.
    """
    by_person: defaultdict[uuid.UUID, list[External]] = defaultdict(list)
    for record in records:
        by_person[record.person_id].append(record)
    people = sorted(by_person)
    kept = Rows(ExternalRecord, OF_RECORD, {"import_id": import_id, "added_by": actor.account_id, "added_at": now})
    mailing = notifications.Mailing(now)
    for start in range(0, len(people), BATCH):
        tick(start, len(people))
        batch = people[start : start + BATCH]
        _append(session, {person_id: by_person[person_id] for person_id in batch}, kept, mailing, now)
    bulk.write(session, [kept, mailing.rows], nobody_asks)
    return len(kept)


def _append(
    session: Session,
    by_person: Mapping[uuid.UUID, Sequence[External]],
    kept: Rows,
    mailing: notifications.Mailing,
    now: dt.datetime,
) -> None:
    """Append the lines that are new to these people's chains; gather where each comes from, and what they are told."""
    lock_people(session, by_person)
    known = known_of(session, by_person)
    new = {
        person_id: list({one.key: one for one in theirs if (person_id, one.key) not in known.minutes}.values())
        for person_id, theirs in by_person.items()
    }
    chains = ledger.lock_chains(session, [person_id for person_id, theirs in new.items() if theirs])
    rows = []
    for person_id, chain in chains.items():
        theirs = new[person_id]
        for record in theirs:
            rows.append(chain.link(_line(LineKind.EXTERNAL, record.minutes, record.on), now))
            said = (record.person_id, record.key, record.on, record.minutes, record.title, record.source)
            kept.add(dict(zip(OF_RECORD, (rows[-1]["id"], *said), strict=True)))
        words = f"管理员录入了您在{theirs[0].source}等处的 {len(theirs)} 条服务记录,单独列出,不计入本系统时长。"
        mailing.add(person_id, "external-hours", words + "如与事实不符,请联系所在单位或服务站更正。", None, {})
    ledger.write(session, chains.values(), rows)


def _line(kind: LineKind, minutes: int, on: dt.date, reverses: uuid.UUID | None = None) -> ledger.NewLine:
    """Return a line of another system's minutes."""
    return ledger.NewLine(
        kind=kind,
        class_=LineClass.EXTERNAL,
        minutes=minutes,
        shift_id=None,
        site_day=on,
        policy_version=0,
        reverses=reverses,
    )


def sources_of(session: Session, line_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, tuple[str | None, str | None]]:
    """Return title and source of external lines."""
    query = sa.select(ExternalRecord).where(ExternalRecord.line_id.in_(set(line_ids)))
    return {row.line_id: (row.title, row.source) for row in session.scalars(query)}


def merge(session: Session, from_id: uuid.UUID, into_id: uuid.UUID, now: dt.datetime) -> Moved:
    """Let the survivor have what the other record had, bound to the lines that the ledger has carried over."""
    taken = set(session.scalars(sa.select(ExternalRecord.line_id).where(ExternalRecord.person_id == into_id)))
    known = known_of(session, [into_id])
    lines = sa.select(LedgerLine).where(LedgerLine.person_id == into_id, LedgerLine.kind == LineKind.EXTERNAL.value)
    free = [line for line in session.scalars(lines.order_by(LedgerLine.sequence)) if line.id not in taken]
    moved = ended = 0
    for row in list(session.scalars(sa.select(ExternalRecord).where(ExternalRecord.person_id == from_id))):
        line = next((one for one in free if (one.site_day, one.minutes) == (row.site_day, row.minutes)), None)
        if line is not None:
            free.remove(line)
        if (into_id, row.key) in known.minutes:
            session.delete(row)
            if line is not None:
                _take_back(session, line, now)
            ended += 1
            continue
        row.person_id, row.line_id = into_id, line.id if line else row.line_id
        moved += 1
    session.flush()
    return Moved(moved, ended)


def _take_back(session: Session, line: LedgerLine, now: dt.datetime) -> None:
    """Reverse a line that says what another one of the same person says already."""
    new = _line(LineKind.REVERSAL, -line.minutes, line.site_day, line.id)
    ledger.append(session, line.person_id, new, now)


#: After the ledger, which carries the lines over.
MERGER: Final = Merger("其他系统的服务记录", merge, turn=Turn.HOURS)
