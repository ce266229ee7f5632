"""Who belongs to which unit, by date, in the transaction under way. Callers have locked the person.

Days are half-open. A person `counts` in one unit at a time and may `report_in` at others beside it. Who may transfer
whom, and how far ahead or back, is for the callers. Source: decisions 4, 5; contract, `POST /volunteers/{id}/transfer`.
"""

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.bulk import Rows
from volunteer.database import new_id
from volunteer.errors import Conflict, invalid
from volunteer.prepared import Later, Query
from volunteer.units import queries
from volunteer.units.models import COUNTS, REPORT_IN, Membership, Unit

memberships_as_of = queries.memberships_as_of
_AS_OF = Query(
    lambda among: queries.memberships_as_of(sa.bindparam("day", type_=sa.Date())).where(
        among(Membership.__table__.c.person_id, "people")
    )
)


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of the memberships of a merged record.

    Attributes:
        joined: the survivor's new ones, `ended` the record's that ran until today or would have begun later.
        kept: the record's that tell its past days.
        is_split: both counted, in different units.
    """

    joined: int
    ended: int
    kept: int
    is_split: bool


def join(
    session: Session, person_id: uuid.UUID, unit_id: uuid.UUID, on: dt.date, now: dt.datetime, kind: str = COUNTS
) -> None:
    """Make a person a member from `on` on; joining the same unit again changes nothing.

    Raises:
        InvalidInput: `unknown` or `closed` on `unit_id`, `before-unit` on `on`.
        Conflict: `already-member`: the person counts in another unit then or later; that takes a transfer.
    """
    check_unit(session, unit_id, on)
    theirs = [Membership.person_id == person_id, Membership.kind == kind]
    theirs.append(sa.or_(Membership.until_on.is_(None), Membership.until_on > on))
    if kind != COUNTS:
        theirs.append(Membership.unit_id == unit_id)
    known = session.scalars(sa.select(Membership).where(*theirs)).all()
    if any(row.unit_id == unit_id and row.from_on <= on and row.until_on is None for row in known):
        return
    if known:
        raise Conflict("这位志愿者已属于一个单位,请办理转移。", code="already-member")
    _add(session, person_id, unit_id, kind, on, now)


class Joining:
    """People who have never been members, to count in units from one day on: gathered first, then written at once."""

    def __init__(self, on: dt.date, now: dt.datetime) -> None:
        self._on = on
        self._unit_ids: set[uuid.UUID] = set()
        same = {"kind": COUNTS, "from_on": on, "recorded_at": now}
        self.rows = Rows(Membership, ("id", "person_id", "unit_id"), same)

    def add(self, person_id: uuid.UUID, unit_id: uuid.UUID) -> None:
        """Let a new person count in a unit."""
        self.rows.add({"id": new_id(), "person_id": person_id, "unit_id": unit_id})
        self._unit_ids.add(unit_id)

    def check(self, session: Session) -> None:
        """Look at each unit once, in the transaction that writes the rows.

        Raises:
            InvalidInput: as `join`.
        """
        for unit_id in sorted(self._unit_ids):
            check_unit(session, unit_id, self._on)


def transfer(
    session: Session, person_id: uuid.UUID, unit_id: uuid.UUID | None, on: dt.date, now: dt.datetime | None = None
) -> None:
    """Let a person count in `unit_id` (None: in no unit) from `on` on; what was recorded for later days is replaced.

    A membership that began on `on` itself is replaced too, as if it had never been.

    Raises:
        InvalidInput: `unknown` or `closed` on `unit_id`, `before-unit` on `on`.
    """
    if unit_id is not None:
        check_unit(session, unit_id, on)
    theirs = (Membership.person_id == person_id, queries.IS_COUNTED)
    session.flush()
    session.execute(sa.delete(Membership).where(*theirs, Membership.from_on >= on))
    covering = session.scalars(sa.select(Membership).where(*theirs, queries.in_force(*_days(), on))).first()
    if covering is not None:
        covering.until_on = None if covering.unit_id == unit_id else on
        session.flush()
    if unit_id is not None and (covering is None or covering.unit_id != unit_id):
        _add(session, person_id, unit_id, COUNTS, on, now)


def merge(session: Session, from_id: uuid.UUID, into_id: uuid.UUID, on: dt.date, now: dt.datetime) -> Merged:
    """End all memberships of a merged record on `on`, and let the survivor have what they lack; past days stay.

    The survivor's own unit holds where both count. A unit that is closed by now is not joined anew.
    """
    of_record = list(session.scalars(sa.select(Membership).where(Membership.person_id == from_id)))
    current = [row for row in of_record if row.until_on is None or row.until_on > on]
    ours = session.scalars(
        sa.select(Membership).where(
            Membership.person_id == into_id, sa.or_(Membership.until_on.is_(None), Membership.until_on > on)
        )
    ).all()
    counted = {row.unit_id for row in ours if row.kind == COUNTS}
    is_split = bool(counted) and any(row.kind == COUNTS and row.unit_id not in counted for row in current)
    here = {(row.unit_id, row.kind) for row in ours}
    meant = [
        row
        for row in sorted(current, key=lambda one: (one.from_on, one.id))
        if row.until_on is None and (row.unit_id, row.kind) not in here and not (row.kind == COUNTS and counted)
    ]
    wanted = [(row.unit_id, row.kind) for row in meant if session.get_one(Unit, row.unit_id).closed_on is None]
    for row in current:
        if row.from_on >= on:
            session.delete(row)
        else:
            row.until_on = on
    session.flush()
    for unit_id, kind in wanted:
        _add(session, into_id, unit_id, kind, on, now)
    return Merged(len(wanted), len(current), sum(row.from_on < on for row in of_record), is_split)


def unit_of(session: Session, person_id: uuid.UUID, on: dt.date) -> uuid.UUID | None:
    """Return the unit in which the person counts on a day."""
    return units_of(session, (person_id,), on).get(person_id)


def units_of(session: Session, person_ids: Collection[uuid.UUID], on: dt.date) -> dict[uuid.UUID, uuid.UUID]:
    """Return person id -> the unit in which they count on a day; who counts in none is left out."""
    return finding_units(session, person_ids, on)() if person_ids else {}


def finding_units(
    session: Session, person_ids: Collection[uuid.UUID], on: dt.date
) -> Later[dict[uuid.UUID, uuid.UUID]]:
    """Ask what `units_of` returns, together with what else is asked; return what gives it."""
    asked = _AS_OF.later(session, people=list(set(person_ids)), day=on)
    return lambda: {row.person_id: row.unit_id for row in asked()}


def history_of(session: Session, person_id: uuid.UUID) -> list[dict[str, object]]:
    """Return every membership of a person from the first on: `unit`, `kind`, `from_on`, `until_on`."""
    query = (
        sa.select(Unit.name.label("unit"), Membership.kind, Membership.from_on, Membership.until_on)
        .join(Membership, Membership.unit_id == Unit.id)
        .where(Membership.person_id == person_id)
        .order_by(Membership.from_on, Membership.id)
    )
    return [dict(row) for row in session.execute(query).mappings()]


def persons_in_units(unit_ids: Collection[uuid.UUID], on: dt.date) -> sa.Select[uuid.UUID]:
    """Return a select of the ids of the persons who count in one of these units on a day."""
    query = sa.select(Membership.person_id).where(queries.IS_COUNTED, Membership.unit_id.in_(unit_ids))
    return query.where(queries.in_force(*_days(), on))


def count_sent_away(session: Session, unit_ids: Collection[uuid.UUID], since: dt.date, on: dt.date) -> int:
    """Return how many counted in one of these units until a day from `since` to `on`, and count in no unit on `on`."""
    here = sa.select(Membership.person_id).where(
        queries.IS_COUNTED, Membership.unit_id.in_(unit_ids), Membership.until_on.between(since, on)
    )
    somewhere = sa.select(queries.memberships_as_of(on).subquery().c.person_id)
    people = here.where(Membership.person_id.not_in(somewhere)).distinct().subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(people)) or 0


def _days() -> tuple[sa.orm.InstrumentedAttribute[dt.date], sa.orm.InstrumentedAttribute[dt.date | None]]:
    """Return the two columns of a membership's days."""
    return Membership.from_on, Membership.until_on


