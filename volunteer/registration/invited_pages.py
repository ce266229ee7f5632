"""'Am I registered?' and the answers to an invitation, on pages for whoever proves a phone; no scripts needed.

Two addresses lead here, with no person's data in either: `/invited` stands in reminders, `/am-i-registered` on the
start. Every phone gets the same words until its code is typed; what was proved is kept sealed in the session for 15
minutes. Source: domain.md F5, H1; ux.md P3; contract, Imports.
"""

import uuid
from typing import Any, Final

from flask import g, redirect, render_template, request, session, url_for

from volunteer.access import Permission, Scope
from volunteer.accounts import sign_in
from volunteer.accounts.schemas import PhoneCodeIn
from volunteer.config import settings
from volunteer.database import new_id, reading
from volunteer.errors import Fault, IllegalTransition, VolunteerError
from volunteer.registration import answering, asking, claiming, code_tables, denying, notices, proofs
from volunteer.registration.asking import Known
from volunteer.registration.invitations_schemas import AnswerIn, AskIn, TakeOverIn
from volunteer.registration.proofs import Proof
from volunteer.registration.rules_asking import NextStep
from volunteer.web import limits
from volunteer.web.forms import faults_of, filled, load, typed
from volunteer.web.guard import channel_of
from volunteer.web.pages import Pages

pages = Pages("invited")
ANYONE, NOTHING, BOTH = Permission.ANYONE, Scope.NOTHING, ("GET", "POST")
ONE = "/invited/<uuid:person_id>"
GUARDIAN: Final = ("name", "relation", "phone", "phone_code")


@pages.page("/invited", ANYONE, NOTHING, methods=BOTH)
def invited_page() -> Any:
    """Let somebody whom a unit has invited prove the phone."""
    return _ask("invited")


@pages.page("/am-i-registered", ANYONE, NOTHING, methods=BOTH)
def question_page() -> Any:
    """Let anybody prove a phone and learn whether they are registered."""
    return _ask("question")


def _ask(door: str) -> Any:
    """Ask for the phone, send a code to it, and lead to the answer."""
    if request.method == "GET":
        return _asked(door, "phone", [])
    texts = typed("phone", "phone_code", "id_number")
    if "phone_code" not in request.form:
        return _send(door, texts["phone"])
    body, faults = load(AskIn(), filled(texts))
    if not faults:
        try:
            limits.take("register", request.remote_addr or "", g.now)
            proof = asking.ask(g.actor, body["phone"], body["phone_code"], body.get("id_number"), g.now)
        except VolunteerError as error:
            faults = faults_of(error, "phone_code")
        else:
            session["proof"] = proofs.give(proof, _browser(), g.now)
            return redirect(url_for("invited.answer_page"), 303)
    shown = [fault if fault.field == "id_number" else _at("phone_code", fault) for fault in faults]
    return _asked(door, "phone_code", shown, 422)


def _send(door: str, phone: str) -> Any:
    """Send a code; the same for every phone."""
    body, faults = load(PhoneCodeIn(), {"phone": phone, "purpose": "register"})
    if faults:
        return _asked(door, "phone", faults, 422)
    try:
        code = sign_in.request_code(body["phone"], "register", g.now, request.remote_addr or "")
    except VolunteerError as error:
        return _asked(door, "phone", faults_of(error, "phone"), error.status)
    return _asked(door, "phone_code", [], code=code)


def _asked(door: str, step: str, faults: list[Fault], status: int = 200, code: str | None = None) -> Any:
    """Show one of the two steps."""
    page = render_template(
        "registration/ask.html",
        door=door,
        here=url_for("invited.invited_page" if door == "invited" else "invited.question_page"),
        step=step,
        faults=faults,
        typed=typed("phone", "id_number"),
        code=code,
        has_sms=settings().sms != "none",
        is_late="late" in request.args,
    )
    return page, status


@pages.page("/invited/answer", ANYONE, NOTHING)
def answer_page() -> Any:
    """Show who is known under the proved phone, and what each may do next."""
    proof = _proof()
    if proof is None:
        return _again()
    found = asking.answer(proof, g.now)
    page = render_template("registration/answer.html", found=found, phone=proof.phone, is_done="done" in request.args)
    return page, 200, {"Cache-Control": "no-store"}


