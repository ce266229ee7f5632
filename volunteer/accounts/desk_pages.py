"""Accounts of staff at the desk: found, made, given roles over something, shut and opened again.

An auditor reads, masked; an admin changes. From a unit or a station one comes with the role and the thing in the
address (`role`, `scope`), which go along until the role is given. Source: ux.md A11; contract, accounts, grants.
"""

import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from flask import g, redirect, render_template, request, url_for

from volunteer.access import Permission, Role, Scope
from volunteer.accounts import directory, rules, service
from volunteer.accounts import schemas as s
from volunteer.config import settings
from volunteer.errors import Conflict, Fault, NotFound, VolunteerError
from volunteer.web import picking
from volunteer.web.forms import faults_of, filled, load, typed
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page

pages = Pages("accounts_desk")
ROWS = 50
#: The roles that this desk gives; a shift leader's is given where the shift is.
GIVEN = (Role.UNIT_LIAISON, Role.STATION_KEEPER, Role.AUDITOR, Role.ADMIN)


@pages.page("/manage/accounts", Permission.AUDIT, Scope.SITE)
def list_page() -> Any:
    """List the accounts of staff with their roles; `q` is a part of the name or the whole phone."""
    query, faults = load(s.AccountQuery(), filled({"q": request.args.get("q", "").strip()}))
    after = decode_cursor(request.args.get("cursor"), uuid.UUID)
    words = query.get("q")
    rows = [] if faults else service.list_staff(g.actor, words, ROWS, after[0] if after else None)
    listed = page(rows, ROWS, lambda row: (row["id"],))
    more: dict[str, Any] = {"q": words, **_wish(), "cursor": listed["next_cursor"]}
    body = render_template(
        "accounts/desk_list.html",
        q=request.args.get("q", ""),
        faults=faults,
        roles=directory.roles_of(g.actor, [row["id"] for row in listed["items"]]),
        wish=_wish(),
        wished=_wished(),
        is_admin=g.actor.is_admin,
        next_url=url_for("accounts_desk.list_page", **more),
        **listed,
    )
    return body, 422 if faults else 200


@pages.page("/manage/accounts/new", Permission.MANAGE_SITE, Scope.SITE, methods=("GET", "POST"))
def new_page() -> Any:
    """Make an account; who has one already is led there."""
    g.actor.require_admin()
    if request.method == "GET":
        return _new(typed("phone", "name"))
    texts = typed("phone", "name", "password")
    body, faults = load(s.NewAccountForm(), filled(texts))
    faults += _password_faults(texts, faults)
    if faults:
        return _new(texts, faults, 422)
    # Without a password of one's own a random one that nobody knows: then only codes open the account.
    password = body.get("password") or f"a1-{secrets.token_urlsafe(32)}"
    try:
        account_id = service.create_account(g.actor, body["phone"], body["name"], password, g.now)
    except Conflict as error:
        return _new(texts, faults_of(error, "phone"), 409, known=error.extra["id"])
    except VolunteerError as error:
        return _new(texts, faults_of(error, "phone"), error.status)
    wish: dict[str, Any] = _wish()
    if wish:
        return redirect(url_for("accounts_desk.grant_page", account_id=account_id, **wish), 303)
    return redirect(url_for("accounts_desk.account_page", account_id=account_id, done="made"), 303)


@pages.page("/manage/accounts/<uuid:account_id>", Permission.AUDIT, Scope.SITE)
def account_page(account_id: uuid.UUID) -> Any:
    """Show an account: its roles in force, those that have ended, whether it is shut."""
    return render_template(
        "accounts/desk_account.html",
        account=directory.get_account(g.actor, account_id),
        wish=_wish(),
        is_admin=g.actor.is_admin,
        is_own=account_id == g.actor.account_id,
        done=request.args.get("done", ""),
    )


@pages.page("/manage/accounts/<uuid:account_id>/grant", Permission.MANAGE_SITE, Scope.SITE, methods=("GET", "POST"))
def grant_page(account_id: uuid.UUID) -> Any:
    """Choose a role, then over what; and give it."""
    g.actor.require_admin()
    account = directory.get_account(g.actor, account_id)
    role = _role(request.values.get("role", ""))
    if role is None:
        faults = [Fault("role", "required", "请选择角色。")] if "role" in request.values else []
        return _grant(account, None, {}, faults, 422 if faults else 200)
    takes = rules.SCOPES[role]
    if request.method == "GET":
        return _grant(account, role, _offered(takes))
    picked = {name: picking.pick(name, find) for name in takes if (find := directory.SCOPES[name].find)}
    faults = [fault for one in picked.values() for fault in one.faults]
    status = 422
    if not faults:
        try:
            service.add_grant(g.actor, account_id, role, {name: one.id for name, one in picked.items()}, g.now)
        except VolunteerError as error:
            faults, status = faults_of(error, "role"), error.status
        else:
            return redirect(url_for("accounts_desk.account_page", account_id=account_id, done="given"), 303)
    return _grant(account, role, picked, faults, status)


