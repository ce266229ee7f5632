"""Sign-in, accounts and grants over HTTP."""

import uuid
from typing import Any

from flask import request

from volunteer.access import Permission, Scope
from volunteer.accounts import schemas as s
from volunteer.accounts import service, sessions, sign_in
from volunteer.web.paging import decode_cursor, page
from volunteer.web.routes import Call, Room

room = Room("accounts")


@room.route(
    "POST",
    "/auth/phone-codes",
    Permission.ANYONE,
    Scope.NOTHING,
    body=s.PhoneCodeIn,
    answers={202: s.PhoneCodeOut},
    errors=(429,),
)
def request_phone_code(call: Call) -> Any:
    """Send a code to a phone; known and unknown phones are answered alike."""
    code = sign_in.request_code(call.body["phone"], call.body["purpose"], call.now, call.address)
    answer: dict[str, Any] = {"expires_in": int(sign_in.CODE_LIFE.total_seconds())}
    return 202, answer | ({"code": code} if code else {})


@room.route(
    "POST", "/auth/login", Permission.ANYONE, Scope.NOTHING, body=s.LoginIn, answers={200: s.TokenOut}, limit="sign-in"
)
def login(call: Call) -> Any:
    """Sign in with a password or a code."""
    body, agent = call.body, request.user_agent.string
    device = sessions.device_of(agent, f"API {agent}")
    return 200, sign_in.login(body["phone"], body.get("password"), body.get("phone_code"), call.now, device=device)


@room.route("POST", "/auth/logout", Permission.SIGNED_IN, Scope.SELF, answers={204: None})
def logout(call: Call) -> Any:
    """End the token in use."""
    sign_in.logout(call.actor)
    return 204, None


@room.route(
    "POST", "/auth/password", Permission.ANYONE, Scope.NOTHING, body=s.PasswordIn, answers={204: None}, limit="sign-in"
)
def reset_password(call: Call) -> Any:
    """Set a new password with a code; every session ends."""
    sign_in.reset_password(call.body["phone"], call.body["phone_code"], call.body["password"], call.now)
    return 204, None


@room.route("GET", "/me", Permission.SIGNED_IN, Scope.SELF, answers={200: s.MeOut})
def me(call: Call) -> Any:
    """Tell who is signed in, as which volunteer, and for whom they may act."""
    return 200, service.who_am_i(call.actor)


@room.route(
    "POST", "/me/phone", Permission.SIGNED_IN, Scope.SELF, body=s.NewPhoneIn, answers={204: None}, limit="sign-in"
)
def change_phone(call: Call) -> Any:
    """Move the caller's account to another phone; every other session ends."""
    sign_in.change_phone(call.actor, call.body["phone"], call.body["phone_code"], call.now)
    return 204, None


@room.route("POST", "/accounts", Permission.MANAGE_SITE, Scope.SITE, body=s.AccountIn, answers={201: s.CreatedOut})
def create_account(call: Call) -> Any:
    """Make a staff account."""
    body = call.body
    return 201, {"id": service.create_account(call.actor, body["phone"], body["name"], body["password"], call.now)}


@room.route("GET", "/accounts", Permission.AUDIT, Scope.SITE, query=s.AccountQuery, answers={200: s.AccountPage})
def list_accounts(call: Call) -> Any:
    """List staff accounts."""
    limit = call.query["limit"]
    after = decode_cursor(call.query["cursor"], uuid.UUID)
    rows = service.list_staff(call.actor, call.query["q"], limit, after[0] if after else None)
    return 200, page(rows, limit, lambda row: (row["id"],))


@room.route("GET", "/accounts/<uuid:account_id>/grants", Permission.AUDIT, Scope.SITE, answers={200: s.GrantList})
def list_grants(call: Call, account_id: uuid.UUID) -> Any:
    """List an account's grants in force."""
    return 200, {"items": service.get_account(account_id).roles}


@room.route(
    "POST",
    "/accounts/<uuid:account_id>/grants",
    Permission.MANAGE_SITE,
    Scope.SITE,
    body=s.GrantIn,
    answers={201: s.CreatedOut},
)
def add_grant(call: Call, account_id: uuid.UUID) -> Any:
    """Give an account a role over a scope."""
    return 201, service.add_grant(call.actor, account_id, call.body["role"], call.body["scope"], call.now)


@room.route(
    "POST", "/accounts/<uuid:account_id>/disable", Permission.MANAGE_SITE, Scope.SITE, answers={200: s.AccountOut}
)
def disable_account(call: Call, account_id: uuid.UUID) -> Any:
    """Close an account and end its sessions."""
    return 200, service.disable_account(call.actor, account_id, call.now)


@room.route("DELETE", "/grants/<uuid:grant_id>", Permission.MANAGE_SITE, Scope.SITE, answers={204: None}, errors=(409,))
def revoke_grant(call: Call, grant_id: uuid.UUID) -> Any:
    """End a grant, in force on the next request."""
    service.revoke_grant(call.actor, grant_id, call.now)
    return 204, None


@room.route("GET", "/me/sessions", Permission.SIGNED_IN, Scope.SELF, answers={200: s.SessionOut(many=True)})
def list_sessions(call: Call) -> Any:
    """List where the caller is signed in, this place first."""
    return 200, sessions.list_sessions(call.actor, call.now)


@room.route("DELETE", "/me/sessions/<uuid:session_id>", Permission.SIGNED_IN, Scope.SELF, answers={204: None})
def end_session(call: Call, session_id: uuid.UUID) -> Any:
    """End one of the places where the caller is signed in."""
    sessions.end_session(call.actor, session_id, call.now)
    return 204, None


@room.route("DELETE", "/me/sessions", Permission.SIGNED_IN, Scope.SELF, answers={200: s.EndedOut})
def end_other_sessions(call: Call) -> Any:
    """End every session but the one in use."""
    return 200, {"ended": sessions.end_all_others(call.actor, call.now)}
