"""Setting and ending pairings, leaders and zones: by an admin, each from a day on, nothing of the past is lost.

Source: domain.md A4, A23, A31; decisions 5 (what is dated does not move when the present is reorganised).
"""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from volunteer import audit
from volunteer.access import Actor
from volunteer.areas import service as areas
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import lock_name, new_id, reading, transaction
from volunteer.errors import Conflict, Fault, InvalidInput, NotFound
from volunteer.pairings.models import Official, Pairing, Zone, ZoneArea
from volunteer.pairings.rules import PairingKind
from volunteer.units import service as units

LOCK = "pairings"


@dataclass(frozen=True, slots=True)
class Target:
    """What is answered for: an area or a zone."""

    area_id: uuid.UUID | None = None
    zone_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Parties:
    """Who answers: leaders, units or both."""

    official_ids: Sequence[uuid.UUID] = ()
    unit_ids: Sequence[uuid.UUID] = ()


def today(now: dt.datetime) -> dt.date:
    """Return the day of the site."""
    return site_day(now, settings().zone)


def in_force(
    from_on: InstrumentedAttribute[dt.date], until_on: InstrumentedAttribute[dt.date | None], day: dt.date
) -> sa.ColumnElement[bool]:
    """Return the condition that `day` lies in the half-open days of a row."""
    return sa.and_(from_on <= day, sa.or_(until_on.is_(None), until_on > day))


def add_official(actor: Actor, name: str, office: str, now: dt.datetime) -> Official:
    """Add a leader; the same name in the same office is the same leader."""
    actor.require_admin()
    with transaction() as session:
        lock_name(session, LOCK)
        same = sa.select(Official).where(Official.name == name, Official.office == office, Official.left_on.is_(None))
        known = session.scalars(same).first()
        if known is not None:
            return known
        official = Official(id=new_id(), name=name, office=office, created_at=now)
        session.add(official)
        audit.record(session, actor, now, "official.add", ("official", official.id))
        session.flush()
        return official


def leave_office(actor: Actor, official_id: uuid.UUID, on: dt.date | None, reason: str, now: dt.datetime) -> Official:
    """Let a leader leave office from a day on; their pairings end that day, so that the gaps show.

    Raises:
        NotFound: no such leader. InvalidInput: `in-future`, `before-from` on `on`.
    """
    actor.require_admin()
    day = on or today(now)
    with transaction() as session:
        lock_name(session, LOCK)
        official = session.get(Official, official_id)
        if official is None:
            raise NotFound
        if official.left_on is not None:
            return official
        open_ones = sa.select(Pairing).where(Pairing.official_id == official_id, Pairing.until_on.is_(None))
        for row in list(session.scalars(open_ones)):
            _end(actor, row, day, reason, now)
        _check_day("on", day, now)
        official.left_on = day
        audit.record(session, actor, now, "official.leave", ("official", official_id), reason, on=str(day))
        session.flush()
        return official


def add_zone(
    actor: Actor, code: str, name: str, area_ids: Collection[uuid.UUID], on: dt.date | None, now: dt.datetime
) -> Zone:
    """Add a zone with its areas from a day on.

    Raises:
        Conflict: the code is taken. InvalidInput: `unknown` on `area_ids`, `in-future` on `on`.
    """
    actor.require_admin()
    with transaction() as session:
        lock_name(session, LOCK)
        if session.scalar(sa.select(Zone.id).where(Zone.code == code)) is not None:
            raise Conflict("这个片区编号已被使用,请换一个。", field="code")
        zone = Zone(id=new_id(), code=code, name=name, created_at=now)
        session.add(zone)
        session.flush()
        _set_areas(session, zone.id, area_ids, on or today(now), now)
        audit.record(session, actor, now, "zone.add", ("zone", zone.id))
        return zone


def set_zone_areas(
    actor: Actor, zone_id: uuid.UUID, area_ids: Collection[uuid.UUID], on: dt.date | None, now: dt.datetime
) -> Zone:
    """Let a zone consist of these areas from a day on; what it was before stays told.

    Raises:
        NotFound: no such zone. InvalidInput: as `add_zone`, `before-from` on `on`.
    """
    actor.require_admin()
    with transaction() as session:
        lock_name(session, LOCK)
        zone = session.get(Zone, zone_id)
        if zone is None:
            raise NotFound
        if _set_areas(session, zone_id, area_ids, on or today(now), now):
            audit.record(session, actor, now, "zone.change", ("zone", zone_id), on=str(on or today(now)))
        return zone


def _set_areas(
    session: Session, zone_id: uuid.UUID, area_ids: Collection[uuid.UUID], day: dt.date, now: dt.datetime
) -> bool:
    """End what is left out, add what is new; return whether anything changed."""
    wanted = set(area_ids)
    if wanted - set(areas.areas_of(wanted)):
        raise InvalidInput([Fault("area_ids", "unknown", "有的区域没有找到,请重新选择。")])
    _check_day("on", day, now)
    rows = session.scalars(sa.select(ZoneArea).where(ZoneArea.zone_id == zone_id, ZoneArea.until_on.is_(None)))
    current = {row.area_id: row for row in rows}
    for area_id in current.keys() - wanted:
        if current[area_id].from_on > day:
            raise InvalidInput([_before(current[area_id].from_on)])
        current[area_id].until_on = day
    fresh = wanted - current.keys()
    session.add_all(ZoneArea(id=new_id(), zone_id=zone_id, area_id=area_id, from_on=day) for area_id in sorted(fresh))
    session.flush()
    return bool(fresh or current.keys() - wanted)


