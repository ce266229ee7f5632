"""The sheet for the platform above (上传): who agreed to it, with their hours; and who is to be deleted there.

Names and phones stand in it in full, so it wants a reason, an administrator, and a line in the log of exports, where
everybody in it reads that they were. Source: PIPL 15, 23, 47, 51; O67 art. 4; ADR 0010, 0011.
"""

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from volunteer import audit
from volunteer.access import Actor
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import reading, transaction
from volunteer.exports import service as exports
from volunteer.exports.rules import ExportKind, Format, Stamp
from volunteer.registration import passing_on
from volunteer.registration.passing_on import Numbers, Passed
from volunteer.registration.rules import IdType, Sex
from volunteer.reports import honour_queries as queries
from volunteer.reports.sheets import Cell, Column, Form, to_xlsx
from volunteer.units import memberships
from volunteer.units import service as units

COLUMNS: Final = (
    Column("办理", width=12),
    Column("志愿者编号", width=14),
    Column("姓名", width=12),
    Column("性别", width=8),
    Column("证件类型", width=18),
    Column("手机号", width=16),
    Column("所属单位", width=28),
    Column("服务时长(小时)", Form.TENTH, 14),
    Column("同意书版本", width=14),
    Column("同意日期", width=12),
)
IN_FULL: Final = ("name", "phone")
DELETE, PUT = "请删除", "新增或更新"
SEXES: Final = {Sex.MALE: "男", Sex.FEMALE: "女"}
PAPERS: Final = {
    IdType.RESIDENT_ID: "居民身份证",
    IdType.PASSPORT: "护照",
    IdType.HK_MACAO_PERMIT: "港澳居民来往内地通行证",
    IdType.TAIWAN_PERMIT: "台湾居民来往大陆通行证",
    IdType.FOREIGN_PERMANENT_RESIDENT: "外国人永久居留身份证",
}


@dataclass(frozen=True, slots=True)
class Preview:
    """What a sheet would hold today, and how many are to be deleted above."""

    numbers: Numbers
    deleted: int


def preview(actor: Actor, now: dt.datetime) -> Preview:
    """Return what a sheet would hold.

    Raises:
        Forbidden: the caller is no administrator.
    """
    actor.require_admin()
    session, day = reading(), site_day(now, settings().zone)
    return Preview(passing_on.numbers(session, day), len(_deleted(day)))


def _deleted(day: dt.date) -> list[str]:
    """Return the volunteer numbers of who is to be deleted above."""
    return passing_on.to_be_deleted(reading(), exports.people_in(ExportKind.UPSTREAM), day)


def export(actor: Actor, from_on: dt.date, to_on: dt.date, reason: str, now: dt.datetime) -> tuple[bytes, Stamp]:
    """Return the sheet of all who agreed, with their hours of these days, and its mark; who is in it is on record.

    Raises:
        Forbidden: the caller is no administrator.
    """
    actor.require_admin()
    day = site_day(now, settings().zone)
    with transaction() as session:
        found, counts, gone = passing_on.people(session, day), passing_on.numbers(session, day), _deleted(day)
        ids = [one.id for one in found]
        words = f"服务时长 {from_on} 至 {to_on};未列出 {counts.counted - counts.passed} 人"
        taken = exports.Taken(
            ExportKind.UPSTREAM, Format.XLSX, words, len(found) + len(gone), ids, IN_FULL if found else (), reason
        )
        stamp = exports.record(actor, taken, now)
        said = {"people": len(found), "deleted": len(gone), "number": stamp.number}
        audit.record(session, actor, now, "people.pass-on", ("site", None), reason, **said)
        rows = list(_rows(found, gone, (from_on, to_on), day))
    titles = (f"提供给上级志愿服务平台的名单({from_on} 至 {to_on})", _note(counts, gone))
    return to_xlsx("上传", titles, COLUMNS, rows, stamp), stamp


def _note(counts: Numbers, gone: Collection[str]) -> str:
    """Return how many stand in the sheet, and who does not, and why."""
    return (
        f"在册 {counts.counted} 人,同意提供的 {counts.passed} 人;未列出:未同意 {counts.without} 人,"
        f"同意的是旧版 {counts.outdated} 人,未成年 {counts.minors} 人。"
        f"已撤回、请上级平台删除的 {len(gone)} 人。"
    )


def _rows(
    found: Collection[Passed], gone: Collection[str], days: tuple[dt.date, dt.date], day: dt.date
) -> Iterator[list[Cell]]:
    """Yield the rows: who is to be deleted first, with nothing but the number."""
    session = reading()
    for number in gone:
        yield [DELETE, number, *([None] * (len(COLUMNS) - 2))]
    ids = [one.id for one in found]
    theirs = memberships.units_of(session, ids, day)
    names = units.unit_briefs(set(theirs.values()))
    minutes = queries.minutes_of(session, ids, days)
    for one in found:
        unit = names.get(theirs.get(one.id, one.id))
        yield [
            PUT,
            one.volunteer_no,
            one.name,
            SEXES.get(one.sex) if one.sex else None,
            PAPERS.get(one.id_type) if one.id_type else None,
            one.phone,
            unit.name if unit else None,
            minutes.get(one.id, 0) / 60,
            one.version,
            site_day(one.agreed_at, settings().zone).isoformat(),
        ]
