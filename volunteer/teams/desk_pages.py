"""Teams at the desk: founded, changed, dissolved, given members and a leader, by who has a say over their owner."""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from volunteer.access import Actor, Permission, Scope
from volunteer.areas import service as areas
from volunteer.clock import Instant
from volunteer.database import reading
from volunteer.errors import Fault, NotFound, VolunteerError
from volunteer.registration import service as registration
from volunteer.stations import listing as stations_listing
from volunteer.stations import service as stations
from volunteer.teams import keeping, members, service, views
from volunteer.teams import schemas as s
from volunteer.teams.models import Team
from volunteer.teams.pages import KINDS, choices, listed
from volunteer.units import listing as units_listing
from volunteer.units import service as units
from volunteer.web import picking
from volunteer.web.forms import faults_of, filled, load, tried, typed
from volunteer.web.layout import Card
from volunteer.web.pages import Pages

pages = Pages("teams_desk")
READ, MANAGE, UNIT, BOTH = Permission.READ_TEAMS, Permission.MANAGE_TEAMS, Scope.UNIT, ("GET", "POST")
TEAM = "/manage/teams/<uuid:team_id>"
FIELDS = ("name", "kind", "code", "introduction", "required_skill", "requirement", "takes_requests")
FINDERS: Mapping[str, picking.Find] = {
    "unit_id": units_listing.find_units,
    "station_id": stations_listing.find_stations,
    "area_id": areas.find_areas,
}
Picks = dict[str, picking.Picked]


@pages.page("/manage/teams", READ, UNIT)
def list_page() -> Any:
    """List the teams over which the caller has a say."""
    shown, status = listed(mine_only=True)
    teams, people = views.count_people(g.actor, g.now)
    return render_template(
        "teams/desk_list.html", **shown, teams=teams, people=people, may_add=g.actor.has(MANAGE)
    ), status


@pages.page("/manage/teams/new", MANAGE, UNIT, methods=BOTH)
def new_page() -> Any:
    """Found a team."""
    if request.method == "GET":
        blank = dict.fromkeys((*FIELDS, "founded_on"), "") | {"takes_requests": "1"}
        return _form(blank, _own_picks(), [])
    texts, values, picked, faults = _typed("founded_on")
    return _save(lambda: keeping.add_team(g.actor, values, g.now).id, texts, picked, faults)


@pages.page(f"{TEAM}/edit", MANAGE, UNIT, methods=BOTH)
def edit_page(team_id: uuid.UUID) -> Any:
    """Change a team."""
    team = _team(team_id)
    if request.method == "GET":
        texts = {name: str(getattr(team, name) or "") for name in FIELDS if name != "takes_requests"}
        texts["takes_requests"] = "1" if team.takes_requests else ""
        return _form(texts, _picks(team), [], team=team)
    texts, values, picked, faults = _typed()
    values.pop("founded_on")
    if values.get("code") is None:
        values.pop("code", None)
    return _save(lambda: keeping.change_team(g.actor, team_id, values, g.now).id, texts, picked, faults, team=team)


@pages.page(f"{TEAM}/dissolve", MANAGE, UNIT, methods=BOTH)
def dissolve_page(team_id: uuid.UUID) -> Any:
    """Ask from which day on and why, and dissolve the team."""
    team = _team(team_id)
    texts, faults = typed("on", "reason"), list[Fault]()
    if request.method == "POST":
        body, faults = load(s.EndForm(), filled(texts))
        if not faults:
            faults = tried(lambda: keeping.dissolve(g.actor, team_id, body["on"], body["reason"], g.now), "on")
        if not faults:
            return redirect(url_for("teams.team_page", team_id=team_id, done="dissolved"), 303)
    texts["on"] = texts["on"] or str(service.today(g.now))
    count = views.get_team(team_id, g.now)["member_count"]
    template = render_template("teams/dissolve.html", team=team, count=count, typed=texts, faults=faults)
    return template, 422 if faults else 200


@pages.page(f"{TEAM}/add", MANAGE, UNIT, methods=BOTH)
def add_page(team_id: uuid.UUID) -> Any:
    """Look for a person by their whole number or phone, and add them."""
    return _member(team_id, is_leader=False)


@pages.page(f"{TEAM}/leader", MANAGE, UNIT, methods=BOTH)
def leader_page(team_id: uuid.UUID) -> Any:
    """Look for a person by their whole number or phone, and let them lead."""
    return _member(team_id, is_leader=True)


