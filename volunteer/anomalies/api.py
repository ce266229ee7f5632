"""Anomalies over HTTP: admins and auditors read, an admin searches and decides."""

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.anomalies import hearing, service
from volunteer.anomalies import schemas as s
from volunteer.anomalies.rules import FindingState
from volunteer.web.paging import decode_cursor, page
from volunteer.web.routes import Call, Room

room = Room("anomalies")
READ, DO, SITE = Permission.AUDIT, Permission.MANAGE_SITE, Scope.SITE
OWN, SELF = Permission.SIGNED_IN, Scope.SELF
FINDING = "/findings/<uuid:finding_id>"


@room.route("GET", "/findings", READ, SITE, query=s.FindingQuery, answers={200: s.FindingPage})
def list_findings(call: Call) -> Any:
    """List findings, the newest day first."""
    query = dict(call.query)
    limit, after = query.pop("limit"), decode_cursor(query.pop("cursor"), dt.date.fromisoformat, uuid.UUID)
    rows = service.list_findings(call.actor, service.Wanted(**query), limit + 1, after)
    return 200, page(rows, limit, lambda row: (row.on_day, row.id))


@room.route("GET", FINDING, READ, SITE, answers={200: s.FindingWithStatements})
def get_finding(call: Call, finding_id: uuid.UUID) -> Any:
    """Show a finding, with what those whom it concerns said of it."""
    row = service.get_finding(call.actor, finding_id)
    fields = s.FindingOut().fields
    return 200, {name: getattr(row, name) for name in fields} | {"statements": hearing.statements_of(call.actor, row)}


@room.route("POST", f"{FINDING}/ask", DO, SITE, answers={200: s.FindingOut}, errors=(409,))
def ask(call: Call, finding_id: uuid.UUID) -> Any:
    """Ask everybody in a finding to say what happened."""
    return 200, hearing.ask(call.actor, finding_id, call.now)


@room.route("GET", "/me/findings", OWN, SELF, query=s.ConcerningQuery, answers={200: s.ConcerningPage})
def list_concerning(call: Call) -> Any:
    """List the findings that concern the caller and of which they were told, the newest first."""
    limit, before = call.query["limit"], decode_cursor(call.query["cursor"], uuid.UUID)
    rows = hearing.concerning(call.actor, limit + 1, before[0] if before else None)
    listed = page(rows, limit, lambda row: (row.id,))
    return 200, listed | {"items": [hearing.view(call.actor, row) for row in listed["items"]]}


@room.route(
    "POST",
    "/me/findings/<uuid:finding_id>/statements",
    OWN,
    SELF,
    body=s.StatementIn,
    answers={201: s.ConcerningOut},
    errors=(409,),
)
def state(call: Call, finding_id: uuid.UUID) -> Any:
    """Say what happened; it is appended, and whoever decides reads it."""
    hearing.state(call.actor, finding_id, call.body["text"], call.now)
    return 201, hearing.view(call.actor, hearing.get_concerning(call.actor, finding_id))


@room.route("POST", "/findings/search", DO, SITE, body=s.SearchIn, answers={200: s.SearchedOut})
def search(call: Call) -> Any:
    """Search some days; what was found before is not found again."""
    return 200, service.look(call.actor, call.body["from_on"], call.body["to_on"], call.now)


@room.route("POST", f"{FINDING}/dismiss", DO, SITE, body=s.FindingReasonIn, answers={200: s.FindingOut}, errors=(409,))
def dismiss(call: Call, finding_id: uuid.UUID) -> Any:
    """Say that nothing is wrong, and why."""
    return 200, service.decide(call.actor, finding_id, FindingState.DISMISSED, call.body["reason"], call.now)


@room.route("POST", f"{FINDING}/uphold", DO, SITE, body=s.FindingReasonIn, answers={200: s.FindingOut}, errors=(409,))
def uphold(call: Call, finding_id: uuid.UUID) -> Any:
    """Say that it was so, and why; nothing else changes by it."""
    return 200, service.decide(call.actor, finding_id, FindingState.UPHELD, call.body["reason"], call.now)


@room.route("POST", f"{FINDING}/proposals", DO, SITE, body=s.ProposalIn, answers={201: s.ProposalOut}, errors=(409,))
def propose(call: Call, finding_id: uuid.UUID) -> Any:
    """Ask for a correction of a line of an upheld finding; somebody else decides about it."""
    entry_id, minutes, reason = call.body["entry_id"], call.body["minutes"], call.body["reason"]
    return 201, service.propose(call.actor, finding_id, entry_id, minutes, reason, call.now)


@room.route("GET", "/anomaly-policy", READ, SITE, answers={200: s.PolicyOut})
def get_policy(call: Call) -> Any:
    """Show the thresholds in force."""
    version, thresholds = service.policy()
    return 200, {"version": version, "thresholds": thresholds}


@room.route("PATCH", "/anomaly-policy", DO, SITE, body=s.ThresholdsIn, answers={200: s.PolicyOut})
def change_policy(call: Call) -> Any:
    """Save thresholds as a new version."""
    service.set_policy(call.actor, replace(service.policy()[1], **call.body), call.now)
    version, thresholds = service.policy()
    return 200, {"version": version, "thresholds": thresholds}