def check_unit(session: Session, unit_id: uuid.UUID, on: dt.date) -> None:
    """Raise InvalidInput unless the unit exists on that day and is not closed; until commit nobody closes it."""
    # Until commit nobody closes the unit: closing locks its row FOR UPDATE.
    unit = session.get(Unit, unit_id, with_for_update={"read": True, "key_share": True})
    if unit is None:
        raise invalid("unit_id", "unknown", "没有找到这个单位,请重新选择。")
    if unit.closed_on is not None:
        raise invalid("unit_id", "closed", "这个单位已撤销,请选择别的单位。")
    if on < unit.created_on:
        raise invalid("on", "before-unit", f"这个单位从 {unit.created_on} 起才有,请填写这一天或更晚的日期。")


def report_in(session: Session, person_id: uuid.UUID, unit_id: uuid.UUID, on: dt.date, now: dt.datetime) -> None:
    """Let a person report in at a unit from a day on, beside where they count. Raises what `join` raises."""
    join(session, person_id, unit_id, on, now, REPORT_IN)


def reports_in_at(session: Session, person_id: uuid.UUID, on: dt.date) -> uuid.UUID | None:
    """Return where a person reports in on a day or later, beside where they count."""
    mine = (Membership.person_id == person_id, Membership.kind == REPORT_IN)
    later = sa.or_(Membership.until_on.is_(None), Membership.until_on > on)
    return session.scalar(sa.select(Membership.unit_id).where(*mine, later).order_by(Membership.from_on).limit(1))


def end_report_in(session: Session, person_id: uuid.UUID, on: dt.date) -> int:
    """Let a person report in nowhere from a day on; return how many spans that ended or took away."""
    mine = (Membership.person_id == person_id, Membership.kind == REPORT_IN)
    later = sa.or_(Membership.until_on.is_(None), Membership.until_on > on)
    found = list(session.scalars(sa.select(Membership).where(*mine, later)))
    for row in found:
        if row.from_on < on:
            row.until_on = on
        else:
            session.delete(row)
    session.flush()
    return len(found)


def _add(
    session: Session, person_id: uuid.UUID, unit_id: uuid.UUID, kind: str, on: dt.date, now: dt.datetime | None
) -> None:
    """Insert an open membership."""
    row = Membership(id=new_id(), person_id=person_id, unit_id=unit_id, kind=kind, from_on=on, recorded_at=now)
    session.add(row)
    session.flush()
