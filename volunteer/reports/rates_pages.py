"""Registration rates on pages: the ranking and its sheets, one unit with its way there, staff's card.

What is seen and what is exported are one `RatesQuery` through one function. Source: ux.md U1, U7, A1 to A4, §9, J8, J9.
"""

import uuid
from dataclasses import replace
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import ValidationError

from volunteer.access import Actor, Permission, Scope
from volunteer.accounts import directory
from volunteer.areas import service as areas
from volunteer.clock import Instant
from volunteer.errors import InvalidInput
from volunteer.exports.rules import Format
from volunteer.registration import invitees
from volunteer.reports import rate_sheets, unit_rates
from volunteer.reports.schemas import RegistrationRatesQuery
from volunteer.reports.service import RatesQuery, RatesReport, registration_rates
from volunteer.site import service as site
from volunteer.units import history, targets
from volunteer.units.rules import Denominator, RateSort, SortOrder, UnitKind
from volunteer.web.attachments import CSV, XLSX, attachment
from volunteer.web.guard import channel_of
from volunteer.web.layout import Card
from volunteer.web.pages import Pages
from volunteer.web.schemas import flatten
from volunteer.web.words import percent

pages = Pages("rates")
FILTERS = ("root", "as_of", "kind", "area_id", "depth", "sort", "order", "denominator")
MOST_AREAS, MOST_TASKS, ALL_LEVELS = 500, 20, 1000


@pages.page("/rates", Permission.READ_REPORTS, Scope.UNIT)
def rates_page() -> Any:
    """Rank the units in the caller's scope; who has one unit alone starts at that unit."""
    home = None if request.args else unit_rates.home_unit(g.actor, g.now)
    if home is not None:
        return redirect(url_for("rates.unit_page", unit_id=home))
    asked, faults, report, query = _typed(), [], None, RatesQuery()
    try:
        query = _query(asked)
        report, query = ranked(g.actor, query, g.now)
    except ValidationError as error:
        faults = flatten(error.messages)
    except InvalidInput as error:
        faults = list(error.faults)
    if report is None:
        return render_template("reports/rates.html", asked=asked, faults=faults, **_choices()), 422
    before = unit_rates.registered_before(g.actor, query, report.as_of, g.now)
    return render_template(
        "reports/rates.html",
        asked=asked,
        faults=faults,
        report=report,
        query=query,
        same=_same(query, report),
        before=before,
        weeks=unit_rates.weekly_of_all(report.as_of) if _is_whole(query) else [],
        setters=_setters(report),
        now=g.now,
        in_wechat=channel_of(g.actor) == "wechat",
        **_choices(),
    )


def _is_whole(query: RatesQuery) -> bool:
    """Whether the total of a report is everybody's, over their tasks: only then the weeks are told."""
    is_all = query.root is None and g.actor.has_everywhere(Permission.READ_REPORTS)
    return is_all and query.denominator is Denominator.TASK


def _setters(report: RatesReport) -> dict[uuid.UUID, str]:
    """Return the name of who last set what the rates are over."""
    last = report.last_set
    return directory.names_of(g.actor, {last.by}) if last and last.by else {}


def _typed() -> dict[str, str]:
    """Return what the filters hold."""
    return {name: request.args.get(name, "").strip() for name in FILTERS}


def _query(asked: dict[str, str]) -> RatesQuery:
    """Return the query of the filters: by rate, the highest first, unless they say otherwise.

    Raises:
        ValidationError: a filter holds what it cannot.
    """
    loaded = RegistrationRatesQuery().load({name: text for name, text in asked.items() if text})
    query: RatesQuery = loaded["rates"]
    return query if query.sort else replace(query, sort=RateSort.RATE, order=SortOrder.DESC)


def ranked(actor: Actor, query: RatesQuery, now: Instant) -> tuple[RatesReport, RatesQuery]:
    """Return the report with the query that gives it: where no depth was asked for, down to the first that compares.

    A filter by kind or area looks at all levels; one top alone is shown with what is right below it.
    """
    report = registration_rates(actor, query, now)
    if query.depth is not None:
        return report, query
    depth = ALL_LEVELS
    if query.kind is None and query.area_id is None:
        depth = 0 if sum(row.depth == 0 for row in report.rows) > 1 else 1
    rows = [row for row in report.rows if row.depth <= depth]
    return replace(report, rows=rows), replace(query, depth=depth)


