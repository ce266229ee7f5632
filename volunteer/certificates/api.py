"""Proofs of service over HTTP."""

import datetime as dt
import uuid
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.certificates import contents, service
from volunteer.certificates.schemas import (
    CertificateOut,
    CertificatesOut,
    CertificatesQuery,
    IssueIn,
    IssueOwnIn,
    RevokeIn,
    VerificationOut,
    VerificationQuery,
)
from volunteer.certificates.service import CertificateView
from volunteer.clock import aware
from volunteer.web import paging
from volunteer.web.guard import public_root
from volunteer.web.routes import Call, Raw, Room

room = Room("certificates")
API = "/api/v1"
ISSUED = {201: CertificateOut, 200: CertificateOut}


@room.route("POST", "/me/certificates", Permission.SIGNED_IN, Scope.SELF, body=IssueOwnIn, answers=ISSUED)
def issue_own(call: Call) -> Any:
    """Issue a proof of one's own services, free of charge; nothing changed: the same one with 200."""
    body = call.body
    view, is_new = service.issue_own(call.actor, body["volunteer_id"], body["from_on"], body["to_on"], call.now)
    return (201 if is_new else 200), _shown(call, view)


@room.route(
    "GET",
    "/me/certificates",
    Permission.SIGNED_IN,
    Scope.SELF,
    query=CertificatesQuery,
    answers={200: CertificatesOut},
)
def list_own(call: Call) -> Any:
    """List one's own proofs, newest first."""
    limit = call.query["limit"]
    before = paging.decode_cursor(call.query["cursor"], _instant, uuid.UUID)
    rows = service.list_own(call.actor, call.query["volunteer_id"], limit + 1, before)
    page = paging.page(rows, limit, lambda row: (row.issued_at.isoformat(), row.id))
    return 200, page | {"items": [_shown(call, row) for row in page["items"]]}


@room.route(
    "POST",
    "/volunteers/<uuid:person_id>/certificates",
    Permission.UNMASK,
    Scope.PERSON,
    body=IssueIn,
    answers=ISSUED,
    errors=(404,),
)
def issue_to(call: Call, person_id: uuid.UUID) -> Any:
    """Issue a proof to a person without a phone, by a keeper who sees them."""
    view, is_new = service.issue_to(call.actor, person_id, call.body["from_on"], call.body["to_on"], call.now)
    return (201 if is_new else 200), _shown(call, view)


@room.route(
    "GET",
    "/certificates/<string:number>.pdf",
    Permission.SIGNED_IN,
    Scope.PERSON,
    answers={200: "application/pdf"},
    errors=(404,),
)
def print_pdf(call: Call, number: str) -> Any:
    """Print a proof on A4: for its owner, who acts for them, and keepers in scope."""
    data = service.print_pdf(call.actor, number, public_root(), call.now)
    return 200, Raw(data, "application/pdf", f"{number}.pdf", {"Cache-Control": "no-store"})


@room.route(
    "GET",
    "/certificates/<string:number>/verification",
    Permission.ANYONE,
    Scope.NOTHING,
    query=VerificationQuery,
    answers={200: VerificationOut},
    errors=(404, 429),
    limit="verify",
)
def verify(call: Call, number: str) -> Any:
    """Verify a proof by its number and token; the name is masked."""
    return 200, service.verify(number, call.query["token"])


@room.route(
    "POST",
    "/certificates/<string:number>/revoke",
    Permission.MANAGE_SITE,
    Scope.SITE,
    body=RevokeIn,
    answers={200: CertificateOut},
    errors=(404,),
)
def revoke(call: Call, number: str) -> Any:
    """Revoke a proof for good."""
    return 200, _shown(call, service.revoke(call.actor, number, call.body["reason"], call.now))


def _instant(text: str) -> dt.datetime:
    """Read the instant of a cursor; ValueError for one without a zone."""
    return aware(dt.datetime.fromisoformat(text))


def _shown(call: Call, view: CertificateView) -> dict[str, Any]:
    """Return a proof with its addresses."""
    return {
        "number": view.number,
        "state": view.state,
        "minutes": view.minutes,
        "from_on": view.from_on,
        "to_on": view.to_on,
        "issued_at": view.issued_at,
        "token": view.token,
        "superseded_by": view.superseded_by,
        "pdf_url": f"{public_root()}{API}/certificates/{view.number}.pdf",
        "verify_url": contents.verify_url(public_root(), view.number, view.token),
    }