def pair(
    actor: Actor, kind: PairingKind, target: Target, parties: Parties, on: dt.date | None, now: dt.datetime
) -> list[Pairing]:
    """Let leaders and units answer for an area or a zone from a day on; return all of them, also who did already.

    Raises:
        InvalidInput: `one-target` on `area_id`, `required` on `official_ids`, `unknown`, `left`, `closed`, `in-future`.
    """
    actor.require_admin()
    day = on or today(now)
    with transaction() as session:
        lock_name(session, LOCK)
        faults = _faults(session, target, parties)
        if faults:
            raise InvalidInput(faults)
        _check_day("from", day, now)
        here = Pairing.area_id == target.area_id if target.area_id else Pairing.zone_id == target.zone_id
        rows = session.scalars(sa.select(Pairing).where(here, Pairing.kind == kind, Pairing.until_on.is_(None)))
        known = {row.official_id or row.unit_id: row for row in rows}
        found = []
        for party_id in dict.fromkeys((*parties.official_ids, *parties.unit_ids)):
            row = known.get(party_id)
            if row is None:
                is_unit = party_id in parties.unit_ids
                row = Pairing(
                    id=new_id(),
                    kind=kind,
                    area_id=target.area_id,
                    zone_id=target.zone_id,
                    official_id=None if is_unit else party_id,
                    unit_id=party_id if is_unit else None,
                    from_on=day,
                    set_by=actor.account_id,
                    set_at=now,
                )
                session.add(row)
                audit.record(session, actor, now, "pairing.set", ("pairing", row.id), on=str(day))
            found.append(row)
        session.flush()
        return found


def end(actor: Actor, pairing_id: uuid.UUID, on: dt.date | None, reason: str, now: dt.datetime) -> Pairing:
    """End a pairing from a day on.

    Raises:
        NotFound: no such pairing. InvalidInput: `in-future`, `before-from` on `on`.
    """
    actor.require_admin()
    with transaction() as session:
        lock_name(session, LOCK)
        row = session.get(Pairing, pairing_id)
        if row is None:
            raise NotFound
        if row.until_on is None:
            _end(actor, row, on or today(now), reason, now)
            audit.record(session, actor, now, "pairing.end", ("pairing", row.id), reason, on=str(row.until_on))
            session.flush()
        return row


def _end(actor: Actor, row: Pairing, day: dt.date, reason: str, now: dt.datetime) -> None:
    """Write the end of a pairing down."""
    _check_day("on", day, now)
    if day < row.from_on:
        raise InvalidInput([_before(row.from_on)])
    row.until_on, row.ended_by, row.ended_at, row.end_reason = day, actor.account_id, now, reason


def _before(from_on: dt.date) -> Fault:
    """Return the fault of an end that lies before the beginning."""
    return Fault("on", "before-from", f"它从 {from_on} 起才有,请填写这一天或之后的日期。")


def _check_day(field: str, day: dt.date, now: dt.datetime) -> None:
    """Raise InvalidInput for a day that lies ahead."""
    if day > today(now):
        raise InvalidInput([Fault(field, "in-future", "日期不能晚于今天,请填写今天或以前的日期。")])


def _faults(session: Session, target: Target, parties: Parties) -> list[Fault]:
    """Return what is wrong with a new pairing."""
    faults = []
    if (target.area_id is None) == (target.zone_id is None):
        faults.append(Fault("area_id", "one-target", "请选择一个区域,或一个片区。"))
    elif target.area_id and not areas.area_exists(target.area_id):
        faults.append(Fault("area_id", "unknown", "没有找到这个区域,请重新选择。"))
    elif target.zone_id and session.get(Zone, target.zone_id) is None:
        faults.append(Fault("zone_id", "unknown", "没有找到这个片区,请重新选择。"))
    if not parties.official_ids and not parties.unit_ids:
        faults.append(Fault("official_ids", "required", "请选择领导或单位,至少一个。"))
    chosen = session.scalars(sa.select(Official).where(Official.id.in_(parties.official_ids))).all()
    if len({one.id for one in chosen}) < len(set(parties.official_ids)):
        faults.append(Fault("official_ids", "unknown", "没有找到这位领导,请重新选择。"))
    if any(one.left_on for one in chosen):
        faults.append(Fault("official_ids", "left", "这位领导已离任,请选择现任领导。"))
    if len(units.unit_briefs(parties.unit_ids)) < len(set(parties.unit_ids)):
        faults.append(Fault("unit_ids", "unknown", "没有找到这个单位,请重新选择。"))
    if any(units.is_closed(unit_id) for unit_id in parties.unit_ids):
        faults.append(Fault("unit_ids", "closed", "这个单位已经撤销,请选择接收它的单位。"))
    return faults


def find_officials(text: str, limit: int) -> list[Official]:
    """Return up to `limit` leaders in office in whose name or office a text stands."""
    fits = sa.or_(*(field.contains(text, autoescape=True) for field in (Official.name, Official.office)))
    query = sa.select(Official).where(fits, Official.left_on.is_(None)).order_by(Official.name, Official.office)
    return list(reading().scalars(query.limit(limit)))