def _same(query: RatesQuery, report: RatesReport) -> dict[str, str]:
    """Return the address's words for this very query, the day included, so that it means the same tomorrow."""
    told = {name: getattr(query, name) for name in FILTERS} | {"as_of": report.as_of}
    told["denominator"] = None if query.denominator is Denominator.TASK else query.denominator
    return {name: str(value) for name, value in told.items() if value is not None}


def _choices() -> dict[str, Any]:
    """Return what the filters offer."""
    return {
        "denominators": [(one.value, f"{one.rate_name}(÷ {one.label})") for one in Denominator],
        "kinds": [(kind.value, kind.label) for kind in UnitKind],
        "areas": [(area.id, area.name) for area in areas.list_areas(None, None, MOST_AREAS, None)],
    }


@pages.page("/rates.xlsx", Permission.READ_REPORTS, Scope.UNIT)
def rates_xlsx() -> Any:
    """Give the ranking that is seen as an Excel sheet."""
    report = _asked_report()
    stamp = rate_sheets.taken(g.actor, report, Format.XLSX, g.now)
    sheet = rate_sheets.as_xlsx(report, site.facts().name, stamp)
    return attachment(sheet, XLSX, f"registration-rates-{report.as_of}.xlsx", stamp.number)


@pages.page("/rates.csv", Permission.READ_REPORTS, Scope.UNIT)
def rates_csv() -> Any:
    """Give the ranking that is seen as CSV."""
    report = _asked_report()
    stamp = rate_sheets.taken(g.actor, report, Format.CSV, g.now)
    return attachment(rate_sheets.as_csv(report), CSV, f"registration-rates-{report.as_of}.csv", stamp.number)


def _asked_report() -> RatesReport:
    """Return the report of the filters; raise InvalidInput for filters that cannot be read."""
    try:
        return ranked(g.actor, _query(_typed()), g.now)[0]
    except ValidationError as error:
        raise InvalidInput(flatten(error.messages)) from error


@pages.page("/rates/<uuid:unit_id>", Permission.READ_REPORTS, Scope.UNIT)
def unit_page(unit_id: uuid.UUID) -> Any:
    """Show one unit: its rate, how it came there, what lies below it, who set its task when."""
    report = unit_rates.unit_report(g.actor, unit_id, None, g.now)
    settings_of = targets.list_targets(g.actor, unit_id, MOST_TASKS, None)[:MOST_TASKS]
    setters = directory.names_of(g.actor, {one.set_by for one in settings_of if one.set_by})
    return render_template(
        "reports/unit.html",
        report=report,
        tasks=settings_of,
        setters=setters,
        over=unit_rates.over(report),
        changes=history.changes_of(g.actor, unit_id, ("headcount",)),
        invited=_invited(unit_id),
        is_home=unit_rates.home_unit(g.actor, g.now) == unit_id,
        now=g.now,
    )


def _invited(unit_id: uuid.UUID) -> invitees.Numbers | None:
    """Return what came of a unit's invitations; None where it never invited."""
    found = invitees.numbers_of(g.actor, unit_id, g.now)[0]
    return found if found.invited or found.claimed or found.counted or found.refused else None


def card(actor: Actor, now: Instant) -> Card | None:
    """Return the rate of the caller's units and how many of them are behind, for their start; None without reports."""
    if not actor.has(Permission.READ_REPORTS):
        return None
    home = unit_rates.home_unit(actor, now)
    if home is None:
        return _card_of_units(actor, now)
    line = registration_rates(actor, RatesQuery(root=home, depth=0), now).rows[0]
    text = _("%(n)s of %(m)s registered", n=line.counts.registered, m=_number(line.counts.target))
    text += _(", %(n)s to go", n=line.counts.missing) if line.counts.missing else ""
    figure = percent(line.counts.rate)
    return Card(line.unit.name, figure, text, url_for("rates.unit_page", unit_id=home), _("See the unit"))


def _card_of_units(actor: Actor, now: Instant) -> Card:
    """Return the card of who sees several units: those behind first."""
    report, _query_of_it = ranked(actor, RatesQuery(), now)
    behind = sum(1 for row in report.rows if row.counts.missing)
    text = _("%(n)s units are behind their task", n=behind) if behind else _("No unit is behind its task")
    url = url_for("rates.rates_page", sort=RateSort.RATE.value, order=SortOrder.ASC.value)
    return Card(_("Registration rate"), percent(report.total.rate), text, url, _("See the ranking"))


def _number(value: int | None) -> str:
    """Return a number, or a dash where there is none."""
    return "—" if value is None else str(value)
