"""A unit's activities for its liaison: the list and its sheet, one activity, and where our people serve next.

Of people of other units a liaison learns how many they are, never who. Source: ux.md U8; contract, Conventions.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from volunteer.access import Actor, Permission
from volunteer.activities import organizing, proposals, views
from volunteer.activities.proposals import StepView
from volunteer.activities.rules import ActivityStatus, SignupStatus
from volunteer.activities.rules_proposals import ProposalState
from volunteer.checkin import queries as checkin
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import reading
from volunteer.errors import NotFound
from volunteer.exports.rules import Stamp
from volunteer.registration import service as registration
from volunteer.reports import event_queries as queries
from volunteer.reports.event_queries import Cursor, Figures, Going, Wanted, When
from volunteer.reports.sheets import Cell, Column, Form, to_xlsx
from volunteer.stations import service as stations
from volunteer.units import memberships
from volunteer.units import queries as unit_queries
from volunteer.units import service as units

_S = ActivityStatus
READ: Final = Permission.READ_REPORTS
MOST_EXPORTED: Final = 5_000
PROPOSAL_STATES: Final = (ProposalState.WRITING, ProposalState.PROPOSED, ProposalState.SENT_BACK)
"""The states that a list may be asked for beside those of an activity."""
PROPOSAL_WORDS: Final = {
    ProposalState.WRITING: "未交给站点",
    ProposalState.PROPOSED: "等站点接手",
    ProposalState.SENT_BACK: "站点已退回",
    ProposalState.DROPPED: "已放弃",
}
STATUS_WORDS: Final = {
    _S.DRAFT: "草稿",
    _S.SUBMITTED: "待审核",
    _S.PUBLISHED: "已发布",
    _S.REJECTED: "未通过",
    _S.CANCELLED: "已取消",
    _S.FINISHED: "已结束",
}
COLUMNS: Final = (
    Column("活动", width=30),
    Column("状态", width=10),
    Column("主办", width=26),
    Column("站点", width=22),
    Column("时间", width=18),
    Column("班次", Form.WHOLE, 8),
    Column("名额", Form.WHOLE, 8),
    Column("已确认", Form.WHOLE, 8),
    Column("候补", Form.WHOLE, 8),
    Column("待审核报名", Form.WHOLE, 12),
    Column("到场人次", Form.WHOLE, 10),
    Column("本单位已确认", Form.WHOLE, 13),
    Column("本单位到场人次", Form.WHOLE, 14),
)


@dataclass(frozen=True, slots=True)
class EventsQuery:
    """What the list is asked for; `unit_id` covers its subtree, without it all units of the caller."""

    when: When = When.COMING
    unit_id: uuid.UUID | None = None
    status: str | None = None
    station_id: uuid.UUID | None = None
    q: str | None = None


@dataclass(frozen=True, slots=True)
class EventRow:
    """One line of the list; `at` is the next shift to come, of what is over the last one."""

    id: uuid.UUID
    title: str
    status: str
    proposal: ProposalState | None
    organizer: str
    station_name: str
    at: dt.datetime
    figures: Figures


@dataclass(frozen=True, slots=True)
class OurPerson:
    """One of our people in an activity; `state` is what check-in knows, `made-up`, or empty without a scan."""

    signup_id: uuid.UUID
    person_id: uuid.UUID
    display_name: str
    unit: str
    post: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    status: str
    state: str


@dataclass(frozen=True, slots=True)
class Event:
    """An activity as a liaison sees it; `of_shift` and `figures` are counts of everybody and of our people."""

    activity: dict[str, Any]
    organizer: str
    is_ours: bool
    figures: Figures
    of_shift: dict[uuid.UUID, Figures]
    proposal: ProposalState | None
    steps: list[StepView]


@dataclass(frozen=True, slots=True)
class GoingRow:
    """Where some of our people serve next."""

    title: str
    station_name: str
    organizer: str
    is_ours: bool
    going: Going


def list_events(actor: Actor, query: EventsQuery, limit: int, after: Cursor | None, now: dt.datetime) -> list[EventRow]:
    """Return up to `limit` activities that the caller's units organise, with their figures.

    Raises:
        NotFound: a unit outside the scope.
    """
    session, wanted = reading(), _wanted(actor, query, now)
    found = queries.list_events(session, wanted, limit, after, now)
    ours = queries.people_of(wanted.unit_ids, _today(now))
    figures = queries.activity_figures(session, [activity.id for activity, _ in found], ours)
    places = stations.station_briefs({activity.station_id for activity, _ in found})
    names = organizing.names_of({one.id: (one.organizer_unit_id, one.team_id) for one, _ in found})
    stands = proposals.states_of(session, [one.id for one, _ in found])
    rows = []
    for one, at in found:
        place = places[one.station_id].name
        rows.append(
            EventRow(one.id, one.title, one.status, stands.get(one.id), names[one.id], place, at, figures[one.id])
        )
    return rows


def count_events(actor: Actor, query: EventsQuery, now: dt.datetime) -> dict[When, int]:
    """Return how many activities each half of the list has.

    Raises:
        NotFound: a unit outside the scope.
    """
    return queries.count_events(reading(), _wanted(actor, query, now), now)


def stations_of(actor: Actor) -> list[tuple[uuid.UUID, str]]:
    """Return the stations that the list may be narrowed to, by name."""
    ids = queries.stations_of(reading(), units.unit_ids_in_scope(actor, READ))
    return sorted(((one.id, one.name) for one in stations.station_briefs(ids).values()), key=lambda pair: pair[1])


def as_xlsx(actor: Actor, rows: Sequence[EventRow], query: EventsQuery, stamp: Stamp) -> bytes:
    """Return the list as a workbook."""
    zone = settings().zone
    half = "即将开展" if query.when is When.COMING else "已经结束"
    titles = (
        f"单位主办的活动({half})",
        f"共 {len(rows)} 个活动;到场人次含已通过的补录;本单位按今天所在单位计;制表时间 {stamp.at:%Y-%m-%d %H:%M}",
    )
    cells: list[list[Cell]] = []
    for row in rows:
        one = row.figures
        at = f"{row.at.astimezone(zone):%Y-%m-%d %H:%M}"
        numbers = (one.shifts, one.capacity, one.confirmed, one.waiting, one.pending, one.attended)
        status = PROPOSAL_WORDS.get(row.proposal) if row.proposal else None
        told = (row.title, status or STATUS_WORDS[_S(row.status)], row.organizer, row.station_name, at)
        cells.append([*told, *numbers, one.ours, one.ours_attended])
    return to_xlsx("活动", titles, COLUMNS, cells, stamp)


def get_event(actor: Actor, activity_id: uuid.UUID, now: dt.datetime) -> Event:
    """Return an activity that the caller's units organise, or for which their people are or were signed up.

    Raises:
        NotFound: neither.
    """
    session, scope = reading(), units.unit_ids_in_scope(actor, READ)
    ours = queries.people_of(scope, _today(now))
    activity = queries.get_activity(session, activity_id)
    if activity is None:
        raise NotFound
    is_ours = bool(queries.organised_among(session, [activity_id], scope))
    if scope is not None and not is_ours and not queries.has_ours(session, activity_id, ours):
        raise NotFound
    shown = views.shown(actor, [activity])[0]
    of_shift = queries.shift_figures(session, [one["id"] for one in shown["shifts"]], ours)
    figures = queries.activity_figures(session, [activity_id], ours)[activity_id]
    proposal = proposals.state_of(session, activity_id) if is_ours else None
    steps = proposals.steps_of(actor, activity_id) if proposal else []
    return Event(shown, organizing.named(shown).name, is_ours, figures, of_shift, proposal, steps)


def our_people(
    actor: Actor, activity_id: uuid.UUID, limit: int, after: Cursor | None, now: dt.datetime
) -> list[OurPerson]:
    """Return up to `limit` of our people who are signed up for an activity, masked, with what became of each.

    Who may see the activity is asked by `get_event`; whoever is not of the caller's units is not in this list.
    """
    session, scope = reading(), units.unit_ids_in_scope(actor, READ)
    day = _today(now)
    found = queries.our_signups(session, activity_id, queries.people_of(scope, day), limit, after)
    people = {signup.person_id for signup, _ in found}
    names = registration.display_names(session, people)
    of_unit = memberships.units_of(session, people, day)
    briefs = units.unit_briefs(set(of_unit.values()))
    states = _states([(signup.person_id, shift.id) for signup, shift in found], now)
    return [
        OurPerson(
            signup.id,
            signup.person_id,
            names.get(signup.person_id, ""),
            briefs[of_unit[signup.person_id]].name if signup.person_id in of_unit else "",
            shift.post,
            shift.starts_at,
            shift.ends_at,
            SignupStatus(signup.status).value,
            states.get((signup.person_id, shift.id), ""),
        )
        for signup, shift in found
    ]


def going(
    actor: Actor, unit_id: uuid.UUID | None, weeks: int, limit: int, after: Cursor | None, now: dt.datetime
) -> list[GoingRow]:
    """Return up to `limit` activities of the next weeks for which the caller's people are signed up.

    Raises:
        NotFound: a unit outside the scope.
    """
    session, scope = reading(), _scope(actor, unit_id, now)
    ours = queries.people_of(scope, _today(now))
    found = queries.going(session, ours, (now, now + dt.timedelta(weeks=weeks)), limit, after)
    ids = [one.activity_id for one in found]
    known = queries.activities_of(session, ids)
    mine = queries.organised_among(session, ids, scope)
    places = stations.station_briefs({one.station_id for one in known.values()})
    names = organizing.names_of({key: (one.organizer_unit_id, one.team_id) for key, one in known.items()})
    rows = []
    for one in found:
        activity = known[one.activity_id]
        place = places[activity.station_id].name
        rows.append(GoingRow(activity.title, place, names[activity.id], activity.id in mine, one))
    return rows


def count_going(actor: Actor, unit_id: uuid.UUID | None, weeks: int, now: dt.datetime) -> tuple[int, int, int]:
    """Return how many of the caller's people have a place in the next weeks, how many places, and how many wait.

    Raises:
        NotFound: a unit outside the scope.
    """
    ours = queries.people_of(_scope(actor, unit_id, now), _today(now))
    return queries.count_going(reading(), ours, (now, now + dt.timedelta(weeks=weeks)))


def _wanted(actor: Actor, query: EventsQuery, now: dt.datetime) -> Wanted:
    """Return the query with the caller's scope in it."""
    wanted = Wanted(_scope(actor, query.unit_id, now), query.when)
    return replace(wanted, status=query.status, station_id=query.station_id, q=query.q)


def _scope(actor: Actor, unit_id: uuid.UUID | None, now: dt.datetime) -> queries.Ids | None:
    """Return the caller's units, or one of them with all below it; None = all units there are."""
    if unit_id is None:
        return units.unit_ids_in_scope(actor, READ)
    units.require_unit(actor, READ, unit_id)
    return frozenset({unit_id, *reading().scalars(unit_queries.ids_in_scope((unit_id,), (), _today(now)))})


def _states(places: Sequence[queries.Place], now: dt.datetime) -> dict[queries.Place, str]:
    """Return what is known of each (person, shift): check-in's state, or `made-up`; who left no trace is left out."""
    session, wanted = reading(), set(places)
    found = dict.fromkeys(queries.made_up(session, wanted), "made-up")
    there = queries.attendances_of(session, wanted)
    return found | {(row.person_id, row.shift_id): checkin.view(row, now)["state"].value for row in there}


def _today(now: dt.datetime) -> dt.date:
    """Return the day of the site."""
    return site_day(now, settings().zone)
