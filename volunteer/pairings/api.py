"""Pairings over HTTP: staff read them, an admin sets them."""

import uuid
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.pairings import schemas as s
from volunteer.pairings import service, views
from volunteer.pairings.models import Pairing
from volunteer.pairings.rules import PairingKind
from volunteer.pairings.service import Parties, Target
from volunteer.web.routes import Call, Room

room = Room("pairings")
READ, SET = Permission.READ_PAIRINGS, Permission.MANAGE_SITE


@room.route("GET", "/pairings", READ, Scope.SITE, query=s.PairingQuery, answers={200: s.PairingsOut})
def list_pairings(call: Call) -> Any:
    """List the pairings of a day."""
    names = ("unit_id", "official_id", "zone_id")
    wanted = [getattr(Pairing, name) == call.query[name] for name in names if call.query[name]]
    return 200, {"items": views.pairings_on(call.query["on"] or service.today(call.now), *wanted)}


@room.route("POST", "/pairings", SET, Scope.SITE, body=s.PairingIn, answers={201: s.MadePairingsOut})
def set_pairings(call: Call) -> Any:
    """Let leaders and units answer for an area or a zone."""
    target = Target(call.body["area_id"], call.body["zone_id"])
    parties = Parties(call.body["official_ids"], call.body["unit_ids"])
    kind = PairingKind(call.body["kind"])
    return 201, {"items": service.pair(call.actor, kind, target, parties, call.body["from_on"], call.now)}


@room.route("POST", "/pairings/<uuid:pairing_id>/end", SET, Scope.SITE, body=s.EndIn, answers={200: s.PairingOut})
def end_pairing(call: Call, pairing_id: uuid.UUID) -> Any:
    """End a pairing from a day on."""
    return 200, service.end(call.actor, pairing_id, call.body["on"], call.body["reason"], call.now)


@room.route("GET", "/pairings/coverage", READ, Scope.SITE, query=s.CoverageQuery, answers={200: s.CoverageOut})
def show_coverage(call: Call) -> Any:
    """Tell how many areas of a level are answered for, and which are not."""
    day, level = call.query["on"] or service.today(call.now), call.query["level"]
    rows = views.list_areas(level, None, day)
    own = [one for row in rows for one in row.own]
    return 200, {
        "on": day,
        "level": level,
        "areas": len(rows),
        "covered": sum(row.gap is None for row in rows),
        "leaders": len({one.official_id for one in own if one.official_id}),
        "units": len({one.unit_id for one in own if one.unit_id}),
        "gaps": [row for row in rows if row.gap],
    }


@room.route("GET", "/areas/<uuid:area_id>/pairings", READ, Scope.SITE, query=s.DayQuery, answers={200: s.AreaCoverOut})
def show_area(call: Call, area_id: uuid.UUID) -> Any:
    """Tell who answers for an area."""
    return 200, views.area_line(area_id, call.query["on"] or service.today(call.now))


@room.route("GET", "/officials", READ, Scope.SITE, query=s.DayQuery, answers={200: s.OfficialsOut})
def list_officials(call: Call) -> Any:
    """List the leaders in office on a day."""
    return 200, {"items": views.list_officials(call.query["on"] or service.today(call.now))}


@room.route("POST", "/officials", SET, Scope.SITE, body=s.OfficialIn, answers={201: s.OfficialOut})
def add_official(call: Call) -> Any:
    """Add a leader."""
    return 201, service.add_official(call.actor, call.body["name"], call.body["office"], call.now)


@room.route("POST", "/officials/<uuid:official_id>/leave", SET, Scope.SITE, body=s.EndIn, answers={200: s.OfficialOut})
def leave_office(call: Call, official_id: uuid.UUID) -> Any:
    """Let a leader leave office; their pairings end."""
    return 200, service.leave_office(call.actor, official_id, call.body["on"], call.body["reason"], call.now)


@room.route("GET", "/zones", READ, Scope.SITE, query=s.DayQuery, answers={200: s.ZonesOut})
def list_zones(call: Call) -> Any:
    """List the zones with their areas of a day."""
    return 200, {"items": views.list_zones(call.query["on"] or service.today(call.now))}


@room.route("POST", "/zones", SET, Scope.SITE, body=s.ZoneIn, answers={201: s.ZoneOut}, errors=(409,))
def add_zone(call: Call) -> Any:
    """Add a zone."""
    body = call.body
    return 201, service.add_zone(call.actor, body["code"], body["name"], body["area_ids"], body["on"], call.now)


@room.route("PUT", "/zones/<uuid:zone_id>/areas", SET, Scope.SITE, body=s.ZoneAreasIn, answers={200: s.ZoneOut})
def set_zone_areas(call: Call, zone_id: uuid.UUID) -> Any:
    """Let a zone consist of other areas from a day on."""
    return 200, service.set_zone_areas(call.actor, zone_id, call.body["area_ids"], call.body["on"], call.now)
