"""A unit's activities on pages: the list with its sheet, one activity, and where our people serve in the next weeks.

Source: ux.md U8 (own events, shifts, sign-ups).
"""

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any

from flask import g, render_template, request, url_for
from marshmallow import ValidationError

from volunteer.access import Permission, Scope
from volunteer.activities.rules import ActivityStatus
from volunteer.activities.rules_proposals import ProposalRefusal
from volunteer.config import settings
from volunteer.errors import Fault, InvalidInput
from volunteer.exports import service as exports
from volunteer.exports.rules import ExportKind, Format
from volunteer.registration import code_tables
from volunteer.reports import events
from volunteer.reports.event_queries import When
from volunteer.reports.events import EventsQuery
from volunteer.site import service as site
from volunteer.units import service as units
from volunteer.web.attachments import XLSX, attachment
from volunteer.web.guard import channel_of
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page
from volunteer.web.schemas import Choice, Id, QuerySchema, Text, flatten

pages = Pages("unit_events")
READ, UNIT = Permission.READ_REPORTS, Scope.UNIT
ROWS, MOST_UNITS, MOST_SHIFTS_TOLD = 20, 500, 5
FILTERS = ("when", "unit_id", "status", "station_id", "q")
WEEKS = ("1", "2", "4", "8")


class EventsFilter(QuerySchema):
    """What the list may be narrowed to."""

    when = Choice(When, load_default=When.COMING.value)
    unit_id = Id(load_default=None)
    status = Choice((*ActivityStatus, *events.PROPOSAL_STATES), load_default=None)
    station_id = Id(load_default=None)
    q = Text(100, load_default=None)


class GoingFilter(QuerySchema):
    """Whose service, and how far ahead."""

    unit_id = Id(load_default=None)
    weeks = Choice(WEEKS, load_default="2")


@pages.page("/unit/events", READ, UNIT)
def list_page() -> Any:
    """List what the caller's units organise: the next first, or what is over."""
    asked, faults = _typed(FILTERS), list[Fault]()
    query, rows, counts = EventsQuery(), list[events.EventRow](), dict.fromkeys(When, 0)
    try:
        query = _query(asked)
        rows = events.list_events(g.actor, query, ROWS + 1, _cursor(), g.now)
        counts = events.count_events(g.actor, query, g.now)
    except InvalidInput as error:
        faults = list(error.faults)
    body = render_template(
        "reports/events.html",
        asked={name: text for name, text in asked.items() if text},
        faults=faults,
        query=query,
        is_narrowed=any(asked[name] for name in FILTERS if name != "when"),
        counts=counts,
        stations=events.stations_of(g.actor),
        statuses=list(ActivityStatus),
        may_propose=g.actor.has(Permission.PROPOSE_ACTIVITIES),
        in_wechat=channel_of(g.actor) == "wechat",
        **_units(),
        **page(rows, ROWS, lambda row: (row.at.isoformat(), row.id)),
    )
    return body, 422 if faults else 200


@pages.page("/unit/events.xlsx", READ, UNIT)
def list_xlsx() -> Any:
    """Give the list that is seen as an Excel sheet: all of its pages."""
    query = _query(_typed(FILTERS))
    rows = events.list_events(g.actor, query, events.MOST_EXPORTED, None, g.now)
    words = "即将开展" if query.when is When.COMING else "已经结束"
    stamp = exports.record(g.actor, exports.Taken(ExportKind.UNIT_EVENTS, Format.XLSX, words, len(rows)), g.now)
    sheet = events.as_xlsx(g.actor, rows, query, stamp)
    return attachment(sheet, XLSX, f"unit-events-{query.when}.xlsx", stamp.number)


