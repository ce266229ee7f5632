"""Station figures on a page: a period, the stations of the caller, and one level down at each tap.

What is seen and what is exported are one report. Source: ux.md 9; contract, Reports (`GET /reports/stations`).
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from flask import g, render_template, request
from flask_babel import gettext as _
from marshmallow import ValidationError

from volunteer.access import Permission, Scope
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.errors import Fault, InvalidInput
from volunteer.exports import service as exports
from volunteer.exports.rules import ExportKind, Format
from volunteer.reports import station_sheets
from volunteer.reports.stations import Part, StationsReport, part_of, stations_report
from volunteer.reports.stations_api import StationsQuery
from volunteer.site import service as site
from volunteer.stations.rules import StationLevel
from volunteer.web.attachments import XLSX, attachment
from volunteer.web.pages import Pages
from volunteer.web.schemas import Id, flatten

pages = Pages("rates")
FILTERS = ("station", "from", "to")


class PageQuery(StationsQuery):
    """The period, and the station at which to look."""

    station = Id(load_default=None)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A report, the level of it that is looked at, and the filters' words that give it again."""

    report: StationsReport
    part: Part
    same: dict[str, str]


@pages.page("/rates/stations", Permission.READ_STATIONS, Scope.STATION)
def stations_page() -> Any:
    """Show what stations did in a period."""
    typed = {name: request.args.get(name, "").strip() for name in FILTERS}
    faults: list[Fault] = []
    asked = None
    try:
        asked = _asked(typed)
    except ValidationError as error:
        faults = flatten(error.messages)
    except InvalidInput as error:
        faults = list(error.faults)
    body = render_template(
        "reports/stations.html",
        typed=typed,
        faults=faults,
        asked=asked,
        presets=presets(site_day(g.now, settings().zone)),
        level_of=lambda level: StationLevel(level).label,
        now=g.now,
    )
    return body, 422 if faults else 200


@pages.page("/rates/stations.xlsx", Permission.READ_STATIONS, Scope.STATION)
def stations_xlsx() -> Any:
    """Give the rows that are seen as an Excel sheet."""
    try:
        asked = _asked({name: request.args.get(name, "").strip() for name in FILTERS})
    except ValidationError as error:
        raise InvalidInput(flatten(error.messages)) from error
    names: dict[uuid.UUID, str] = {row.station.id: row.station.name for row in asked.report.rows}
    days, rows = (asked.report.from_on, asked.report.to_on), asked.part.rows
    taken = exports.Taken(ExportKind.STATIONS, Format.XLSX, f"{days[0]} 至 {days[1]}", len(rows))
    stamp = exports.record(g.actor, taken, g.now)
    sheet = station_sheets.as_xlsx(rows, names, days, site.facts().name, stamp)
    return attachment(sheet, XLSX, f"stations-{days[0]}-{days[1]}.xlsx", stamp.number)


def _asked(typed: dict[str, str]) -> _Asked:
    """Return what the filters mean.

    Raises:
        ValidationError, InvalidInput: a filter holds what it cannot. NotFound: a station outside the scope.
    """
    query = PageQuery().load({name: text for name, text in typed.items() if text})
    report = stations_report(g.actor, query["from_on"], query["to_on"], g.now)
    same = {"from": str(report.from_on), "to": str(report.to_on)}
    if query["station"]:
        same["station"] = str(query["station"])
    return _Asked(report, part_of(report, query["station"]), same)


def presets(today: dt.date) -> list[tuple[str, dict[str, str]]]:
    """Return the periods that are asked for most: their words and what the filters then hold."""
    first = today.replace(day=1)
    last_of_before = first - dt.timedelta(days=1)
    periods = (
        (_("This month"), first, today),
        (_("Last month"), last_of_before.replace(day=1), last_of_before),
        (_("This year"), today.replace(month=1, day=1), today),
    )
    return [(words, {"from": str(start), "to": str(end)}) for words, start, end in periods]
