"""Units and their registration tasks over HTTP."""

import uuid
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.units import merging, reopening, service, targets
from volunteer.units import schemas as s
from volunteer.web.paging import decode_cursor, page
from volunteer.web.routes import Call, Room
from volunteer.web.schemas import Page

room = Room("units")


@room.route("POST", "/units", Permission.MANAGE_SITE, Scope.SITE, body=s.UnitIn, answers={201: s.UnitOut})
def add_unit(call: Call) -> Any:
    """Add a unit."""
    return 201, service.add_unit(call.actor, dict(call.body), call.now)


@room.route("GET", "/units", Permission.ANYONE, Scope.NOTHING, query=s.UnitQuery, answers={200: s.UnitPage})
def list_units(call: Call) -> Any:
    """List units by code: all, the children of one, or those whose name or code holds a word."""
    query = call.query
    after = decode_cursor(query["cursor"], str)
    rows = service.list_units(query["parent_id"], query["q"], query["limit"], after[0] if after else None)
    return 200, page(rows, query["limit"], lambda unit: (unit.code,))


@room.route("GET", "/units/<uuid:unit_id>", Permission.READ_UNITS, Scope.UNIT, answers={200: s.UnitOut})
def get_unit(call: Call, unit_id: uuid.UUID) -> Any:
    """Show a unit in the caller's scope."""
    return 200, service.get_unit(call.actor, unit_id)


@room.route(
    "PATCH",
    "/units/<uuid:unit_id>",
    Permission.MANAGE_SITE,
    Scope.SITE,
    body=s.UnitPatch,
    answers={200: s.UnitOut},
    errors=(409,),
)
def change_unit(call: Call, unit_id: uuid.UUID) -> Any:
    """Change a unit; a move to another unit is dated."""
    return 200, service.change_unit(call.actor, unit_id, dict(call.body), call.now)


@room.route(
    "POST",
    "/units/<uuid:unit_id>/merge",
    Permission.MANAGE_SITE,
    Scope.SITE,
    body=s.MergeIn,
    answers={200: s.UnitOut},
    errors=(409,),
)
def merge_unit(call: Call, unit_id: uuid.UUID) -> Any:
    """Merge a unit into another one: what is below it, its people and its liaisons go there, from a day on."""
    body = dict(call.body)
    body["on"] = body["on"] or service.today(call.now)
    return 200, merging.merge(call.actor, unit_id, merging.Merger(**body), call.now)


@room.route(
    "POST",
    "/units/<uuid:unit_id>/reopen",
    Permission.MANAGE_SITE,
    Scope.SITE,
    answers={200: s.UnitOut},
    errors=(409,),
)
def reopen_unit(call: Call, unit_id: uuid.UUID) -> Any:
    """Take back a closing or a merger that was made today."""
    return 200, reopening.reopen(call.actor, unit_id, call.now).unit


@room.route(
    "PUT",
    "/units/<uuid:unit_id>/targets/<int:year>",
    Permission.MANAGE_SITE,
    Scope.SITE,
    body=s.TargetIn,
    answers={200: s.TargetOut},
)
def set_target(call: Call, unit_id: uuid.UUID, year: int) -> Any:
    """Set a unit's registration task of a year."""
    return 200, targets.set_target(call.actor, unit_id, year, call.body["target"], call.now)


@room.route(
    "DELETE",
    "/units/<uuid:unit_id>/targets/<int:year>",
    Permission.MANAGE_SITE,
    Scope.SITE,
    answers={204: None},
)
def withdraw_target(call: Call, unit_id: uuid.UUID, year: int) -> Any:
    """Take a unit's task of a year back; reports of the days before keep it."""
    targets.withdraw_target(call.actor, unit_id, year, call.now)
    return 204, None


@room.route(
    "GET", "/units/<uuid:unit_id>/targets", Permission.READ_UNITS, Scope.UNIT, query=Page, answers={200: s.TargetPage}
)
def list_targets(call: Call, unit_id: uuid.UUID) -> Any:
    """List a unit's tasks as they were set, the newest first."""
    after = decode_cursor(call.query["cursor"], int, int)
    rows = targets.list_targets(call.actor, unit_id, call.query["limit"], after)
    return 200, page(rows, call.query["limit"], lambda target: (target.year, target.version))
