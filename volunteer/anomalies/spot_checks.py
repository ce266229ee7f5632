"""Spot checks (抽查): drawn by lot, gone through with four questions, published as figures.

A record is one attendance. Whoever has a part in it (`spot_parties`) does not check it; an admin draws, admins check,
and what is published holds no person. Source: Order 67 Art. 21, 22.
"""

import datetime as dt
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.activities import service as activities
from volunteer.anomalies import evidence, queries, spot_parties, spot_rules
from volunteer.anomalies.spot_models import SpotCheck, SpotCheckItem
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import new_id, reading, transaction
from volunteer.errors import Fault, Forbidden, IllegalTransition, InvalidInput, NotFound, invalid
from volunteer.registration import service as registration
from volunteer.stations import service as stations


@dataclass(frozen=True, slots=True)
class Scope:
    """What is drawn from: the attendances of these days, at a station and below it or everywhere."""

    from_on: dt.date
    to_on: dt.date
    station_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class ItemView:
    """One drawn record in words, its person masked; `why_not`: why the reader may not check it."""

    id: uuid.UUID
    position: int
    attendance_id: uuid.UUID
    person_id: uuid.UUID
    person: str
    activity: str
    station: str
    on: dt.date
    minutes: int
    answers: Mapping[str, str] | None
    note: str | None
    checked_at: dt.datetime | None
    why_not: str


def draw(actor: Actor, title: str, scope: Scope, size: int, now: dt.datetime) -> SpotCheck:
    """Draw so many records by lot, with a fresh seed that is recorded.

    Raises:
        Forbidden: no admin.
        InvalidInput: `to-before-from`, `in-future` on `to`, `unknown` on `station_id`, `nothing-to-draw` on `size`.
    """
    actor.require_admin()
    faults = _faults(scope, now)
    if faults:
        raise InvalidInput(faults)
    with transaction() as session:
        below = stations.station_ids_below(scope.station_id) if scope.station_id else None
        ids = queries.attendances_between(session, scope.from_on, scope.to_on, below)
        if not ids:
            raise invalid("size", "nothing-to-draw", "这段时间没有服务记录可抽,请换一个时间或范围。")
        seed = secrets.token_bytes(16)
        check = SpotCheck(
            id=new_id(),
            title=title,
            from_on=scope.from_on,
            to_on=scope.to_on,
            station_id=scope.station_id,
            seed=seed.hex(),
            population=len(ids),
            digest=spot_rules.population_digest(ids),
            drawn_from=spot_rules.population_bytes(ids),
            drawn_by=actor.account_id,
            drawn_at=now,
        )
        session.add(check)
        session.flush()
        for position, attendance_id in enumerate(spot_rules.draw(ids, seed, size), 1):
            session.add(SpotCheckItem(id=new_id(), check_id=check.id, position=position, attendance_id=attendance_id))
        audit.record(session, actor, now, "spot-check.draw", ("spot-check", check.id), count=min(size, len(ids)))
        session.flush()
        return check


def _faults(scope: Scope, now: dt.datetime) -> list[Fault]:
    """Return what is wrong with what should be drawn from."""
    found = []
    if scope.to_on < scope.from_on:
        found.append(Fault("to", "to-before-from", "结束日期不能早于开始日期。"))
    if scope.to_on > site_day(now, settings().zone):
        found.append(Fault("to", "in-future", "只能抽查已经过去的日期。"))
    if scope.station_id and not stations.station_exists(scope.station_id):
        found.append(Fault("station_id", "unknown", "没有找到这个站点,请重新选择。"))
    return found


def answer(
    actor: Actor, item_id: uuid.UUID, answers: Mapping[str, str], note: str | None, now: dt.datetime
) -> SpotCheckItem:
    """Write down what was found about one record; it may be mended until the check is published.

    Raises:
        NotFound: no such record. Forbidden: `second-person-required`. IllegalTransition: it is published.
        InvalidInput: `required` on `note` where an answer is not yes.
    """
    actor.require_admin()
    with transaction() as session:
        item = session.get(SpotCheckItem, item_id)
        if item is None:
            raise NotFound
        check = session.get_one(SpotCheck, item.check_id, with_for_update=True, populate_existing=True)
        session.refresh(item, with_for_update=True)
        if check.published_at is not None:
            raise IllegalTransition("抽查结果已公布,不能再修改。")
        rows = list(queries.attendances(session, [item.attendance_id]).values())
        part = spot_parties.parts_of(session, actor, rows).get(item.attendance_id)
        if part:
            raise Forbidden(part.message, code="second-person-required")
        if any(value != spot_rules.Answer.YES for value in answers.values()) and not note:
            raise invalid("note", "required", "有“否”或“不清楚”时,请写明情况。")
        item.answers, item.note = {name: answers[name] for name in spot_rules.QUESTIONS}, note
        item.checked_by, item.checked_at = actor.account, now
        audit.record(session, actor, now, "spot-check.answer", ("spot-check", item.check_id))
        session.flush()
        return item


def publish(actor: Actor, check_id: uuid.UUID, conclusion: str, now: dt.datetime) -> SpotCheck:
    """Publish the figures of a check with a conclusion; afterwards nothing of it changes.

    Raises:
        NotFound: no such check. IllegalTransition: records are still to be checked, or another conclusion stands.
    """
    actor.require_admin()
    with transaction() as session:
        check = session.get(SpotCheck, check_id, with_for_update=True, populate_existing=True)
        if check is None:
            raise NotFound
        if check.published_at is not None:
            if check.conclusion != conclusion:
                raise IllegalTransition("抽查结果已公布,不能再修改。")
            return check
        left = sa.select(sa.func.count()).select_from(SpotCheckItem)
        if session.scalar(left.where(SpotCheckItem.check_id == check_id, SpotCheckItem.answers.is_(None))):
            raise IllegalTransition("还有记录没有核查,请核查完再公布。")
        check.published_at, check.published_by, check.conclusion = now, actor.account, conclusion
        audit.record(session, actor, now, "spot-check.publish", ("spot-check", check_id))
        session.flush()
        return check


