"""Teams on pages: found, looked at, asked to join, left; and who leads one answers requests and sees its members.

Source: domain.md c2 (Team), c3 (join modes), H10 (nobody is put anywhere without knowing it); decisions 14.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from flask import g, redirect, render_template, request, url_for

from volunteer.access import NOBODY, Permission, Scope
from volunteer.errors import Fault, IllegalTransition
from volunteer.registration import code_tables
from volunteer.registration import service as registration
from volunteer.registration.service import Whom
from volunteer.teams import joining, members, service, views
from volunteer.teams import schemas as s
from volunteer.teams.rules import TeamKind
from volunteer.web.forms import filled, load, tried, typed
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page

pages = Pages("teams")
SIGNED_IN, SELF, UNIT, BOTH = Permission.SIGNED_IN, Scope.SELF, Scope.UNIT, ("GET", "POST")
TEAM, REQUEST = "/teams/<uuid:team_id>", "/team-requests/<uuid:request_id>"
ROWS = 50
KINDS = [(kind.value, kind.label) for kind in TeamKind]
KIND_WORDS = dict(KINDS)
STANDING = {"standing": True, "dissolved": False, "all": None}


def skill_words() -> dict[str, str]:
    """Return the words for the skills on offer, by code."""
    return {entry.code: entry.label for entry in code_tables.list_codes("skills")}


def listed(*, mine_only: bool) -> tuple[dict[str, Any], int]:
    """Return what a list of teams shows, by the filters of the address, and the status."""
    asked = {name: request.args.get(name, "").strip() for name in ("q", "kind", "show")}
    query, faults = load(s.TeamFilter(), filled(asked))
    rows: list[dict[str, Any]] = []
    if not faults:
        wanted = views.Wanted(query["q"], query["kind"], standing=STANDING[query["show"]], mine_only=mine_only)
        after = decode_cursor(request.args.get("cursor"), str, uuid.UUID)
        rows = views.list_teams(g.actor, wanted, ROWS + 1, after, g.now)
    found = page(rows, ROWS, lambda row: (row["name"], row["id"]))
    more: dict[str, Any] = {name: text or None for name, text in asked.items()}
    next_url = url_for(request.endpoint or "", **more, cursor=found["next_cursor"]) if found["next_cursor"] else ""
    return {
        "typed": asked,
        "faults": faults,
        "items": found["items"],
        "next_url": next_url,
        "kinds": KINDS,
        "kind_words": KIND_WORDS,
        "is_filtered": bool(filled(asked)),
    }, 422 if faults else 200


@pages.page("/teams", Permission.ANYONE, Scope.NOTHING)
def list_page() -> Any:
    """List the teams by name, as everybody may see them."""
    shown, status = listed(mine_only=False)
    return render_template("teams/list.html", **shown), status


@pages.page(TEAM, Permission.ANYONE, Scope.NOTHING)
def team_page(team_id: uuid.UUID) -> Any:
    """Show a team, and what the caller can do about it."""
    team = views.get_team(team_id, g.now)
    actor = g.get("actor", NOBODY)
    person_id = registration.find_own_person(actor)
    own = views.own_teams(person_id, g.now) if person_id else []
    asked = [one for one in views.own_requests(person_id) if one.team_id == team_id] if person_id else []
    today = service.today(g.now)
    return render_template(
        "teams/team.html",
        team=team,
        kind_words=KIND_WORDS,
        skills=skill_words(),
        is_person=person_id is not None,
        mine=next((one for one in own if one["team"]["id"] == team_id), None),
        asked=asked[0] if asked else None,
        may_answer=not actor.is_anonymous
        and (service.has_say(actor, views.READ, team_id) or service.leads(actor, team_id, today)),
        may_manage=actor.has(views.MANAGE) and service.has_say(actor, views.MANAGE, team_id),
        done=request.args.get("done", ""),
    )


@pages.page(f"{TEAM}/join", SIGNED_IN, SELF, methods=BOTH)
def join_page(team_id: uuid.UUID) -> Any:
    """Ask to join, for oneself or for one for whom the caller acts."""
    whom = registration.whom(g.actor, request.values.get("volunteer_id", ""))
    team = views.get_team(team_id, g.now)
    texts, faults = typed("note"), list[Fault]()
    if request.method == "POST":
        body, faults = load(s.NoteForm(), filled(texts))
        if not faults:
            try:
                joining.ask(g.actor, team_id, whom.volunteer_id, body["note"], g.now)
            except members.JoinRefused as error:
                faults = [Fault("note", error.code, error.detail)]
            else:
                return redirect(url_for("teams.own_page", volunteer_id=whom.volunteer_id, done="asked"), 303)
    about = {"team": team, "whom": whom, "kind_words": KIND_WORDS, "skills": skill_words()}
    about["others"] = [(one.id, one.display_name) for one in whom.others]
    return render_template("teams/join.html", **about, typed=texts, faults=faults), 422 if faults else 200


@pages.page(f"{TEAM}/leave", SIGNED_IN, SELF, methods=BOTH)
def leave_page(team_id: uuid.UUID) -> Any:
    """Ask whether, and leave the team."""
    whom = registration.whom(g.actor, request.values.get("volunteer_id", ""))
    mine = [one for one in views.own_teams(whom.person_id, g.now) if one["team"]["id"] == team_id]
    if request.method == "POST":
        members.leave(g.actor, team_id, whom.volunteer_id, g.now)
        return redirect(url_for("teams.own_page", volunteer_id=whom.volunteer_id, done="left"), 303)
    if not mine:
        raise IllegalTransition("您不在这支队伍中,不用退出。")
    return render_template("teams/leave.html", team=mine[0]["team"], leads=mine[0]["leads"], whom=whom)


@pages.page("/me/teams", SIGNED_IN, SELF)
def own_page() -> Any:
    """Show one's teams and requests, or those of one for whom the caller acts."""
    whom: Whom = registration.whom(g.actor, request.args.get("volunteer_id", ""))
    teams = views.own_teams(whom.person_id, g.now)
    return render_template(
        "teams/mine.html",
        whom=whom,
        teams=teams,
        waiting=views.count_waiting(g.actor, g.now) if any(one["leads"] for one in teams) and not whom.other else 0,
        requests=views.own_requests(whom.person_id),
        kind_words=KIND_WORDS,
        done=request.args.get("done", ""),
    )


