"""Lists of people around a rate: who of a unit does not count yet, and people as a sheet, masked.

Source: ux.md U2, U3, §9 (export log entry, masked by default); decisions 9.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from volunteer import audit
from volunteer.access import Actor
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import reading, transaction
from volunteer.exports import service as exports
from volunteer.exports.rules import ExportKind, Format, Stamp
from volunteer.registration import people
from volunteer.registration.people import PersonView
from volunteer.registration.rules import UNCOUNTED, PersonStatus
from volunteer.reports.service import Line, RatesQuery, registration_rates
from volunteer.reports.sheets import Cell, Column, to_xlsx
from volunteer.units import memberships
from volunteer.units import queries as unit_queries
from volunteer.units import service as units

BATCH, MOST_EXPORTED = 200, 20_000
COLUMNS = (
    Column("志愿者编号", width=14),
    Column("姓名", width=12),
    Column("单位", width=28),
    Column("手机号", width=16),
    Column("状态", width=10),
    Column("注册日期", width=12),
)


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a unit's rate is not higher.

    Attributes:
        line: the unit's figures of today.
        people: up to a page and one more of those who are known and do not count, the newest first.
        sent_away: how many were sent away from the unit this year and belong to none now.
    """

    line: Line
    people: list[PersonView]
    sent_away: int


def missing(actor: Actor, unit_id: uuid.UUID, limit: int, before: uuid.UUID | None, now: dt.datetime) -> Missing:
    """Return who of a unit and all below it does not count today.

    Raises:
        NotFound: outside the scope.
    """
    line = registration_rates(actor, RatesQuery(root=unit_id, depth=0), now).rows[0]
    found = people.list_people(actor, unit_id, None, UNCOUNTED, limit, before, now)
    day = site_day(now, settings().zone)
    below = reading().scalars(unit_queries.ids_in_scope((unit_id,), (), day)).all()
    sent_away = memberships.count_sent_away(reading(), below, day.replace(month=1, day=1), day)
    return Missing(line, found, sent_away)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which people to export: of a unit and all below it, or of the whole scope; of these statuses, or of any."""

    unit_id: uuid.UUID | None = None
    q: str | None = None
    statuses: Collection[str] = ()


def export(
    actor: Actor, choice: Choice, title: str, now: dt.datetime, kind: ExportKind = ExportKind.PEOPLE
) -> tuple[bytes, Stamp]:
    """Return the people of a choice as a workbook under a title, masked, and its mark; it is on record who was in it.

    At most `MOST_EXPORTED`, the newest first; a note says so where there are more.

    Raises:
        NotFound: a unit outside the scope.
    """
    found = list(_all(actor, choice, now))
    names = units.unit_briefs({person.unit_id for person in found if person.unit_id})
    local = now.astimezone(settings().zone)
    ids = [person.id for person in found]
    count = f"共 {len(found)} 人;姓名和手机号已隐去部分内容;制表时间 {local:%Y-%m-%d %H:%M}"
    note = f"。人数较多,只列出最近的 {MOST_EXPORTED} 人" if len(found) == MOST_EXPORTED else ""
    rows = [_row(person, names[person.unit_id].name if person.unit_id in names else None) for person in found]
    with transaction() as session:
        subject = ("unit", choice.unit_id)
        stamp = exports.record(actor, exports.Taken(kind, Format.XLSX, _words(choice), len(found), ids), now)
        said = {"people": len(found), "by_words": bool(choice.q), "number": stamp.number}
        audit.record(session, actor, now, "people.export", subject, None, **said)
    return to_xlsx("人员", (title, count + note), COLUMNS, rows, stamp), stamp


def _words(choice: Choice) -> str:
    """Return what was asked for, without the words that were searched for: they may be part of a name."""
    unit = units.unit_briefs([choice.unit_id]) if choice.unit_id else {}
    of_unit = f"{unit[choice.unit_id].name}及下级" if choice.unit_id in unit else "权限范围内所有单位"
    statuses = "、".join(PersonStatus(status).label for status in choice.statuses)
    return ";".join(filter(None, (of_unit, statuses or "所有状态", "按关键词查找" if choice.q else "")))


def _all(actor: Actor, choice: Choice, now: dt.datetime) -> Iterator[PersonView]:
    """Yield everybody of a choice, page by page."""
    before, left = None, MOST_EXPORTED
    while left > 0:
        rows = people.list_people(actor, choice.unit_id, choice.q, choice.statuses, BATCH, before, now)
        yield from rows[: min(BATCH, left)]
        if len(rows) <= BATCH:
            return
        before, left = rows[BATCH - 1].id, left - BATCH


def _row(person: PersonView, unit: str | None) -> list[Cell]:
    """Return the cells of one person; numbers that name somebody are text."""
    status = PersonStatus(person.status).label
    return [
        person.volunteer_no,
        person.display_name,
        unit,
        person.phone,
        status,
        person.registered_on.isoformat(),
    ]
