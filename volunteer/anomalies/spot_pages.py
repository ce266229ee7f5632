"""Spot checks on pages: draw, go through the records with four questions, publish; results for everybody.

Source: Order 67 Art. 21, 22.
"""

import uuid
from typing import Any

from flask import Response, g, redirect, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.anomalies import spot_checks, spot_rules
from volunteer.anomalies import spot_schemas as s
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.errors import Fault, NotFound, VolunteerError
from volunteer.stations import listing as stations_listing
from volunteer.web import picking
from volunteer.web.forms import faults_of, filled, load, tried, typed
from volunteer.web.pages import Pages

pages = Pages("spot_checks")
READ, DO, SITE, BOTH = Permission.AUDIT, Permission.MANAGE_SITE, Scope.SITE, ("GET", "POST")
MOST = 100
ANSWERS = [(one.value, one.label) for one in spot_rules.Answer]
CHECK = "/manage/spot-checks/<uuid:check_id>"


@pages.page("/spot-checks", Permission.ANYONE, Scope.NOTHING)
def results_page() -> Any:
    """Show the published results to everybody."""
    rows = spot_checks.list_checks(MOST, None, published_only=True)
    drawn = spot_checks.list_drawn(MOST)
    return render_template("anomalies/spot_results.html", rows=rows, drawn=drawn, words=spot_rules.QUESTION_WORDS)


@pages.page("/spot-checks/<uuid:check_id>/records.txt", Permission.ANYONE, Scope.NOTHING)
def population_page(check_id: uuid.UUID) -> Any:
    """Show the ids of the records that were drawn from, a line each: no person, no day, no station."""
    ids = spot_checks.get_population(g.actor, check_id)
    return Response("".join(f"{one}\n" for one in ids), mimetype="text/plain")


@pages.page("/manage/spot-checks", READ, SITE)
def list_page() -> Any:
    """List the checks, published or not."""
    rows = spot_checks.list_checks(MOST, None, published_only=False)
    return render_template("anomalies/spot_list.html", rows=rows, is_admin=g.actor.is_admin)


@pages.page("/manage/spot-checks/new", DO, SITE, methods=BOTH)
def new_page() -> Any:
    """Draw by lot."""
    g.actor.require_admin()
    texts, faults, picked = typed("title", "from", "to", "size"), list[Fault](), picking.Picked()
    if request.method == "POST":
        body, faults = load(
            s.DrawForm(),
            {name: int(text) if text.isdigit() and name == "size" else text for name, text in filled(texts).items()},
        )
        picked = picking.pick("station_id", stations_listing.find_stations)
        faults += picked.faults
        if not faults:
            scope = spot_checks.Scope(body["from_on"], body["to_on"], picked.id)
            try:
                made = spot_checks.draw(g.actor, body["title"], scope, body["size"], g.now)
            except VolunteerError as error:
                faults = faults_of(error, "size")
            else:
                return redirect(url_for("spot_checks.check_page", check_id=made.id, done="drawn"), 303)
    else:
        today = site_day(g.now, settings().zone)
        texts = {"title": "", "from": str(today.replace(day=1)), "to": str(today), "size": "10"}
    template = render_template("anomalies/spot_new.html", typed=texts, faults=faults, picked=picked)
    return template, 422 if faults else 200


@pages.page(CHECK, READ, SITE)
def check_page(check_id: uuid.UUID) -> Any:
    """Show a check with its records."""
    return _check(check_id, "", [], 200)


@pages.page(f"{CHECK}/publish", DO, SITE, methods=("POST",))
def publish_page(check_id: uuid.UUID) -> Any:
    """Publish the figures of a check."""
    texts = typed("conclusion")
    body, faults = load(s.PublishIn(), filled(texts))
    faults = faults or tried(lambda: spot_checks.publish(g.actor, check_id, body["conclusion"], g.now), "conclusion")
    if faults:
        return _check(check_id, texts["conclusion"], faults, 422)
    return redirect(url_for("spot_checks.check_page", check_id=check_id, done="published"), 303)


def _check(check_id: uuid.UUID, conclusion: str, faults: list[Fault], status: int) -> Any:
    """Return the page of a check."""
    body = render_template(
        "anomalies/spot_check.html",
        check=spot_checks.get_check(g.actor, check_id),
        items=spot_checks.list_items(g.actor, check_id),
        words=spot_rules.QUESTION_WORDS,
        answer_words=dict(ANSWERS),
        conclusion=conclusion,
        faults=faults,
        is_admin=g.actor.is_admin,
        done=request.args.get("done", "") if not faults else "",
    )
    return body, status


@pages.page(f"{CHECK}/items/<uuid:item_id>", DO, SITE, methods=BOTH)
def item_page(check_id: uuid.UUID, item_id: uuid.UUID) -> Any:
    """Go through one record with four questions."""
    item = next((one for one in spot_checks.list_items(g.actor, check_id) if one.id == item_id), None)
    if item is None:
        raise NotFound
    texts, faults = typed(*spot_rules.QUESTIONS, "note"), list[Fault]()
    if request.method == "POST":
        body, faults = load(s.AnswerIn(), filled(texts))
        if not faults:
            note = body.pop("note")
            faults = tried(lambda: spot_checks.answer(g.actor, item_id, body, note, g.now), "note")
        if not faults:
            return redirect(url_for("spot_checks.check_page", check_id=check_id, done="answered"), 303)
    elif item.answers:
        texts = dict(item.answers) | {"note": item.note or ""}
    about = {"item": item, "check_id": check_id, "questions": spot_rules.QUESTION_WORDS, "answers": ANSWERS}
    about |= {"helps": spot_rules.QUESTION_HELP, "scans": spot_checks.scans_of(g.actor, item)}
    return render_template("anomalies/spot_item.html", **about, typed=texts, faults=faults), 422 if faults else 200
