"""Denials of a registration over HTTP: by whoever proves to be the person, and decided by administrators."""

import uuid
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.registration import denying, proofs
from volunteer.registration import invitations_schemas as s
from volunteer.registration.schemas import ErasureOut
from volunteer.web.paging import decode_cursor, page
from volunteer.web.routes import Call, Room

room = Room("denials")


@room.route(
    "POST",
    "/volunteers/<uuid:person_id>/deny",
    Permission.ANYONE,
    Scope.NOTHING,
    body=s.DenyIn,
    answers={200: ErasureOut},
    limit="register",
)
def deny(call: Call, person_id: uuid.UUID) -> Any:
    """Say that one never agreed to be registered: the erasure begins, and an administrator is told."""
    return 200, denying.deny(call.actor, person_id, proofs.require(call.body["proof"], call.now), call.now)


@room.route("GET", "/denials", Permission.AUDIT, Scope.SITE, query=s.DenialQuery, answers={200: s.DenialPage})
def list_denials(call: Call) -> Any:
    """List who denies having agreed: those that wait, the oldest first, or those that are closed, the newest first."""
    limit, last = call.query["limit"], decode_cursor(call.query["cursor"], uuid.UUID)
    is_open = call.query["state"] == "open"
    rows = denying.list_denials(call.actor, limit, last[0] if last else None, is_open=is_open)
    return 200, page(rows, limit, lambda row: (row.id,))


@room.route(
    "POST",
    "/denials/<uuid:denial_id>/decide",
    Permission.MANAGE_SITE,
    Scope.SITE,
    body=s.DecideIn,
    answers={200: s.DenialOut},
    errors=(409,),
)
def decide(call: Call, denial_id: uuid.UUID) -> Any:
    """Erase at once, or keep a registration whose consent holds."""
    decision = denying.Decision(call.body["decision"])
    return 200, denying.decide(call.actor, denial_id, decision, call.body["reason"], call.now)
