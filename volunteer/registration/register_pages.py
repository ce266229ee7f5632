"""Becoming a volunteer on pages: who (身份), where (单位), sure (确认); every form works without scripts.

What was typed before travels sealed (`drafts`). The code goes to the phone when the last step opens, so that nobody has
to ask for it. Source: ux.md P3, J7; contract, POST /volunteers.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from flask import g, redirect, render_template, request, session, url_for
from marshmallow import ValidationError

from volunteer.access import Permission, Scope
from volunteer.accounts import sign_in
from volunteer.accounts.schemas import PhoneCodeIn
from volunteer.config import settings
from volunteer.database import new_id, reading
from volunteer.errors import Conflict, Fault, InvalidInput, VolunteerError
from volunteer.registration import applications, claiming, code_tables, drafts, links, notices, registering, vault
from volunteer.registration.rules import IdType
from volunteer.registration.schemas import ClaimIn, RegisterIn
from volunteer.units import service as units
from volunteer.web import limits
from volunteer.web.guard import channel_of
from volunteer.web.pages import Pages
from volunteer.web.schemas import flatten

pages = Pages("register")
IDENTITY = ("name", "id_type", "id_number", "birth_date", "sex", "phone")
GUARDIAN = ("name", "phone", "phone_code", "relation")
MOST_UNITS = 20
ANYONE, NOTHING, BOTH = Permission.ANYONE, Scope.NOTHING, ("GET", "POST")
Typed = dict[str, str]


@pages.page("/register", ANYONE, NOTHING, methods=BOTH)
def identity_page() -> Any:
    """Ask who it is; what is wrong is said at once, all of it."""
    if request.method == "GET":
        return _identity({}, [])
    typed = {name: value for name in IDENTITY if (value := request.form.get(name, "").strip())}
    faults = _faults(typed)
    wrong = [fault for fault in faults if fault.field in IDENTITY]
    if wrong:
        return _identity(typed, wrong)
    typed["is_minor"] = "1" if any(fault.field == "guardian" for fault in faults) else ""
    return _unit(typed)


@pages.page("/register/unit", ANYONE, NOTHING, methods=BOTH)
def unit_page() -> Any:
    """Let the person find their unit, or go on without one."""
    typed = _carried()
    if typed is None:
        return redirect(url_for("register.identity_page"))
    if "unit_id" not in request.form:
        return _unit(typed, request.form.get("q", "").strip())
    typed["unit_id"] = request.form["unit_id"]
    if any(fault.field == "unit_id" for fault in _faults(typed)):
        return _unit(typed | {"unit_id": ""})
    return _send_and_confirm(typed, "phone_code", typed["phone"], "register")


@pages.page("/register/confirm", ANYONE, NOTHING, methods=BOTH)
def confirm_page() -> Any:
    """Register, with consent and the code; or send a code once more."""
    typed = _carried()
    if typed is None:
        return redirect(url_for("register.identity_page"))
    typed |= {f"guardian.{name}": request.form.get(f"guardian.{name}", "").strip() for name in GUARDIAN}
    typed["consent"] = request.form.get("consent_version", "")
    again = request.form.get("send")
    if again == "guardian":
        return _send_and_confirm(typed, "guardian.phone", typed["guardian.phone"], "guardian")
    if again:
        return _send_and_confirm(typed, "phone_code", typed["phone"], "register")
    code = request.form.get("phone_code", "").strip()
    if not code and _needs_code(typed):
        return _confirm(typed, [Fault("phone_code", "required", "请填写短信验证码。")], 422)
    return _register(typed, code)


@pages.page("/register/claim", ANYONE, NOTHING, methods=BOTH)
def claim_page() -> Any:
    """Give a person who is known already, by identity and phone, the account of that phone."""
    typed = _carried()
    if typed is None:
        return redirect(url_for("register.identity_page"))
    wanted = {name: typed.get(name, "") for name in ("id_type", "id_number", "phone")}
    try:
        limits.take("register", request.remote_addr or "", g.now)
        body = ClaimIn().load(wanted | {"phone_code": request.form.get("phone_code", "").strip()})
        person = claiming.claim(
            g.actor, IdType(body["id_type"]), body["id_number"], body["phone"], body["phone_code"], None, g.now
        )
    except ValidationError as error:
        return _known(typed, flatten(error.messages), 422)
    except InvalidInput as error:
        return _known(typed, error.faults, 422)
    return _done(person.volunteer_no, person.status)


@pages.page("/register/done", ANYONE, NOTHING)
def done_page() -> Any:
    """Say what came of it, and what is next."""
    if "registered" not in session:
        return redirect(url_for("register.identity_page"))
    return render_template("registration/done.html", **session["registered"])


def _register(typed: Typed, code: str) -> Any:
    """Register; go back to the step where a fault can be mended."""
    body = RegisterIn().load(_body(typed) | ({"phone_code": code} if code else {}))
    try:
        limits.take("register", request.remote_addr or "", g.now)
        person = registering.register(g.actor, body, g.now, channel_of(g.actor))
    except InvalidInput as error:
        if any(fault.field in IDENTITY for fault in error.faults):
            return _identity(typed, [fault for fault in error.faults if fault.field in IDENTITY])
        return _confirm(typed, list(error.faults), 422)
    except Conflict:
        return _known(typed, [], 409)
    return _done(person.volunteer_no, person.status)


def _done(number: str, status: str) -> Any:
    """Lead to the last page, which may be opened again."""
    session["registered"] = {"number": number, "status": status}
    return redirect(url_for("register.done_page"), 303)


def _body(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return the application as the API takes it."""
    body: dict[str, Any] = {name: typed[name] for name in (*IDENTITY, "unit_id") if typed.get(name)}
    if typed.get("consent"):
        body["consent_version"] = typed["consent"]
    guardian = {name: typed[f"guardian.{name}"] for name in GUARDIAN if typed.get(f"guardian.{name}")}
    if typed.get("is_minor") and guardian:
        body["guardian"] = guardian
    if not g.actor.is_anonymous:
        # Who registers a child under a guardian is never that child, even before registering themself.
        is_another = "guardian" in body or links.find_own_person(g.actor)
        body["relation"] = "family" if is_another else "self"
    return body


