"""People of the talent pool as a sheet: what a search found, masked, with its number in the log of exports."""

import datetime as dt

from volunteer.access import Actor
from volunteer.config import settings
from volunteer.database import reading
from volunteer.exports import service as exports
from volunteer.exports.rules import ExportKind, Format, Stamp
from volunteer.registration import code_tables
from volunteer.reports.sheets import Cell, Column, to_xlsx
from volunteer.talents import searching
from volunteer.talents.rules import WEEKDAYS, Part
from volunteer.talents.searching import Found, Wanted
from volunteer.units import service as units

COLUMNS = (
    Column("志愿者编号", width=14),
    Column("姓名", width=12),
    Column("单位", width=28),
    Column("手机号", width=16),
    Column("专长", width=24),
    Column("证书", width=36),
    Column("有空的时间", width=36),
)


def export(actor: Actor, wanted: Wanted, now: dt.datetime) -> tuple[bytes, Stamp]:
    """Return what a search finds as a workbook, masked, and its mark; it is on record who was in it.

    Raises:
        NotFound: a unit outside the scope.
    """
    found = searching.everybody(actor, wanted, now)
    names = units.unit_briefs({one.person.unit_id for one in found if one.person.unit_id})
    skills = code_tables.labels(reading(), "skills")
    rows: list[list[Cell]] = []
    for one in found:
        unit = names.get(one.person.unit_id) if one.person.unit_id else None
        rows.append(_row(one, unit.name if unit else None, skills))
    taken = exports.Taken(ExportKind.TALENTS, Format.XLSX, words(wanted), len(found), [one.id for one in found])
    stamp = exports.record(actor, taken, now)
    local = now.astimezone(settings().zone)
    note = f"共 {len(found)} 人;姓名和手机号已隐去部分内容;制表时间 {local:%Y-%m-%d %H:%M}"
    return to_xlsx("人才库", ("人才库名单", note), COLUMNS, rows, stamp), stamp


def words(wanted: Wanted) -> str:
    """Return what was looked for, in words."""
    codes = code_tables.labels(reading(), "skills") | code_tables.labels(reading(), "categories")
    said = [codes.get(code, code) for code in (wanted.skill, wanted.category) if code]
    said += [wanted.kind.label] if wanted.kind else []
    said += [f"{wanted.valid_on} 有效"] if wanted.valid_on else []
    said += ["已核对"] if wanted.is_checked else []
    said += [WEEKDAYS[wanted.weekday - 1]] if wanted.weekday else []
    said += [wanted.part.label] if wanted.part else []
    said += ["有危险的活动,仅成年人"] if wanted.is_hazardous else []
    return "、".join(said) or "全部"


def _row(one: Found, unit: str | None, skills: dict[str, str]) -> list[Cell]:
    """Return one line of the sheet."""
    papers = "、".join(paper.name + (f"({paper.expires_on} 止)" if paper.expires_on else "") for paper in one.papers)
    times = "、".join(f"{WEEKDAYS[day - 1]}{Part(part).label}" for day, part in one.times)
    known = "、".join(skills.get(code, code) for code in one.person.skills)
    return [one.person.volunteer_no, one.person.display_name, unit, one.person.phone, known, papers, times]