@pages.page("/manage/grants/<uuid:grant_id>/end", Permission.MANAGE_SITE, Scope.SITE, methods=("GET", "POST"))
def end_grant_page(grant_id: uuid.UUID) -> Any:
    """Ask whether a role is to end, and end it."""
    g.actor.require_admin()
    grant = directory.get_grant(g.actor, grant_id)
    account = directory.get_account(g.actor, grant.account_id)
    if request.method == "GET":
        return render_template("accounts/desk_end.html", account=account, grant=grant, problem="")
    try:
        service.revoke_grant(g.actor, grant_id, g.now)
    except Conflict as error:
        return render_template("accounts/desk_end.html", account=account, grant=grant, problem=error.detail), 409
    return redirect(url_for("accounts_desk.account_page", account_id=account.id, done="ended"), 303)


@pages.page("/manage/accounts/<uuid:account_id>/disable", Permission.MANAGE_SITE, Scope.SITE, methods=("GET", "POST"))
def disable_page(account_id: uuid.UUID) -> Any:
    """Ask whether an account is to be shut, and shut it."""
    g.actor.require_admin()
    account = directory.get_account(g.actor, account_id)
    if request.method == "GET":
        return render_template("accounts/desk_disable.html", account=account, problem="")
    try:
        service.disable_account(g.actor, account_id, g.now)
    except Conflict as error:
        return render_template("accounts/desk_disable.html", account=account, problem=error.detail), 409
    return redirect(url_for("accounts_desk.account_page", account_id=account_id, done="shut"), 303)


@pages.page("/manage/accounts/<uuid:account_id>/enable", Permission.MANAGE_SITE, Scope.SITE, methods=("POST",))
def enable_page(account_id: uuid.UUID) -> Any:
    """Open a shut account again."""
    service.enable_account(g.actor, account_id, g.now)
    return redirect(url_for("accounts_desk.account_page", account_id=account_id, done="opened"), 303)


def _wish() -> dict[str, str]:
    """Return the role and the thing with which one came, for the next address; nothing if they are none."""
    role, scope = _role(request.values.get("role", "")), request.values.get("scope", "")
    return {"role": role.value, "scope": scope} if role and scope and _thing(role, scope) else {}


def _wished() -> tuple[Role, str] | None:
    """Return the role and the name of the thing with which one came."""
    wish = _wish()
    thing = _thing(Role(wish["role"]), wish["scope"]) if wish else None
    return (Role(wish["role"]), thing.name) if thing else None


def _thing(role: Role, scope: str) -> picking.Option | None:
    """Return the thing of the role's first kind of scope with this id."""
    takes = rules.SCOPES[role]
    many = directory.SCOPES[takes[0]].many if takes else None
    try:
        scope_id = uuid.UUID(scope)
    except ValueError:
        return None
    return many([scope_id]).get(scope_id) if many else None


def _role(text: str) -> Role | None:
    """Return the role of that code, if this desk gives it."""
    return next((role for role in GIVEN if role.value == text), None)


def _offered(takes: tuple[str, ...]) -> dict[str, picking.Picked]:
    """Return the fields of a role's scope, with the thing that one came with."""
    role, scope = _role(request.values.get("role", "")), request.values.get("scope", "")
    thing = _thing(role, scope) if role and scope else None
    return {name: picking.shown(thing if name == takes[0] else None) for name in takes}


def _password_faults(texts: Mapping[str, str], faults: list[Fault]) -> list[Fault]:
    """Return what is wrong with the password, beside what the schema has found."""
    if any(fault.field == "password" for fault in faults):
        return []
    if not texts["password"]:
        return [Fault("password", "required", "请填写初始密码。")] if settings().sms == "none" else []
    fault = rules.password_fault(texts["password"], texts["phone"] or "\0")
    return [fault] if fault else []


def _new(texts: Mapping[str, str], faults: list[Fault] | None = None, status: int = 200, known: str = "") -> Any:
    """Return the form of a new account; a password is never sent back."""
    body = render_template(
        "accounts/desk_new.html",
        texts=texts,
        faults=faults or [],
        known=known,
        wish=_wish(),
        has_codes=settings().sms != "none",
    )
    return body, status


def _grant(
    account: directory.AccountPage,
    role: Role | None,
    picked: Mapping[str, picking.Picked],
    faults: list[Fault] | None = None,
    status: int = 200,
) -> Any:
    """Return the page that gives a role: first which one, then over what."""
    if account.disabled_at:
        raise NotFound
    body = render_template(
        "accounts/desk_grant.html", account=account, role=role, roles=GIVEN, picked=picked, faults=faults or []
    )
    return body, status
