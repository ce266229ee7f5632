"""Making two records of one person one, over HTTP."""

import uuid
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.registration import merges
from volunteer.registration import merging_schemas as s
from volunteer.registration.merges import Preview
from volunteer.web.routes import Call, Room

room = Room("merges")
PERSON = "/volunteers/<uuid:person_id>"


@room.route("GET", PERSON + "/duplicates", Permission.MANAGE_SITE, Scope.SITE, answers={200: s.AlikeOut(many=True)})
def list_alike(call: Call, person_id: uuid.UUID) -> Any:
    """List who may be the same person: same name and birth date, or same phone; a suggestion, never more."""
    return 200, merges.alike(call.actor, person_id, call.now)


@room.route(
    "POST",
    PERSON + "/merge/preview",
    Permission.MANAGE_SITE,
    Scope.SITE,
    body=s.MergeLookIn,
    answers={200: s.MergeOut},
)
def preview_merge(call: Call, person_id: uuid.UUID) -> Any:
    """Tell what would become of everything if another record were merged into this one; nothing is changed."""
    body = call.body
    return 200, said(
        merges.preview(call.actor, person_id, body["from_id"], call.now, is_paper_seen=body["is_paper_seen"])
    )


@room.route(
    "POST",
    PERSON + "/merge",
    Permission.MANAGE_SITE,
    Scope.SITE,
    body=s.MergeIn,
    answers={200: s.MergeOut},
    errors=(409,),
)
def merge(call: Call, person_id: uuid.UUID) -> Any:
    """Merge another record into this one for good, as the preview showed it."""
    body = call.body
    done = merges.merge(
        call.actor,
        person_id,
        body["from_id"],
        body["reason"],
        call.now,
        digest=body["digest"],
        is_paper_seen=body["is_paper_seen"],
    )
    return 200, said(done)


def said(found: Preview) -> dict[str, Any]:
    """Return a preview as the answer says it."""
    return {
        "kept": found.kept,
        "merged": found.merged,
        "reasons": found.reasons,
        "warnings": found.warnings,
        "notes": [{"code": str(note), "message": note.sentence} for note in found.notes],
        "tables": [
            {"word": word, "moved": one.moved, "ended": one.ended, "kept": one.kept} for word, one in found.tables
        ],
        "minutes": found.minutes,
        "digest": found.digest,
    }
