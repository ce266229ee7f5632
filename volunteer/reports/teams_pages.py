"""Figures of teams, on a page and as a sheet: one report for both. Source: domain.md A3."""

from typing import Any

from flask import g, render_template, request
from marshmallow import ValidationError

from volunteer.access import Permission, Scope
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.errors import Fault, InvalidInput
from volunteer.exports import service as exports
from volunteer.exports.rules import ExportKind, Format
from volunteer.reports import teams
from volunteer.reports.stations_api import StationsQuery
from volunteer.reports.stations_pages import presets
from volunteer.site import service as site
from volunteer.teams.rules import TeamKind
from volunteer.web.attachments import XLSX, attachment
from volunteer.web.pages import Pages
from volunteer.web.schemas import flatten

pages = Pages("team_figures")
READ, UNIT = Permission.READ_TEAMS, Scope.UNIT


@pages.page("/manage/teams/figures", READ, UNIT)
def list_page() -> Any:
    """Show what the caller's teams did in a period."""
    faults: list[Fault] = []
    report = None
    try:
        report = _asked()
    except InvalidInput as error:
        faults = list(error.faults)
    typed = {name: request.args.get(name, "").strip() for name in ("from", "to")}
    body = render_template(
        "reports/teams.html",
        report=report,
        typed=typed,
        faults=faults,
        kind_words={kind.value: kind.label for kind in TeamKind},
        presets=presets(site_day(g.now, settings().zone)),
        now=g.now,
    )
    return body, 422 if faults else 200


@pages.page("/manage/teams/figures.xlsx", READ, UNIT)
def list_xlsx() -> Any:
    """Give the rows that are seen as an Excel sheet."""
    report = _asked()
    days = f"{report.from_on} 至 {report.to_on}"
    stamp = exports.record(g.actor, exports.Taken(ExportKind.TEAMS, Format.XLSX, days, len(report.rows)), g.now)
    sheet = teams.as_xlsx(report, site.facts().name, stamp)
    return attachment(sheet, XLSX, f"teams-{report.from_on}-{report.to_on}.xlsx", stamp.number)


def _asked() -> teams.TeamsReport:
    """Return the report that the address asks for.

    Raises:
        InvalidInput: a day that is none, or the wrong way round.
    """
    typed = {name: request.args.get(name, "").strip() for name in ("from", "to")}
    try:
        query = StationsQuery().load({name: text for name, text in typed.items() if text})
    except ValidationError as error:
        raise InvalidInput(flatten(error.messages)) from error
    return teams.teams_report(g.actor, query["from_on"], query["to_on"], g.now)
