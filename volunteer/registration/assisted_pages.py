"""Registering somebody who stands there with their paper and signed the consent: no phone, no screen of their own.

A keeper registers anybody, a liaison who belongs to their units. Source: ux.md S5; contract, POST /volunteers and
POST /volunteers/{id}/confirm; decisions 3, 9.
"""

import uuid
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from volunteer.access import Permission, Role, Scope
from volunteer.database import reading
from volunteer.errors import Conflict, Fault, InvalidInput, NotFound
from volunteer.registration import applications, code_tables, facts, reach, registering
from volunteer.registration.register_pages import PAPERS
from volunteer.registration.rules_consents import SEPARATE
from volunteer.registration.schemas import RegisterIn
from volunteer.units import service as units
from volunteer.units.service import UnitBrief
from volunteer.web import forms, limits
from volunteer.web.pages import Pages

pages = Pages("assisted")
FIELDS = ("name", "id_type", "id_number", "birth_date", "sex", "paper_consent_reference")
GUARDIAN = ("name", "relation")
MOST_OWN, MOST_FOUND = 200, 20
Typed = dict[str, str]


@pages.page("/people/new", Permission.REGISTER_OTHERS, Scope.UNIT, methods=("GET", "POST"))
def new_page() -> Any:
    """Ask for what stands on the paper, and register and confirm the person in one go."""
    if request.method == "GET":
        return _form({}, [], [])
    guardian = [f"guardian.{name}" for name in GUARDIAN]
    typed = forms.typed(*FIELDS, *guardian, "unit", "unit_id", "seen")
    unit_id, found, faults = _unit(typed)
    if not typed["seen"]:
        faults.append(Fault("seen", "required", _("Look at the paper and the signed consent first, then tick this.")))
    if not typed["paper_consent_reference"]:
        faults.append(Fault("paper_consent_reference", "required", _("Say where the signed consent is kept.")))
    body = RegisterIn().load(_body(typed, unit_id))
    faults += [fault for fault in applications.faults_of(body, g.now) if fault.field != "paper_consent_reference"]
    if faults:
        last = ("paper_consents", "paper_consent_reference", "seen")
        order = [*FIELDS[:-1], "unit", "unit_id", "guardian", *guardian, *last]
        faults.sort(key=lambda fault: order.index(fault.field) if fault.field in order else 0)
        return _form(typed, faults, found), 422
    try:
        limits.take("register", request.remote_addr or "", g.now)
        person = registering.register_seen(g.actor, body, g.now)
    except InvalidInput as error:
        return _form(typed, list(error.faults), found), 422
    except Conflict:
        known = Fault("id_number", "already-registered", _("This paper is registered already. Look the person up."))
        return _form(typed, [known], found), 409
    return redirect(url_for("assisted.done_page", person_id=person.id), 303)


@pages.page("/people/<uuid:person_id>/registered", Permission.REGISTER_OTHERS, Scope.PERSON)
def done_page(person_id: uuid.UUID) -> Any:
    """Say that it is done, to who did it, and what is next: the card, and signing up."""
    session = reading()
    if not reach.has_confirmed(session, g.actor, person_id):
        raise NotFound
    person = facts.facts_of(session, [person_id])[person_id]
    return render_template(
        "registration/assisted_done.html", person=person, is_keeper=g.actor.has(Permission.RUN_ACTIVITIES)
    )


def _unit(typed: Typed) -> tuple[uuid.UUID | None, list[UnitBrief], list[Fault]]:
    """Return the unit that was chosen or is meant by what was typed, those to choose from, and what is wrong."""
    if typed["unit_id"]:
        try:
            return uuid.UUID(typed["unit_id"]), [], []
        except ValueError:
            return None, [], [Fault("unit", "unknown", _("Choose the unit again."))]
    if _is_liaison():
        return None, [], [Fault("unit_id", "required", _("Choose the unit of this person."))]
    if not typed["unit"]:
        return None, [], []
    listed = units.list_units(None, typed["unit"], MOST_FOUND, None)[:MOST_FOUND]
    named = [unit for unit in listed if unit.name == typed["unit"]] or listed
    if len(named) == 1:
        return named[0].id, [], []
    if not named:
        return None, [], [Fault("unit", "unknown", _("No unit has this in its name. Try fewer words."))]
    briefs = units.unit_briefs([unit.id for unit in named])
    fault = Fault("unit_id", "ambiguous", _("Several units have this in their name. Choose one."))
    return None, [briefs[unit.id] for unit in named], [fault]


def _is_liaison() -> bool:
    """Whether the caller registers for units alone."""
    return all(grant.role is Role.UNIT_LIAISON for grant in g.actor.grants_with(Permission.REGISTER_OTHERS))


def _body(typed: Typed, unit_id: uuid.UUID | None) -> dict[str, Any]:
    """Return the application as the API takes it from staff."""
    body: dict[str, Any] = forms.filled({name: typed[name] for name in FIELDS})
    body["paper_consent_reference"] = typed["paper_consent_reference"] or "-"
    guardian = forms.filled({name: typed[f"guardian.{name}"] for name in GUARDIAN})
    body["paper_consents"] = request.form.getlist("paper_consents")
    return body | ({"guardian": guardian} if guardian else {}) | ({"unit_id": str(unit_id)} if unit_id else {})


def _form(typed: Typed, faults: list[Fault], found: list[UnitBrief]) -> str:
    """Return the form with what was typed, its faults, and the units to choose from."""
    own = units.list_in_scope(g.actor, Permission.REGISTER_OTHERS, MOST_OWN) if _is_liaison() else []
    return render_template(
        "registration/assisted.html",
        typed=typed,
        faults=faults,
        papers=PAPERS,
        found=[(unit.id, unit.name) for unit in found],
        own=[(unit.id, unit.name) for unit in own],
        relations=list(code_tables.labels(reading(), "relations").items()),
        separate=[(kind.value, kind.words.title) for kind in SEPARATE],
        chosen=request.form.getlist("paper_consents"),
    )