@pages.page("/unit/events/<uuid:activity_id>", READ, UNIT)
def event_page(activity_id: uuid.UUID) -> Any:
    """Show an activity: its shifts, how many came, who of our people is signed up, and words to send them."""
    event = events.get_event(g.actor, activity_id, g.now)
    rows = events.our_people(g.actor, activity_id, ROWS * 2 + 1, _cursor(), g.now)
    labels = {entry.code: entry.label for entry in code_tables.list_codes("categories")}
    listed = page(rows, ROWS * 2, lambda row: (row.starts_at.isoformat(), row.signup_id))
    ahead = [one for one in event.activity["shifts"] if not one["cancelled"] and one["ends_at"] > g.now]
    base = settings().base_url or request.host_url.rstrip("/")
    return render_template(
        "reports/event.html",
        event=event,
        may_propose=g.actor.has(Permission.PROPOSE_ACTIVITIES),
        refused=_refused(request.args.get("refused", "")),
        activity=event.activity,
        category=labels.get(event.activity["category"], event.activity["category"]),
        ahead=sorted(ahead, key=lambda one: one["starts_at"])[:MOST_SHIFTS_TOLD],
        more_ahead=max(0, len(ahead) - MOST_SHIFTS_TOLD),
        address=base + url_for("activities.activity_page", activity_id=activity_id),
        site_name=site.facts().name,
        now=g.now,
        **listed,
    )


@pages.page("/unit/service", READ, UNIT)
def going_page() -> Any:
    """Show where our people are signed up in the next weeks, whoever organises."""
    asked, faults = _typed(("unit_id", "weeks")), list[Fault]()
    rows, counts, weeks = list[events.GoingRow](), (0, 0, 0), 2
    try:
        query = _loaded(GoingFilter(), asked)
        unit_id, weeks = query["unit_id"], int(query["weeks"])
        rows = events.going(g.actor, unit_id, weeks, ROWS + 1, _cursor(), g.now)
        counts = events.count_going(g.actor, unit_id, weeks, g.now)
    except InvalidInput as error:
        faults = list(error.faults)
    body = render_template(
        "reports/going.html",
        asked={name: text for name, text in asked.items() if text},
        faults=faults,
        weeks=weeks,
        spans=WEEKS,
        counts=counts,
        **_units(),
        **page(rows, ROWS, lambda row: (row.going.at.isoformat(), row.going.activity_id)),
    )
    return body, 422 if faults else 200


def _refused(code: str) -> str:
    """Return why a step of a proposal was refused, from its code in the address; empty for anything else."""
    return next((one.sentence for one in ProposalRefusal if one.value == code), "")


def _typed(names: tuple[str, ...]) -> dict[str, str]:
    """Return what the filters hold."""
    return {name: request.args.get(name, "").strip() for name in names}


def _query(asked: dict[str, str]) -> EventsQuery:
    """Return the query of the filters.

    Raises:
        InvalidInput: a filter holds what it cannot. NotFound: a unit outside the scope.
    """
    loaded = _loaded(EventsFilter(), asked)
    return replace(EventsQuery(**loaded), when=When(loaded["when"]))


def _loaded(schema: QuerySchema, asked: dict[str, str]) -> dict[str, Any]:
    """Return what filters mean.

    Raises:
        InvalidInput: a filter holds what it cannot.
    """
    try:
        found: dict[str, Any] = schema.load({name: text for name, text in asked.items() if text})
    except ValidationError as error:
        raise InvalidInput(flatten(error.messages)) from error
    return found


def _cursor() -> tuple[dt.datetime, uuid.UUID] | None:
    """Return where the page before ended.

    Raises:
        InvalidInput: a mark that is none of ours.
    """
    found: tuple[dt.datetime, uuid.UUID] | None = decode_cursor(request.args.get("cursor"), _instant, uuid.UUID)
    return found


def _instant(text: str) -> dt.datetime:
    """Return an instant of a cursor; raise ValueError for one without a zone."""
    at = dt.datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text)
    return at


def _units() -> dict[str, Any]:
    """Return the units that the filter offers."""
    offered = units.list_in_scope(g.actor, READ, MOST_UNITS)
    return {"units": [(one.id, one.name) for one in offered]}
