"""The public list of honour on a page: what the API lists, never kept on the way, not for crawlers.

Source: PIPL 15, 25; ADR 0010.
"""

import uuid
from dataclasses import dataclass
from typing import Any, Final

from flask import g, make_response, render_template, request, url_for
from marshmallow import ValidationError

from volunteer.access import Permission, Scope
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.errors import Fault, InvalidInput
from volunteer.reports.honour import Wanted
from volunteer.reports.honour_api import HonourQuery, listed_of, wanted_of
from volunteer.reports.stations_pages import presets
from volunteer.stations import listing as stations_listing
from volunteer.stations import service as stations
from volunteer.units import listing as units_listing
from volunteer.units import service as units
from volunteer.web.pages import Pages
from volunteer.web.schemas import Text, flatten

pages = Pages("honour")
ROWS, MOST_FOUND = 50, 10
FILTERS = ("from", "to", "unit_id", "station_id", "where", "cursor")
#: A list that was taken back must not live on in caches and search engines.
UNKEPT: Final = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, noarchive"}


class PageQuery(HonourQuery):
    """The same, and the name of a unit or a station as somebody types it."""

    where = Text(60, load_default=None)


@dataclass(frozen=True, slots=True)
class _Place:
    """A unit or a station that somebody may mean: its name, and the filter that says so."""

    name: str
    filters: dict[str, uuid.UUID]


@pages.page("/honour", Permission.ANYONE, Scope.NOTHING)
def list_page() -> Any:
    """Show the list of honour."""
    typed = {name: request.args.get(name, "").strip() for name in FILTERS}
    faults: list[Fault] = []
    asked, found = None, list[_Place]()
    listed: dict[str, Any] = {"items": [], "next_cursor": None}
    try:
        query = PageQuery().load({name: text for name, text in typed.items() if text})
        found = _places(query["where"]) if query["where"] else []
        if query["where"] and len(found) == 1:
            query |= {"unit_id": None, "station_id": None} | found.pop().filters
        asked = wanted_of(query, g.now)
        if not found:
            listed = listed_of(asked, ROWS, query["cursor"], g.now)
    except ValidationError as error:
        faults = flatten(error.messages)
    except InvalidInput as error:
        faults = list(error.faults)
    if typed["where"] and not faults and not found and asked and not (asked.unit_id or asked.station_id):
        faults = [Fault("where", "unknown", "没有找到这个单位或服务站,请核对名称,或只填其中几个字。")]
    body = render_template(
        "reports/honour.html",
        typed=typed,
        faults=faults,
        asked=asked,
        place=_place_of(asked) if asked else "",
        found=found,
        same=_same(asked) if asked else {},
        presets=presets(site_day(g.now, settings().zone)),
        next_url=_next(asked, listed["next_cursor"]),
        now=g.now,
        **listed,
    )
    answer = make_response(body, 422 if faults else 200)
    answer.headers.update(UNKEPT)
    return answer


def _places(text: str) -> list[_Place]:
    """Return the units and stations that somebody may mean; one that is called exactly so stands alone."""
    found = [_Place(unit.name, {"unit_id": unit.id}) for unit in units_listing.find_units(text, MOST_FOUND)]
    near = stations_listing.find_stations(text, MOST_FOUND)
    found += [_Place(station.name, {"station_id": station.id}) for station in near]
    same = [place for place in found if place.name == text]
    return same if len(same) == 1 else found


def _place_of(asked: Wanted) -> str:
    """Return the name of the unit or station of a list; nothing for that of the whole site."""
    if asked.unit_id:
        return units.unit_briefs([asked.unit_id])[asked.unit_id].name
    return stations.station_briefs([asked.station_id])[asked.station_id].name if asked.station_id else ""


def _same(asked: Wanted) -> dict[str, str]:
    """Return the filters that give this place again."""
    return {name: str(value) for name, value in (("unit_id", asked.unit_id), ("station_id", asked.station_id)) if value}


def _next(asked: Wanted | None, cursor: str | None) -> str:
    """Return the address of the next page, or nothing."""
    if asked is None or cursor is None:
        return ""
    same: dict[str, Any] = {"from": str(asked.from_on), "to": str(asked.to_on)} | _same(asked)
    return url_for("honour.list_page", **same, cursor=cursor)