def _faults(typed: Mapping[str, str]) -> list[Fault]:
    """Return what is wrong so far, taking the consent for given: it is asked for last."""
    consent = {"consent": notices.current_notice().version}
    return applications.faults_of(RegisterIn().load(_body({**typed, **consent})), g.now)


def _needs_code(typed: Typed) -> bool:
    """Whether the phone has to be proved here: not where there is no SMS, nor for family or a child on one's phone."""
    is_guardians = bool(typed["is_minor"]) and typed["guardian.phone"] == typed["phone"]
    return g.actor.is_anonymous and settings().sms != "none" and not is_guardians


def _send_and_confirm(typed: Typed, field: str, phone: str, purpose: str) -> Any:
    """Send a code to a phone and show the last step."""
    if settings().sms == "none":
        return _confirm(typed, [], 200)
    try:
        to = PhoneCodeIn().load({"phone": phone, "purpose": purpose})["phone"]
        code = sign_in.request_code(to, purpose, g.now, request.remote_addr or "")
    except ValidationError as error:
        return _confirm(typed, [Fault(field, one.code, one.message) for one in flatten(error.messages)], 422)
    except VolunteerError as error:
        return _confirm(typed, [Fault(field, error.code, error.detail)], error.status)
    return _confirm(typed, [], 200, {purpose: code} if code else {})


def _identity(typed: Typed, faults: list[Fault]) -> Any:
    """Show the first step."""
    page = render_template("registration/identity.html", typed=typed, faults=faults, papers=PAPERS)
    return page, 422 if faults else 200


def _unit(typed: Typed, q: str = "") -> Any:
    """Show the second step."""
    found = units.list_units(None, q or None, MOST_UNITS, None)
    return render_template(
        "registration/unit.html", draft=_draft(typed), q=q, found=found[:MOST_UNITS], more=len(found) > MOST_UNITS
    )


def _confirm(typed: Typed, faults: list[Fault], status: int, codes: Mapping[str, str] | None = None) -> Any:
    """Show the last step: all that was typed, the notice, the code."""
    unit_id = uuid.UUID(typed["unit_id"]) if typed.get("unit_id") else None
    page = render_template(
        "registration/confirm.html",
        draft=_draft(typed),
        typed=typed,
        id_number=vault.masked_number(typed["id_number"]),
        unit=units.unit_briefs([unit_id])[unit_id] if unit_id else None,
        notice=notices.current_notice(),
        relations=list(code_tables.labels(reading(), "relations").items()),
        faults=faults,
        codes=codes or {},
        asks_code=settings().sms != "none",
    )
    return page, status


def _known(typed: Typed, faults: Any, status: int) -> Any:
    """Say that the paper is registered already, and offer both ways on: signing in, and claiming it."""
    beside = [Fault("phone_code", fault.code, fault.message) for fault in faults]
    page = render_template(
        "registration/known.html", draft=_draft(typed), faults=beside, detail=registering.already_registered().detail
    )
    return page, status


def _browser() -> uuid.UUID:
    """Return the number of this browser, kept in its signed cookie."""
    return uuid.UUID(session.setdefault("browser", str(new_id())))


def _draft(typed: Typed) -> str:
    """Return what was typed, sealed; codes are not kept."""
    return drafts.close({name: value for name, value in typed.items() if "code" not in name}, _browser(), g.now)


def _carried() -> Typed | None:
    """Return what the form carries from the steps before, or None: then it starts again."""
    return drafts.reopen(request.form.get("draft", ""), _browser(), g.now)


PAPERS = (
    (IdType.RESIDENT_ID, "居民身份证"),
    (IdType.PASSPORT, "护照"),
    (IdType.HK_MACAO_PERMIT, "港澳居民来往内地通行证"),
    (IdType.TAIWAN_PERMIT, "台湾居民来往大陆通行证"),
    (IdType.FOREIGN_PERMANENT_RESIDENT, "外国人永久居留身份证"),
)
