"""Areas over HTTP."""

from typing import Any

from volunteer.access import Permission, Scope
from volunteer.areas import schemas as s
from volunteer.areas import service
from volunteer.web.paging import decode_cursor, page
from volunteer.web.routes import Call, Room

room = Room("areas")


@room.route("POST", "/areas", Permission.MANAGE_SITE, Scope.SITE, body=s.AreaIn, answers={201: s.AreaOut})
def add_area(call: Call) -> Any:
    """Add an area."""
    return 201, service.add_area(call.actor, dict(call.body), call.now)


@room.route("GET", "/areas", Permission.ANYONE, Scope.NOTHING, query=s.AreaQuery, answers={200: s.AreaPage})
def list_areas(call: Call) -> Any:
    """List areas by code: all, the children of one, or those of one level."""
    query = call.query
    after = decode_cursor(query["cursor"], str)
    rows = service.list_areas(query["parent_id"], query["level"], query["limit"], after[0] if after else None)
    return 200, page(rows, query["limit"], lambda area: (area.code,))
