"""The registration rates as a sheet: the same rows as on the screen, under Chinese headings. Source: ux.md 9."""

import datetime as dt
from collections.abc import Iterator

from volunteer.access import Actor
from volunteer.exports import service as exports
from volunteer.exports.rules import ExportKind, Format, Stamp
from volunteer.reports.queries import Setting
from volunteer.reports.service import Line, RatesReport
from volunteer.reports.sheets import Cell, Column, Form, to_csv, to_xlsx
from volunteer.units.rules import Counts, Denominator, UnitKind

COLUMNS = (
    Column("名次", Form.WHOLE, 6),
    Column("单位代码", width=16),
    Column("单位", width=28),
    Column("单位类型", width=12),
    Column("上级单位", width=24),
    Column("层级", Form.WHOLE, 6),
    Column("任务数", Form.WHOLE, 10),
    Column("已注册", Form.WHOLE, 10),
    Column("完成率", Form.PERCENT, 10),
    Column("活跃人数", Form.WHOLE, 10),
    Column("活跃率", Form.PERCENT, 10),
    Column("服务时长(分钟)", Form.WHOLE, 12),
    Column("其中核实时长(分钟)", Form.WHOLE, 12),
    Column("人均时长(分钟)", Form.TENTH, 12),
    Column("双报到人数", Form.WHOLE, 10),
)


def taken(actor: Actor, report: RatesReport, form: Format, now: dt.datetime) -> Stamp:
    """Put on record that a report leaves; return the mark."""
    top = report.rows[0].unit.name if len({row.depth for row in report.rows}) > 1 else "权限范围内的单位"
    said = exports.Taken(ExportKind.RATES, form, f"截至 {report.as_of};{top}", len(report.rows))
    return exports.record(actor, said, now)


BASE, RATE = 6, 8


def columns_of(by: Denominator, columns: tuple[Column, ...] = COLUMNS) -> tuple[Column, ...]:
    """Return the columns of a report over this number."""
    if by is Denominator.TASK:
        return columns
    found = list(columns)
    found[BASE], found[RATE] = Column(by.label, Form.WHOLE, 10), Column(by.rate_name, Form.PERCENT, 12)
    return tuple(found)


def as_xlsx(report: RatesReport, site_name: str, stamp: Stamp) -> bytes:
    """Return the report as a workbook."""
    over = over_words(report.denominator, report.year)
    titles = (
        f"{site_name}:各单位志愿者注册情况",
        f"截至 {report.as_of};{over},按当日的隶属关系含下级单位;制表时间 {stamp.at:%Y-%m-%d %H:%M}",
        formula(report.denominator, report.last_set, stamp) + ";时长按服务当日所属单位统计",
        total_words(report.total, f"其中未选单位 {report.without_unit}"),
    )
    return to_xlsx("注册情况", titles, columns_of(report.denominator), _cells(report), stamp)


def over_words(by: Denominator, year: int) -> str:
    """Return the words for the number that the rates are over."""
    return f"任务为 {year} 年度任务数" if by is Denominator.TASK else f"{by.label}以当日为准"


def formula(by: Denominator, last_set: Setting | None, stamp: Stamp) -> str:
    """Return how the rate is reckoned, when its number was last changed, and who is active."""
    last = f"{last_set.at.astimezone(stamp.at.tzinfo):%Y-%m-%d %H:%M}" if last_set else "—"
    name = _rate_name(by)
    return f"{name} = 已注册 ÷ {by.label}({by.label}最近修改:{last});活跃 = 本年 1 月 1 日至统计日有有效服务时长"


def total_words(total: Counts, rest: str) -> str:
    """Return the figures of everybody once; `rest` says who of them stands in no row."""
    rate = "—" if total.rate is None else f"{total.rate:.1%}"
    return (
        f"合计:{total.by.label} {'—' if total.base is None else total.base},已注册 {total.registered}({rest}),"
        f"{_rate_name(total.by)} {rate},活跃 {total.active},服务时长 {total.minutes} 分钟;每人只计一次,双报到人数另列"
    )


def _rate_name(by: Denominator) -> str:
    """Return what a rate is called in a sheet."""
    return "完成率" if by is Denominator.TASK else by.rate_name


def as_csv(report: RatesReport) -> bytes:
    """Return the report's rows as CSV; rates are plain numbers, 1.29 is 129 %."""
    return to_csv(columns_of(report.denominator), _cells(report))


def _cells(report: RatesReport) -> Iterator[list[Cell]]:
    """Yield each row in the order of `COLUMNS`."""
    return (_row(line) for line in report.rows)


def _row(line: Line) -> list[Cell]:
    """Return the cells of one row."""
    unit = line.unit
    about: list[Cell] = [line.rank, unit.code, unit.name, UnitKind(unit.kind).label, line.parent_name, line.depth]
    return about + figures(line.counts)


def figures(counts: Counts) -> list[Cell]:
    """Return the cells of a row's figures, in the order of `COLUMNS`."""
    return [
        counts.base,
        counts.registered,
        counts.rate,
        counts.active,
        counts.active_rate,
        counts.minutes,
        counts.minutes_verified,
        counts.minutes_per_registered,
        counts.report_ins,
    ]