@pages.page(ONE + "/claim", ANYONE, NOTHING, methods=BOTH)
def claim_page(person_id: uuid.UUID) -> Any:
    """Ask for the consent, a minor's guardian too, and register who was invited; or send the guardian a code."""
    proof = _proof()
    if proof is None:
        return _again()
    known = asking.known_under(proof, person_id, NextStep.CLAIM, g.now)
    texts = typed("consent_version", "password", *(f"guardian.{name}" for name in GUARDIAN))
    if request.method == "GET":
        return _claim(known, proof, texts | {"guardian.phone": proof.phone}, [])
    if request.form.get("send"):
        return _send_guardian(known, proof, texts)
    guardian = filled({name: texts[f"guardian.{name}"] for name in GUARDIAN}) if known.is_minor else {}
    raw: dict[str, Any] = filled({name: texts[name] for name in ("consent_version", "password")})
    body, faults = load(AnswerIn(), raw | ({"guardian": guardian} if guardian else {}))
    if not faults:
        try:
            person = answering.claim(g.actor, person_id, body, g.now, channel_of(g.actor), proof)
        except IllegalTransition:
            return redirect(url_for("invited.answer_page"), 303)
        except VolunteerError as error:
            faults = faults_of(error, "consent_version")
        else:
            session["registered"] = {"number": person.volunteer_no, "status": person.status}
            return redirect(url_for("register.done_page"), 303)
    return _claim(known, proof, texts, faults, status=422)


def _send_guardian(known: Known, proof: Proof, texts: dict[str, str]) -> Any:
    """Send a code to the guardian's phone, and show the form again."""
    body, faults = load(PhoneCodeIn(), {"phone": texts["guardian.phone"], "purpose": "guardian"})
    code = None
    if not faults:
        try:
            code = sign_in.request_code(body["phone"], "guardian", g.now, request.remote_addr or "")
        except VolunteerError as error:
            faults = faults_of(error, "phone")
    shown = [_at("guardian.phone", fault) for fault in faults]
    return _claim(known, proof, texts, shown, code=code, status=422 if shown else 200)


def _claim(
    known: Known, proof: Proof, texts: dict[str, str], faults: list[Fault], code: str | None = None, status: int = 200
) -> Any:
    """Show the form of the claim."""
    page = render_template(
        "registration/claim.html",
        known=known,
        phone=proof.phone,
        typed=texts,
        notice=notices.current_notice(),
        relations=list(code_tables.labels(reading(), "relations").items()),
        faults=faults,
        code=code,
    )
    return page, status, {"Cache-Control": "no-store"}


@pages.page(ONE + "/refuse", ANYONE, NOTHING, methods=BOTH)
def refuse_page(person_id: uuid.UUID) -> Any:
    """Say what is erased, and erase it at once."""
    proof = _proof()
    if proof is None:
        return _again()
    known = asking.known_under(proof, person_id, NextStep.REFUSE, g.now)
    if request.method == "GET":
        return render_template("registration/refuse.html", known=known), 200, {"Cache-Control": "no-store"}
    answering.refuse(g.actor, person_id, {}, g.now, proof)
    return redirect(url_for("invited.answer_page", done="refused"), 303)


@pages.page(ONE + "/deny", ANYONE, NOTHING, methods=BOTH)
def deny_page(person_id: uuid.UUID) -> Any:
    """Say what follows, and begin the erasure of who never agreed to be registered."""
    proof = _proof()
    if proof is None:
        return _again()
    known = asking.known_under(proof, person_id, NextStep.DENY, g.now)
    if request.method == "GET":
        return render_template("registration/deny.html", known=known), 200, {"Cache-Control": "no-store"}
    denying.deny(g.actor, person_id, proof, g.now)
    return redirect(url_for("invited.answer_page"), 303)


@pages.page(ONE + "/take-over", ANYONE, NOTHING, methods=BOTH)
def take_over_page(person_id: uuid.UUID) -> Any:
    """Give somebody whom others have put down an account of their own: phone and identity number together."""
    proof = _proof()
    if proof is None:
        return _again()
    known, faults = asking.known_under(proof, person_id, NextStep.TAKE_OVER, g.now), list[Fault]()
    texts = typed("id_number", "password")
    if request.method == "POST":
        body, faults = load(TakeOverIn(), filled(texts))
        try:
            if not faults:
                limits.take("register", request.remote_addr or "", g.now)
                person = claiming.take_over(g.actor, person_id, body["id_number"], body.get("password"), proof, g.now)
                session["registered"] = {"number": person.volunteer_no, "status": person.status}
                return redirect(url_for("register.done_page"), 303)
        except VolunteerError as error:
            faults = faults_of(error, "id_number")
    page = render_template("registration/take_over.html", known=known, faults=faults, phone=proof.phone)
    return page, 422 if faults else 200, {"Cache-Control": "no-store"}


def _at(field: str, fault: Fault) -> Fault:
    """Return a fault beside another field of the form."""
    return Fault(field, fault.code, fault.message)


def _proof() -> Proof | None:
    """Return what this browser has proved."""
    return proofs.find(session.get("proof", ""), _browser(), g.now)


def _again() -> Any:
    """Lead to the first step: nothing was proved, or too long ago."""
    return redirect(url_for("invited.invited_page", late=1))


def _browser() -> uuid.UUID:
    """Return the number of this browser, kept in its signed cookie."""
    return uuid.UUID(session.setdefault("browser", str(new_id())))
