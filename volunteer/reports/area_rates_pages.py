"""Registration rates by area on a page, one level down at each tap, and its sheets.

What is seen and what is exported are one `AreaRatesQuery` through one function. Source: ux.md A2, §9.
"""

from dataclasses import replace
from typing import Any

from flask import g, render_template, request
from flask_babel import gettext as _
from marshmallow import ValidationError

from volunteer.access import Permission, Scope
from volunteer.accounts import directory
from volunteer.areas.rules import AreaLevel
from volunteer.errors import InvalidInput
from volunteer.exports.rules import Format
from volunteer.reports import area_sheets
from volunteer.reports.area_rates import AreaRatesQuery, AreaRatesReport, area_rates, registered_before
from volunteer.reports.schemas import AreaRatesQueryIn
from volunteer.site import service as site
from volunteer.units.rules import Denominator
from volunteer.web.attachments import CSV, XLSX, attachment
from volunteer.web.forms import filled
from volunteer.web.pages import Pages
from volunteer.web.schemas import flatten

pages = Pages("rates")
FILTERS = ("root", "as_of", "level", "depth", "sort", "order", "denominator")
ALL_LEVELS = 1000


@pages.page("/rates/areas", Permission.READ_REPORTS, Scope.UNIT)
def areas_page() -> Any:
    """Show the rates by area: the largest areas, or what lies in one."""
    asked, report, query = _typed(), None, AreaRatesQuery()
    faults, before, setters = [], {}, {}
    try:
        report, query = _levels(_query(asked))
    except ValidationError as error:
        faults = flatten(error.messages)
    except InvalidInput as error:
        faults = list(error.faults)
    if report is not None:
        before = registered_before(g.actor, query, report.as_of, g.now)
        by = report.last_set.by if report.last_set else None
        setters = directory.names_of(g.actor, {by}) if by else {}
    body = render_template(
        "reports/area_rates.html",
        asked=asked,
        faults=faults,
        report=report,
        query=query,
        same=_same(query, report) if report else {},
        before=before,
        setters=setters,
        now=g.now,
        level_of=lambda level: AreaLevel(level).label,
        levels=[(level.value, level.label) for level in AreaLevel],
        denominators=[
            (one.value, _("%(rate)s(÷ %(what)s)", rate=one.rate_name, what=one.label)) for one in Denominator
        ],
    )
    return body, 422 if faults else 200


@pages.page("/rates/areas.xlsx", Permission.READ_REPORTS, Scope.UNIT)
def areas_xlsx() -> Any:
    """Give the rows that are seen as an Excel sheet."""
    report = _asked_report()
    stamp = area_sheets.taken(g.actor, report, Format.XLSX, g.now)
    sheet = area_sheets.as_xlsx(report, site.facts().name, stamp)
    return attachment(sheet, XLSX, f"area-rates-{report.as_of}.xlsx", stamp.number)


@pages.page("/rates/areas.csv", Permission.READ_REPORTS, Scope.UNIT)
def areas_csv() -> Any:
    """Give the rows that are seen as CSV."""
    report = _asked_report()
    stamp = area_sheets.taken(g.actor, report, Format.CSV, g.now)
    return attachment(area_sheets.as_csv(report), CSV, f"area-rates-{report.as_of}.csv", stamp.number)


def _asked_report() -> AreaRatesReport:
    """Return the report of the filters; raise InvalidInput for filters that cannot be read."""
    try:
        return _levels(_query(_typed()))[0]
    except ValidationError as error:
        raise InvalidInput(flatten(error.messages)) from error


def _typed() -> dict[str, str]:
    """Return what the filters hold."""
    return {name: request.args.get(name, "").strip() for name in FILTERS}


def _query(asked: dict[str, str]) -> AreaRatesQuery:
    """Return what the filters mean."""
    query: AreaRatesQuery = AreaRatesQueryIn().load(filled(asked))["rates"]
    return query


def _levels(query: AreaRatesQuery) -> tuple[AreaRatesReport, AreaRatesQuery]:
    """Return the report of a query, and the query that gives it again: without a depth, down to what compares.

    One area alone at the top is shown with what lies right in it; a filter by level looks at all of them.
    """
    report = area_rates(g.actor, query, g.now)
    if query.depth is not None:
        return report, query
    depth = ALL_LEVELS
    if query.level is None:
        depth = 0 if sum(row.depth == 0 for row in report.rows) > 1 else 1
    return replace(report, rows=[row for row in report.rows if row.depth <= depth]), replace(query, depth=depth)


def _same(query: AreaRatesQuery, report: AreaRatesReport) -> dict[str, str]:
    """Return the address's words for this very query, the day included, so that it means the same tomorrow."""
    told = {name: getattr(query, name) for name in FILTERS} | {"as_of": report.as_of}
    told["denominator"] = None if query.denominator is Denominator.TASK else query.denominator
    return {name: str(value) for name, value in told.items() if value is not None}
