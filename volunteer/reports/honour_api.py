"""The public list of honour over HTTP."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from volunteer.access import Permission, Scope
from volunteer.reports import honour
from volunteer.reports.honour import Wanted
from volunteer.web.paging import decode_cursor, page
from volunteer.web.routes import Call, Room
from volunteer.web.schemas import BaseSchema, Day, Id, Page, Truth

room = Room("honour")


class HonourQuery(Page):
    """Which list; without days, this year up to today. A unit or a station covers all below it."""

    from_on = Day(data_key="from", load_default=None)
    to_on = Day(data_key="to", load_default=None)
    unit_id = Id(load_default=None)
    station_id = Id(load_default=None)


class HonourLineOut(BaseSchema):
    """One of the list: a name in full where the person agreed to it, masked where a guardian did for a minor."""

    rank = fields.Integer()
    name = fields.String()
    is_masked = Truth()
    unit = fields.String(allow_none=True)
    minutes = fields.Integer()
    star_level = fields.Integer()


class HonourOut(BaseSchema):
    """The list of honour of some days."""

    from_on = Day(data_key="from")
    to_on = Day(data_key="to")
    items = fields.List(fields.Nested(HonourLineOut))
    next_cursor = fields.String(allow_none=True)


@room.route("GET", "/honour-list", Permission.ANYONE, Scope.NOTHING, query=HonourQuery, answers={200: HonourOut})
def list_honour(call: Call) -> Any:
    """List who agreed to be named in public, with what they served in a period, the most first."""
    asked = wanted_of(call.query, call.now)
    listed = listed_of(asked, call.query["limit"], call.query["cursor"], call.now)
    return 200, {"from_on": asked.from_on, "to_on": asked.to_on} | listed


def wanted_of(query: Mapping[str, Any], now: dt.datetime) -> Wanted:
    """Return what a query asks for."""
    return honour.wanted(query["from_on"], query["to_on"], query["unit_id"], query["station_id"], now)


def listed_of(asked: Wanted, limit: int, cursor: str | None, now: dt.datetime) -> dict[str, Any]:
    """Return one page of the list; the cursor says how many stand before it, and names nobody."""
    last = decode_cursor(cursor, _count)
    skip = last[0] if last else 0
    return page(honour.honour_list(asked, limit, skip, now), limit, lambda _row: (skip + limit,))


def _count(part: Any) -> int:
    """Read a number of a cursor; ValueError for none or a negative one."""
    if not isinstance(part, int) or not 0 <= part <= 10**6:
        raise ValueError(part)
    return part
