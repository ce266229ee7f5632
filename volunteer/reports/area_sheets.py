"""The rates by area as a sheet: the same rows as on the screen, under Chinese headings. Source: ux.md 9."""

import datetime as dt
from collections.abc import Iterator

from volunteer.access import Actor
from volunteer.areas.rules import AreaLevel
from volunteer.exports import service as exports
from volunteer.exports.rules import ExportKind, Format, Stamp
from volunteer.reports.area_rates import AreaRatesReport
from volunteer.reports.rate_sheets import COLUMNS, columns_of, figures, formula, over_words, total_words
from volunteer.reports.sheets import Cell, Column, Form, to_csv, to_xlsx

#: What describes an area, in the place of what describes a unit.
AREA_COLUMNS = (
    Column("名次", Form.WHOLE, 6),
    Column("区域代码", width=16),
    Column("区域", width=28),
    Column("级别", width=12),
    Column("上级区域", width=24),
    *COLUMNS[5:],
)
SCOPE = ";只含本人权限内的单位"


def taken(actor: Actor, report: AreaRatesReport, form: Format, now: dt.datetime) -> Stamp:
    """Put on record that a report leaves; return the mark."""
    top = report.rows[0].area.name if len({row.depth for row in report.rows}) > 1 else "权限范围内的区域"
    said = exports.Taken(ExportKind.RATES, form, f"截至 {report.as_of};按区域;{top}", len(report.rows))
    return exports.record(actor, said, now)


def as_xlsx(report: AreaRatesReport, site_name: str, stamp: Stamp) -> bytes:
    """Return the report as a workbook."""
    over, part = over_words(report.denominator, report.year), SCOPE if report.is_part else ""
    titles = (
        f"{site_name}:各区域志愿者注册情况",
        f"截至 {report.as_of};{over},按单位当日所在区域含其中的下级区域{part};制表时间 {stamp.at:%Y-%m-%d %H:%M}",
        formula(report.denominator, report.last_set, stamp) + ";单位未填所在区域的,随上级单位",
        total_words(report.total, f"其中没有所在区域 {report.without_area}"),
    )
    return to_xlsx("各区域注册情况", titles, columns_of(report.denominator, AREA_COLUMNS), _cells(report), stamp)


def as_csv(report: AreaRatesReport) -> bytes:
    """Return the report's rows as CSV; rates are plain numbers, 1.29 is 129 %."""
    return to_csv(columns_of(report.denominator, AREA_COLUMNS), _cells(report))


def _cells(report: AreaRatesReport) -> Iterator[list[Cell]]:
    """Yield each row in the order of `AREA_COLUMNS`."""
    for line in report.rows:
        area = line.area
        about: list[Cell] = [line.rank, area.code, area.name, AreaLevel(area.level).label, line.parent_name, line.depth]
        yield about + figures(line.counts)
