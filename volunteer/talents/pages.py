"""One's own place in the talent pool: saying yes or leaving, when one has time, which papers one has.

For a dependant the same, with `volunteer_id`. Source: domain.md A9; ux.md V7.
"""

import uuid
from typing import Any

from flask import g, redirect, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.errors import Conflict, Fault, Forbidden, InvalidInput, NotFound
from volunteer.registration import service as registration
from volunteer.registration.service import Whom
from volunteer.talents import schemas as s
from volunteer.talents import service
from volunteer.talents.rules import WEEKDAYS, Part, QualificationKind
from volunteer.web.forms import faults_of, filled, load, typed
from volunteer.web.pages import Pages

pages = Pages("talents")
SIGNED_IN, SELF, BOTH = Permission.SIGNED_IN, Scope.SELF, ("GET", "POST")
FIELDS = ("kind", "name", "number", "issuer", "expires_on")
#: Every part of every weekday, as the value and the words of a box.
TIMES = tuple(
    (f"{number}-{part.value}", f"{day}{part.label}") for number, day in enumerate(WEEKDAYS, start=1) for part in Part
)


@pages.page("/me/talents", SIGNED_IN, SELF, methods=BOTH)
def own_page() -> Any:
    """Show what the pool knows of oneself; a POST says when one has time."""
    whom = _whom()
    if request.method == "POST":
        known = dict(TIMES)
        times = [one.split("-") for one in request.form.getlist("times") if one in known]
        service.set_times(g.actor, whom.person_id, [(int(day), part) for day, part in times], g.now)
        return _back(whom, "times")
    found = service.profile(g.actor, whom.person_id, g.now)
    return render_template(
        "talents/own.html",
        whom=whom,
        found=found,
        all_times=TIMES,
        times=[f"{day}-{part}" for day, part in found.times],
        done=request.args.get("done", ""),
    )


@pages.page("/me/talents/join", SIGNED_IN, SELF, methods=("POST",))
def join() -> Any:
    """Join the pool."""
    whom = _whom()
    try:
        service.join(g.actor, whom.person_id, g.now)
    except Conflict:
        return _back(whom, "")  # the page says why
    return _back(whom, "join")


@pages.page("/me/talents/leave", SIGNED_IN, SELF, methods=BOTH)
def leave_page() -> Any:
    """Ask, and leave the pool."""
    whom = _whom()
    if request.method == "GET":
        return render_template("talents/leave.html", whom=whom)
    service.leave(g.actor, whom.person_id, g.now)
    return _back(whom, "leave")


@pages.page("/me/talents/papers/new", SIGNED_IN, SELF, methods=BOTH)
def new_page() -> Any:
    """Add a paper."""
    whom = _whom()
    told, faults = typed(*FIELDS), list[Fault]()
    if request.method == "POST":
        body, faults = load(s.PaperIn(), filled(told))
        if not faults:
            try:
                service.add_paper(g.actor, whom.person_id, body, g.now)
            except InvalidInput as error:
                faults = faults_of(error, "kind")
            else:
                return _back(whom, "paper")
    page = render_template(
        "talents/paper.html",
        back=url_for("talents.own_page", volunteer_id=whom.volunteer_id),
        whom=whom,
        told=told,
        faults=faults,
        kinds=[(kind.value, kind.label) for kind in QualificationKind],
    )
    return page, 422 if faults else 200


@pages.page("/me/talents/papers/<uuid:paper_id>/remove", SIGNED_IN, SELF, methods=BOTH)
def remove_page(paper_id: uuid.UUID) -> Any:
    """Ask, and delete a paper of one's own."""
    person_id, paper = service.get_paper(g.actor, paper_id, g.now)
    if not registration.may_act_for(g.actor, person_id):
        raise NotFound
    own = registration.find_own_person(g.actor) == person_id
    whose = None if own else person_id
    if request.method == "POST":
        service.remove_paper(g.actor, paper_id, g.now)
        return redirect(url_for("talents.own_page", volunteer_id=whose, done="removed"), 303)
    back = url_for("talents.own_page", volunteer_id=whose)
    return render_template("talents/remove.html", paper=paper, back=back)


def _whom() -> Whom:
    """Return whose page it is.

    Raises:
        Forbidden: `not-a-volunteer`, where nobody is chosen.
    """
    chosen = request.values.get("volunteer_id", "")
    if not chosen and registration.find_own_person(g.actor) is None:
        raise Forbidden("您的账号还没有注册为志愿者,请先注册。", code="not-a-volunteer")
    return registration.whom(g.actor, chosen)


def _back(whom: Whom, done: str) -> Any:
    """Go back to the page, with what was done."""
    return redirect(url_for("talents.own_page", volunteer_id=whom.volunteer_id, done=done or None), 303)
