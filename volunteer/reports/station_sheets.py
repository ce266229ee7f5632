"""The station figures as a sheet: the same rows as on the screen, under Chinese headings. Source: ux.md 9."""

import datetime as dt
from collections.abc import Mapping, Sequence
from uuid import UUID

from volunteer.exports.rules import Stamp
from volunteer.reports.sheets import Cell, Column, Form, to_xlsx
from volunteer.reports.stations import StationRow
from volunteer.stations.rules import StationLevel

COLUMNS = (
    Column("站点代码", width=16),
    Column("站点", width=28),
    Column("级别", width=8),
    Column("上级站点", width=24),
    Column("场次", Form.WHOLE, 8),
    Column("人数", Form.WHOLE, 8),
    Column("人次", Form.WHOLE, 8),
    Column("受众人数", Form.WHOLE, 10),
    Column("服务时长(分钟)", Form.WHOLE, 14),
    Column("到岗率", Form.PERCENT, 10),
    Column("本级场次", Form.WHOLE, 10),
    Column("本级人次", Form.WHOLE, 10),
    Column("本级时长(分钟)", Form.WHOLE, 14),
)


def as_xlsx(
    rows: Sequence[StationRow], names: Mapping[UUID, str], days: tuple[dt.date, dt.date], site: str, stamp: Stamp
) -> bytes:
    """Return rows of the report as a workbook; `names` are all stations'."""
    titles = (
        f"{site}:站点服务情况",
        f"{days[0]} 至 {days[1]},含首尾两天;各站含下级站点;制表时间 {stamp.at:%Y-%m-%d %H:%M}",
        "场次 = 有人到岗的班次;人数 = 到岗的不同志愿者;人次 = 到岗的人 × 班次;"
        "到岗率 = 人次 ÷ 已开始班次的名额;受众不计为志愿者",
    )
    return to_xlsx("站点", titles, COLUMNS, (_cells(row, names) for row in rows), stamp)


def _cells(row: StationRow, names: Mapping[UUID, str]) -> list[Cell]:
    """Return the cells of one station."""
    station, counts, own = row.station, row.counts, row.own
    return [
        station.code,
        station.name,
        StationLevel(station.level).label,
        names.get(station.parent_id) if station.parent_id else None,
        counts.sessions,
        row.persons,
        counts.person_times,
        counts.audience,
        counts.minutes,
        row.on_duty_rate,
        own.sessions,
        own.person_times,
        own.minutes,
    ]