def list_checks(limit: int, before: uuid.UUID | None, *, published_only: bool) -> list[dict[str, Any]]:
    """Return up to `limit` checks, the newest first, with their figures."""
    query = sa.select(SpotCheck).order_by(SpotCheck.id.desc()).limit(limit)
    if published_only:
        query = query.where(SpotCheck.published_at.is_not(None))
    if before:
        query = query.where(SpotCheck.id < before)
    return _views(reading().scalars(query).all())


def list_drawn(limit: int) -> list[dict[str, Any]]:
    """Return the last draws whose result is not published, for everybody: what was drawn from, and when, but not what.

    So a draw cannot be thrown away unseen, and repeated until its sample pleases.
    """
    query = sa.select(SpotCheck).where(SpotCheck.published_at.is_(None)).order_by(SpotCheck.id.desc()).limit(limit)
    told = ("title", "from_on", "to_on", "station_name", "population", "drawn_at", "digest")
    return [
        {name: one[name] for name in told} | {"size": len(one["drawn"]), "checked": one["summary"]["checked"]}
        for one in _views(reading().scalars(query).all())
    ]


def scans_of(actor: Actor, item: ItemView) -> list[evidence.ScanLine]:
    """Return the scans of a drawn record, as they stand now, for whoever looks into it."""
    row = queries.attendances(reading(), [item.attendance_id])[item.attendance_id]
    return evidence.scans_of(actor, spot_parties.scans_of(row))


def get_check(actor: Actor, check_id: uuid.UUID) -> dict[str, Any]:
    """Return a check with its figures: a published one to everybody, else to admins and auditors.

    Raises:
        NotFound: no such check for the caller.
    """
    row = reading().get(SpotCheck, check_id)
    if row is None or (row.published_at is None and not actor.has_everywhere(Permission.AUDIT)):
        raise NotFound
    return _views([row])[0]


def get_population(actor: Actor, check_id: uuid.UUID) -> list[uuid.UUID]:
    """Return the ids of what was drawn from, in order: with the seed anybody can draw again.

    Raises:
        NotFound: no such check for the caller, as `get_check`; or one from before populations were kept.
    """
    get_check(actor, check_id)
    kept = reading().scalar(sa.select(SpotCheck.drawn_from).where(SpotCheck.id == check_id))
    if kept is None:
        raise NotFound
    return spot_rules.ids_of(kept)


def _views(rows: Sequence[SpotCheck]) -> list[dict[str, Any]]:
    """Return checks with what was found, and the ids that were drawn: with seed and digest anybody can draw again."""
    session, ids = reading(), [row.id for row in rows]
    items = dict[uuid.UUID, list[SpotCheckItem]]()
    query = sa.select(SpotCheckItem).where(SpotCheckItem.check_id.in_(ids)).order_by(SpotCheckItem.position)
    for item in session.scalars(query):
        items.setdefault(item.check_id, []).append(item)
    kept = set(session.scalars(sa.select(SpotCheck.id).where(SpotCheck.id.in_(ids), SpotCheck.drawn_from.is_not(None))))
    places = stations.station_briefs(row.station_id for row in rows if row.station_id)
    names = ("id", "title", "from_on", "to_on", "station_id", "seed", "population", "digest", "drawn_at")
    return [
        {name: getattr(row, name) for name in (*names, "published_at", "conclusion")}
        | {
            "drawn": [item.attendance_id for item in items.get(row.id, ())],
            "station_name": places[row.station_id].name if row.station_id else None,
            "has_population": row.id in kept,
            "summary": spot_rules.summary([one.answers for one in items.get(row.id, ()) if one.answers is not None]),
        }
        for row in rows
    ]


def list_items(actor: Actor, check_id: uuid.UUID) -> list[ItemView]:
    """Return the drawn records in the order of the draw, people masked, for admins and auditors.

    Raises:
        Forbidden: anybody else.
    """
    if not actor.has_everywhere(Permission.AUDIT):
        raise Forbidden
    session = reading()
    query = sa.select(SpotCheckItem).where(SpotCheckItem.check_id == check_id).order_by(SpotCheckItem.position)
    items = list(session.scalars(query))
    rows = queries.attendances(session, (item.attendance_id for item in items))
    parts = spot_parties.parts_of(session, actor, list(rows.values())) if actor.is_admin else {}
    people = registration.display_names(session, {row.person_id for row in rows.values()})
    shifts = activities.shifts_of(session, {row.shift_id for row in rows.values()})
    found = []
    for item in items:
        row = rows[item.attendance_id]
        shift = shifts[row.shift_id]
        found.append(
            ItemView(
                id=item.id,
                position=item.position,
                attendance_id=row.id,
                person_id=row.person_id,
                person=people.get(row.person_id, ""),
                activity=shift.activity_title,
                station=shift.station_name,
                on=row.site_day,
                minutes=row.minutes,
                answers=item.answers,
                note=item.note,
                checked_at=item.checked_at,
                why_not=parts[row.id].message if row.id in parts else "" if actor.is_admin else "由管理员核查。",
            )
        )
    return found
