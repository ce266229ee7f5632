"""Activities on pages: finding one, signing up after a look at the terms, seeing and cancelling one's sign-ups.

Source: ux.md P4, V3, V9, J6; contract, Activities.
"""

import datetime as dt
import uuid
from typing import Any

from flask import g, redirect, render_template, request, url_for
from marshmallow import ValidationError

from volunteer.access import Permission, Scope
from volunteer.accounts import service as accounts
from volunteer.activities import organizing, own_signups, signups, views
from volunteer.activities.rules import LIVE
from volunteer.activities.schemas import ActivityQuery
from volunteer.clock import aware
from volunteer.errors import Fault, VolunteerError
from volunteer.registration import code_tables
from volunteer.registration import service as registration
from volunteer.web.guard import channel_of
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page
from volunteer.web.schemas import flatten

pages = Pages("activities")
FILTERS = ("q", "category", "from", "show")
ROWS = 20


@pages.page("/activities", Permission.ANYONE, Scope.NOTHING)
def list_page() -> Any:
    """List the activities that fit the filters; without any, those that one can sign up for."""
    typed = {name: request.args.get(name, "").strip() for name in FILTERS}
    asked = {name: value for name, value in typed.items() if value and name != "show"}
    if typed["show"] != "all":
        asked["open"] = "true"
    faults: list[Fault] = []
    rows: list[dict[str, Any]] = []
    try:
        query = ActivityQuery().load(asked)
        wanted = views.Wanted(**{name: value for name, value in query.items() if name not in ("limit", "cursor")})
        last = decode_cursor(request.args.get("cursor"), uuid.UUID)
        rows = views.list_newest(g.actor, wanted, ROWS + 1, last[0] if last else None, g.now)
    except ValidationError as error:
        faults = [_for_people(fault) for fault in flatten(error.messages)]
    listed = page([_listed(row) for row in rows], ROWS, lambda row: (row["id"],))
    body = render_template("activities/list.html", typed=typed, faults=faults, categories=_categories(), **listed)
    return body, 422 if faults else 200


def _for_people(fault: Fault) -> Fault:
    """Return a fault as the form means it: its day is a day, never an instant with a zone."""
    return Fault("from", fault.code, "请填写日期,例如 2026-03-05。") if fault.field == "from" else fault


def _categories() -> list[tuple[str, str]]:
    """Return the categories on offer, as code and word."""
    return [(entry.code, entry.label) for entry in code_tables.list_codes("categories")]


def _listed(row: dict[str, Any]) -> dict[str, Any]:
    """Return an activity with the shift that comes next and the seats that are left in those to come."""
    ahead = [one for one in row["shifts"] if one["ends_at"] > g.now and not one["cancelled"]]
    first = min(ahead, key=lambda one: one["starts_at"], default=None)
    return row | {"next": first, "seats_left": sum(one["seats_left"] for one in ahead), "ahead": len(ahead)}


@pages.page("/activities/<uuid:activity_id>", Permission.ANYONE, Scope.NOTHING)
def activity_page(activity_id: uuid.UUID) -> Any:
    """Show an activity and its shifts, each with its way in."""
    activity = views.get_activity(g.actor, activity_id)
    category = dict(_categories()).get(activity["category"], activity["category"])
    return render_template(
        "activities/activity.html",
        activity=activity,
        category=category,
        organizer=organizing.named(activity),
        now=g.now,
    )


@pages.page("/shifts/<uuid:shift_id>/signup", Permission.SIGNED_IN, Scope.PERSON, methods=("GET", "POST"))
def signup_page(shift_id: uuid.UUID) -> Any:
    """Show the terms of a shift, and sign up for it: oneself, or somebody whom one acts for."""
    shift = views.get_shift(g.actor, shift_id)
    activity = views.get_activity(g.actor, shift["activity_id"])
    me = accounts.who_am_i(g.actor)
    if not me["acts_for"]:
        registration.own_person(g.actor)
    if request.method == "GET":
        return render_template("activities/signup.html", shift=shift, activity=activity, me=me)
    chosen = request.form.get("volunteer_id", "")
    who = next((one.id for one in me["acts_for"] if str(one.id) == chosen), None)
    answer = signups.sign_up(g.actor, shift_id, who, channel_of(g.actor), g.now)
    if answer.signup is None:
        body = render_template("activities/refused.html", shift=shift, activity=activity, reasons=answer.reasons)
        return body, 409
    return redirect(url_for("activities.own_signup_page", signup_id=answer.signup.id, fresh=1), 303)


@pages.page("/me/signups", Permission.SIGNED_IN, Scope.SELF)
def own_signups_page() -> Any:
    """List the caller's sign-ups, or those of somebody they act for: to come, then past."""
    others = accounts.who_am_i(g.actor)["acts_for"]
    who = next((one for one in others if str(one.id) == request.args.get("volunteer_id")), None)
    person_id = who.id if who else registration.own_person(g.actor)
    before = decode_cursor(request.args.get("cursor"), _instant, uuid.UUID)
    rows = own_signups.list_own_signups(person_id, ROWS + 1, before)
    listed = page(rows, ROWS, lambda row: (row["created_at"].isoformat(), row["id"]))
    ahead = [row for row in listed["items"] if row["ends_at"] > g.now and row["status"] in LIVE]
    past = [row for row in listed["items"] if row not in ahead]
    ahead.sort(key=lambda row: row["starts_at"])
    return render_template(
        "activities/own_signups.html",
        ahead=ahead,
        past=past,
        next_cursor=listed["next_cursor"],
        others=others,
        who=who,
    )


@pages.page("/me/signups/<uuid:signup_id>", Permission.SIGNED_IN, Scope.PERSON)
def own_signup_page(signup_id: uuid.UUID) -> Any:
    """Show where a sign-up stands, and what can be done."""
    return _shown(signup_id)


@pages.page("/me/signups/<uuid:signup_id>/cancel", Permission.SIGNED_IN, Scope.PERSON, methods=("GET", "POST"))
def cancel_page(signup_id: uuid.UUID) -> Any:
    """Ask whether the sign-up is to be cancelled, and cancel it."""
    signup = own_signups.get_own_signup(g.actor, signup_id)
    if request.method == "GET":
        return render_template("activities/cancel.html", signup=signup)
    try:
        signups.cancel_signup(g.actor, signup_id, request.form.get("reason", "").strip()[:500] or None, g.now)
    except VolunteerError as error:
        if error.status != 409:
            raise
        return _shown(signup_id, error.detail), 409
    return redirect(url_for("activities.own_signup_page", signup_id=signup_id), 303)


def _shown(signup_id: uuid.UUID, problem: str = "") -> str:
    """Return the page of a sign-up."""
    signup = own_signups.get_own_signup(g.actor, signup_id)
    may_cancel = signup["status"] in LIVE and signup["ends_at"] > g.now
    return render_template(
        "activities/own_signup.html",
        signup=signup,
        may_cancel=may_cancel,
        is_fresh="fresh" in request.args,
        problem=problem,
    )


def _instant(text: str) -> dt.datetime:
    """Read an instant of a cursor; ValueError for a naive one."""
    return aware(dt.datetime.fromisoformat(text))