def card(actor: Actor, now: Instant) -> Card | None:
    """Tell staff how many people ask to join their teams."""
    count = views.count_waiting(actor, now) if actor.has(MANAGE) else 0
    if not count:
        return None
    text = _("people ask to join one of your teams.")
    return Card(_("Requests to join a team"), str(count), text, url_for("teams_desk.list_page"), _("Look at the teams"))


def _member(team_id: uuid.UUID, *, is_leader: bool) -> Any:
    """Ask for a person and a day, and let them join or lead."""
    team = _team(team_id)
    texts, faults = typed("number", "from"), list[Fault]()
    if request.method == "POST":
        body, faults = load(s.MemberForm(), filled(texts))
        if not faults:
            faults = _joined(team_id, body["number"], body["from_on"], is_leader=is_leader)
        if not faults:
            done = "leader" if is_leader else "added"
            return redirect(url_for("teams.members_page", team_id=team_id, done=done), 303)
    texts["from"] = texts["from"] or str(service.today(g.now))
    about = {"team": team, "is_leader": is_leader}
    return render_template("teams/desk_member.html", **about, typed=texts, faults=faults), 422 if faults else 200


def _joined(team_id: uuid.UUID, number: str, on: dt.date | None, *, is_leader: bool) -> list[Fault]:
    """Let the person with a whole number or phone join or lead; return what is in the way."""
    found = registration.find_whole(reading(), number)
    reached = []
    for one in found:
        try:
            members.require_reach(g.actor, one.id)
        except NotFound:
            continue
        reached.append(one)
    if not reached:
        words = "没有找到这位志愿者,或不在您的管理范围内。请填写完整的志愿者编号或手机号。"
        return [Fault("number", "unknown", words)]
    if len(reached) > 1:
        numbers = "、".join(f"{one.display_name} {one.volunteer_no}" for one in reached)
        return [Fault("number", "several", f"这个手机号有多位志愿者使用:{numbers}。请填写志愿者编号。")]
    act = members.make_leader if is_leader else members.add_member
    return tried(lambda: act(g.actor, team_id, reached[0].id, on, g.now), "number")


def _team(team_id: uuid.UUID) -> Team:
    """Return a team over which the caller has a say.

    Raises:
        NotFound: there is none such.
    """
    service.require_say(g.actor, MANAGE, team_id, service.today(g.now), or_leads=False)
    return service.get_team(team_id)


def _own_picks() -> Picks:
    """Return the owner of a new team where the caller has but one to give."""
    picked = dict.fromkeys(FINDERS, picking.Picked())
    own_units = [] if g.actor.is_admin else units.list_in_scope(g.actor, MANAGE, 2)
    own_stations = [] if g.actor.is_admin else stations.stations_in_scope(g.actor, MANAGE)[:2]
    if len(own_units) == 1:
        picked["unit_id"] = picking.shown(own_units[0])
    if len(own_stations) == 1:
        picked["station_id"] = picking.shown(own_stations[0])
    return picked


def _picks(team: Team) -> Picks:
    """Return what is chosen by typing, as the form shows it."""
    unit = units.unit_briefs([team.unit_id]).get(team.unit_id) if team.unit_id else None
    station = stations.station_briefs([team.station_id]).get(team.station_id) if team.station_id else None
    return {
        "unit_id": picking.shown(unit),
        "station_id": picking.shown(station),
        "area_id": picking.shown(areas.area_of(team.area_id)),
    }


def _typed(*more: str) -> tuple[dict[str, str], dict[str, Any], Picks, list[Fault]]:
    """Return what was typed, what it means, what was chosen, and all faults."""
    texts = typed(*FIELDS, *more)
    values, faults = load(s.TeamForm(), filled(texts))
    picked = {name: picking.pick(name, find) for name, find in FINDERS.items()}
    values |= {name: one.id for name, one in picked.items()}
    return texts, values, picked, faults + [fault for one in picked.values() for fault in one.faults]


def _save(
    save: Callable[[], uuid.UUID], texts: dict[str, str], picked: Picks, faults: list[Fault], **about: Any
) -> Any:
    """Save a form that has no faults and go to the team; else return it with all that is wrong."""
    status = 422
    if not faults:
        try:
            team_id = save()
        except VolunteerError as error:
            faults, status = faults_of(error, "code"), error.status
        else:
            return redirect(url_for("teams.team_page", team_id=team_id, done="saved"), 303)
    return _form(texts, picked, faults, status, **about)


def _form(
    texts: Mapping[str, str], picked: Picks, faults: list[Fault], status: int = 200, team: Team | None = None
) -> Any:
    """Return the form of a new team, or of a known one."""
    body = render_template(
        "teams/desk_form.html", texts=texts, picked=picked, faults=faults, kinds=KINDS, skills=choices(), team=team
    )
    return body, status