@pages.page(f"{REQUEST}/withdraw", SIGNED_IN, SELF, methods=("POST",))
def withdraw_page(request_id: uuid.UUID) -> Any:
    """Take a request back."""
    row = joining.withdraw(g.actor, request_id, g.now)
    own = registration.find_own_person(g.actor)
    other = row.person_id if row.person_id != own else None
    return redirect(url_for("teams.own_page", volunteer_id=other, done="withdrawn"), 303)


@pages.page(f"{TEAM}/members", SIGNED_IN, UNIT)
def members_page(team_id: uuid.UUID) -> Any:
    """Show who is in a team on a day, who led it when, and who asks to join."""
    asked = request.args.get("as_of", "").strip()
    query, faults = load(s.MemberQuery(), {"as_of": asked} if asked else {})
    day: dt.date | None = None if faults else query["as_of"]
    after = decode_cursor(request.args.get("cursor"), dt.date.fromisoformat, uuid.UUID)
    rows = views.list_members(g.actor, team_id, day, ROWS + 1, after, g.now)
    found = page(rows, ROWS, lambda row: (row.from_on, row.volunteer_id))
    more = {"as_of": asked or None, "cursor": found["next_cursor"]}
    body = render_template(
        "teams/members.html",
        team=views.get_team(team_id, g.now),
        as_of=day or service.today(g.now),
        is_today=day is None or day == service.today(g.now),
        typed={"as_of": asked},
        faults=faults,
        items=found["items"],
        next_url=url_for("teams.members_page", team_id=team_id, **more) if found["next_cursor"] else "",
        leaders=views.list_leaders(g.actor, team_id, g.now),
        requests=views.list_requests(g.actor, team_id, "open", 200, None, g.now),
        may_manage=g.actor.has(views.MANAGE) and service.has_say(g.actor, views.MANAGE, team_id),
        may_answer=_may_answer(team_id),
        done=request.args.get("done", ""),
    )
    return body, 422 if faults else 200


def _may_answer(team_id: uuid.UUID) -> bool:
    """Whether the caller answers requests and takes members out; an auditor only reads."""
    is_staff = g.actor.has(views.MANAGE) and service.has_say(g.actor, views.MANAGE, team_id)
    return is_staff or service.leads(g.actor, team_id, service.today(g.now))


@pages.page(f"{TEAM}/members/<uuid:person_id>/end", SIGNED_IN, UNIT, methods=BOTH)
def end_page(team_id: uuid.UUID, person_id: uuid.UUID) -> Any:
    """Ask from which day on and why, and take a person out of the team."""
    service.require_say(g.actor, views.MANAGE, team_id, service.today(g.now), or_leads=True)
    rows = views.list_members(g.actor, team_id, None, 10_000, None, g.now)
    member = next((row for row in rows if row.volunteer_id == person_id), None)
    if member is None:
        raise IllegalTransition("这位志愿者今天已不在队伍中。")
    texts, faults = typed("on", "reason"), list[Fault]()
    if request.method == "POST":
        body, faults = load(s.EndForm(), filled(texts))
        if not faults:
            faults = tried(
                lambda: members.end_member(g.actor, team_id, person_id, body["on"], body["reason"], g.now), "reason"
            )
        if not faults:
            return redirect(url_for("teams.members_page", team_id=team_id, done="ended"), 303)
    texts["on"] = texts["on"] or str(service.today(g.now))
    about = {"team": views.get_team(team_id, g.now), "member": member}
    return render_template("teams/end.html", **about, typed=texts, faults=faults), 422 if faults else 200


@pages.page(f"{REQUEST}/approve", SIGNED_IN, UNIT, methods=("POST",))
def approve_page(request_id: uuid.UUID) -> Any:
    """Agree that somebody joins."""
    asked = views.request_of(g.actor, request_id, g.now)
    joining.approve(g.actor, request_id, g.now)
    return redirect(url_for("teams.members_page", team_id=asked.team_id, done="approved"), 303)


@pages.page(f"{REQUEST}/reject", SIGNED_IN, UNIT, methods=BOTH)
def reject_page(request_id: uuid.UUID) -> Any:
    """Ask why, and refuse."""
    asked = views.request_of(g.actor, request_id, g.now)
    texts, faults = typed("reason"), list[Fault]()
    if request.method == "POST":
        body, faults = load(s.TeamReasonIn(), filled(texts))
        if not faults:
            joining.reject(g.actor, request_id, body["reason"], g.now)
            return redirect(url_for("teams.members_page", team_id=asked.team_id, done="rejected"), 303)
    template = render_template("teams/reject.html", asked=asked, typed=texts, faults=faults)
    return template, 422 if faults else 200


def choices() -> Sequence[tuple[str, str]]:
    """Return the skills that a team may ask for."""
    return list(skill_words().items())
