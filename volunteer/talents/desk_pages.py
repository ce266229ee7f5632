"""The talent pool for staff: looking for people in scope, one of them, their papers.

Nothing that is looked for names a person, so it stands in the address. Source: domain.md A9; ux.md A6.
"""

import uuid
from typing import Any

from flask import g, redirect, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.areas import service as areas
from volunteer.errors import Fault, InvalidInput
from volunteer.registration import code_tables, people, reach
from volunteer.registration import service as registration
from volunteer.talents import schemas as s
from volunteer.talents import searching, service
from volunteer.talents.asking import asked_of, wanted_of
from volunteer.talents.rules import WEEKDAYS, Part, QualificationKind
from volunteer.units import service as units
from volunteer.web.forms import faults_of, filled, load, typed
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page

pages = Pages("talents_desk")
ROWS, MOST_UNITS, MOST_AREAS = 50, 500, 500
FIELDS = ("kind", "name", "number", "issuer", "expires_on")
KINDS = [(kind.value, kind.label) for kind in QualificationKind]
BOTH = ("GET", "POST")


@pages.page("/talents", Permission.READ_REPORTS, Scope.UNIT)
def list_page() -> Any:
    """Look for people of the pool in scope."""
    asked = asked_of(request.args)
    wanted, cursor, faults = wanted_of(asked)
    rows: list[searching.Found] = []
    if not faults:
        last = decode_cursor(cursor, uuid.UUID)
        rows = searching.search(g.actor, wanted, ROWS, last[0] if last else None, g.now)
    listed = page(rows, ROWS, lambda row: (row.id,))
    offered = units.list_in_scope(g.actor, Permission.READ_PEOPLE, MOST_UNITS)
    body = render_template(
        "talents/list.html",
        asked=asked,
        kept={name: text for name, text in asked.items() if text and name != "cursor"},
        faults=faults,
        names=units.unit_briefs({row.person.unit_id for row in rows if row.person.unit_id}),
        units=[(unit.id, unit.name) for unit in offered],
        areas=[(area.id, area.name) for area in areas.list_areas(None, None, MOST_AREAS, None)],
        skills=_offered("skills"),
        categories=_offered("categories"),
        kinds=KINDS,
        weekdays=list(enumerate(WEEKDAYS, start=1)),
        parts=[(part.value, part.label) for part in Part],
        words=dict(_offered("skills")),
        time_words=time_words,
        **listed,
    )
    return body, 422 if faults else 200


def _offered(table: str) -> list[tuple[str, str]]:
    """Return what a code table offers, as code and word."""
    return [(entry.code, entry.label) for entry in code_tables.list_codes(table)]


def time_words(times: list[service.Time]) -> str:
    """Return times in words."""
    return "、".join(f"{WEEKDAYS[day - 1]}{Part(part).label}" for day, part in times)


@pages.page("/people/<uuid:person_id>/talents", Permission.READ_PEOPLE, Scope.PERSON)
def person_page(person_id: uuid.UUID) -> Any:
    """Show what the pool knows of a person in scope."""
    found = service.profile(g.actor, person_id, g.now)
    return render_template(
        "talents/person.html",
        person=people.get_person(g.actor, person_id, g.now),
        found=found,
        time_words=time_words,
        may_keep=reach.reaches(g.actor, Permission.MANAGE_PEOPLE, person_id),
        may_check=not registration.may_act_for(g.actor, person_id),
        done=request.args.get("done", ""),
    )


@pages.page("/people/<uuid:person_id>/talents/papers/new", Permission.MANAGE_PEOPLE, Scope.PERSON, methods=BOTH)
def new_page(person_id: uuid.UUID) -> Any:
    """Add a paper of a person in scope."""
    registration.require_person(g.actor, Permission.MANAGE_PEOPLE, person_id)
    told, faults = typed(*FIELDS), list[Fault]()
    if request.method == "POST":
        body, faults = load(s.PaperIn(), filled(told))
        if not faults:
            try:
                service.add_paper(g.actor, person_id, body, g.now)
            except InvalidInput as error:
                faults = faults_of(error, "kind")
            else:
                return redirect(url_for("talents_desk.person_page", person_id=person_id, done="paper"), 303)
    back = url_for("talents_desk.person_page", person_id=person_id)
    body_page = render_template("talents/paper.html", back=back, whom=None, told=told, faults=faults, kinds=KINDS)
    return body_page, 422 if faults else 200


@pages.page("/papers/<uuid:paper_id>/check", Permission.MANAGE_PEOPLE, Scope.PERSON, methods=BOTH)
def check_page(paper_id: uuid.UUID) -> Any:
    """Ask whether the entry was compared with the paper itself, and note it."""
    person_id, paper = service.get_paper(g.actor, paper_id, g.now)
    registration.require_person(g.actor, Permission.MANAGE_PEOPLE, person_id)
    if request.method == "POST":
        service.check_paper(g.actor, paper_id, g.now)
        return redirect(url_for("talents_desk.person_page", person_id=person_id, done="check"), 303)
    person = people.get_person(g.actor, person_id, g.now)
    return render_template("talents/check.html", paper=paper, person=person)


@pages.page("/papers/<uuid:paper_id>/remove", Permission.MANAGE_PEOPLE, Scope.PERSON, methods=BOTH)
def remove_page(paper_id: uuid.UUID) -> Any:
    """Ask, and delete a paper of a person in scope."""
    person_id, paper = service.get_paper(g.actor, paper_id, g.now)
    registration.require_person(g.actor, Permission.MANAGE_PEOPLE, person_id)
    if request.method == "POST":
        service.remove_paper(g.actor, paper_id, g.now)
        return redirect(url_for("talents_desk.person_page", person_id=person_id, done="removed"), 303)
    back = url_for("talents_desk.person_page", person_id=person_id)
    return render_template("talents/remove.html", paper=paper, back=back)
