"""Consents of people without a phone, at the desk: what stands on their paper, and taking it back."""

import uuid
from typing import Any

from flask import g, redirect, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.errors import Fault, NotFound
from volunteer.registration import deeds, desk_consents
from volunteer.registration.rules_consents import SEPARATE, ConsentKind
from volunteer.registration.schemas_consents import PaperConsentsIn
from volunteer.web.forms import filled, load, typed
from volunteer.web.pages import Pages

pages = Pages("desk_consents")
PERSON = "/people/<uuid:person_id>/consents"


@pages.page(PERSON, Permission.READ_PEOPLE, Scope.PERSON, methods=("GET", "POST"))
def consents_page(person_id: uuid.UUID) -> Any:
    """Show what a person agrees to; put down what they signed."""
    standings = desk_consents.standings(g.actor, person_id, g.now)
    told, chosen, faults = typed("paper_consent_reference", "seen"), request.form.getlist("kinds"), list[Fault]()
    if request.method == "POST":
        sent = filled({"paper_consent_reference": told["paper_consent_reference"]}) | {"kinds": chosen}
        body, faults = load(PaperConsentsIn(), sent)
        faults = [Fault(fault.field.partition(".")[0], fault.code, fault.message) for fault in faults]
        if not told["seen"]:
            faults.append(Fault("seen", "required", "请先看过签署的同意书,再勾选这一项。"))
        if not faults:
            kinds = [ConsentKind(kind) for kind in body["kinds"]]
            desk_consents.record(g.actor, person_id, kinds, body["paper_consent_reference"], g.now)
            return redirect(url_for("desk_consents.consents_page", person_id=person_id, done="recorded"), 303)
    page = render_template(
        "registration/desk_consents.html",
        shown=deeds.person_file(g.actor, person_id, g.now),
        standings=standings,
        refusal=standings[0].refusal,
        offered=[(one.kind.value, one.kind.words.title) for one in standings if not one.given or one.asks_again],
        typed=told,
        chosen=chosen,
        faults=faults,
        done=request.args.get("done", ""),
    )
    return page, 422 if faults else 200


@pages.page(PERSON + "/<kind>/withdraw", Permission.READ_PEOPLE, Scope.PERSON, methods=("POST",))
def withdraw_page(person_id: uuid.UUID, kind: str) -> Any:
    """Take one back, as the person at the desk asks."""
    if kind not in {one.value for one in SEPARATE}:
        raise NotFound
    desk_consents.withdraw(g.actor, person_id, ConsentKind(kind), g.now)
    return redirect(url_for("desk_consents.consents_page", person_id=person_id, done="withdrawn"), 303)
