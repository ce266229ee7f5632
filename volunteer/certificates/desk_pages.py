"""A keeper issues and prints a proof of service for somebody without a phone. Source: contract, Certificates."""

import datetime as dt
import uuid
from typing import Any

from flask import Response, g, redirect, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.certificates import service
from volunteer.certificates.schemas import IssueIn
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import reading
from volunteer.errors import Fault, InvalidInput, NotFound
from volunteer.hours import service as hours
from volunteer.registration import service as registration
from volunteer.web import forms
from volunteer.web.pages import Pages

pages = Pages("proofs_desk")


@pages.page("/people/<uuid:person_id>/certificate", Permission.RUN_ACTIVITIES, Scope.PERSON, methods=("GET", "POST"))
def issue_page(person_id: uuid.UUID) -> Any:
    """Show a person's settled and waiting minutes, and issue a proof of a range of days."""
    registration.require_person(g.actor, Permission.UNMASK, person_id)
    today = site_day(g.now, settings().zone)
    typed = {"from": dt.date(today.year, 1, 1).isoformat(), "to": today.isoformat()}
    faults: list[Fault] = []
    if request.method == "POST":
        typed = forms.typed("from", "to")
        body, faults = forms.load(IssueIn(), forms.filled(typed))
        if not faults:
            try:
                made, _new = service.issue_to(g.actor, person_id, body["from_on"], body["to_on"], g.now)
                return redirect(url_for("proofs_desk.issue_page", person_id=person_id, number=made.number), 303)
            except InvalidInput as error:
                faults = forms.faults_of(error, "from")
    page = render_template(
        "certificates/issue.html",
        person=registration.facts_of(reading(), [person_id])[person_id],
        minutes=hours.totals(g.actor, person_id, g.now),
        number=service.own_number(person_id, request.args.get("number", "")),
        typed=typed,
        faults=faults,
    )
    return page, 422 if faults else 200


@pages.page("/people/<uuid:person_id>/certificates/<string:number>.pdf", Permission.RUN_ACTIVITIES, Scope.PERSON)
def print_page(person_id: uuid.UUID, number: str) -> Any:
    """Print a proof that was issued; its QR code leads to the page that verifies it."""
    registration.require_person(g.actor, Permission.UNMASK, person_id)
    if not service.own_number(person_id, number):
        raise NotFound
    root = settings().base_url or request.host_url.rstrip("/")
    made = service.print_pdf(g.actor, number, root, g.now)
    return Response(made, mimetype="application/pdf", headers={"Cache-Control": "no-store"})
