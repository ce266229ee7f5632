"""Pairings on pages: by area with the gaps, by unit, by leader, by zone, as of any day; printed, exported, set, ended.

Source: domain.md A4, A23, A31; what is exported is what is seen.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from flask import g, redirect, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.areas import service as areas
from volunteer.areas.rules import AreaLevel
from volunteer.errors import Fault, NotFound
from volunteer.pairings import schemas as s
from volunteer.pairings import service, views
from volunteer.pairings.models import Pairing
from volunteer.pairings.rules import PairingKind
from volunteer.pairings.service import Parties, Target
from volunteer.units import listing as units_listing
from volunteer.units import service as units
from volunteer.web import picking
from volunteer.web.forms import filled, load, tried, typed
from volunteer.web.pages import Pages

pages = Pages("pairings")
READ, SET, BOTH = Permission.READ_PAIRINGS, Permission.MANAGE_SITE, ("GET", "POST")
KINDS = [(kind.value, kind.label) for kind in PairingKind]
LEVELS = [(level.value, level.label) for level in AreaLevel]
FILTERS = ("by", "level", "q", "on", "gaps")
FINDERS: Mapping[str, picking.Find] = {
    "area_id": areas.find_areas,
    "official_id": service.find_officials,
    "unit_id": units_listing.find_units,
}


@pages.page("/pairings", READ, Scope.SITE)
def list_page() -> Any:
    """Show who answers for what: by area, unit, leader or zone."""
    asked = {name: request.args.get(name, "").strip() for name in FILTERS}
    query, faults = load(s.ListFilter(), filled(asked))
    day = service.today(g.now) if faults else query["on"] or service.today(g.now)
    by = "area" if faults else query["by"]
    rows = [] if faults else views.rows_of(query, day)
    body = render_template(
        "pairings/list.html",
        typed=asked,
        faults=faults,
        by=by,
        day=day,
        rows=rows,
        is_filtered=bool(filled({name: asked[name] for name in ("q", "gaps")})),
        levels=LEVELS,
        level="" if faults else query["level"] or views.smallest_level(),
        same={name: text for name, text in asked.items() if text},
        now=g.now,
        is_admin=g.actor.is_admin,
        done=request.args.get("done", ""),
    )
    return body, 422 if faults else 200


@pages.page("/pairings/areas/<uuid:area_id>", READ, Scope.SITE)
def area_page(area_id: uuid.UUID) -> Any:
    """Show who answers for an area, and who did."""
    day, asked, faults = _day()
    line = views.area_line(area_id, day)
    return _shown(
        "area", line.name, day, asked, faults, line=line, history=views.history_of(Pairing.area_id == area_id)
    )


@pages.page("/pairings/units/<uuid:unit_id>", READ, Scope.SITE)
def unit_page(unit_id: uuid.UUID) -> Any:
    """Show what a unit answers for, and did."""
    day, asked, faults = _day()
    brief = units.unit_briefs([unit_id]).get(unit_id)
    if brief is None:
        raise NotFound
    mine = views.pairings_on(day, Pairing.unit_id == unit_id)
    return _shown(
        "unit", brief.name, day, asked, faults, mine=mine, history=views.history_of(Pairing.unit_id == unit_id)
    )


@pages.page("/pairings/officials/<uuid:official_id>", READ, Scope.SITE)
def official_page(official_id: uuid.UUID) -> Any:
    """Show what a leader answers for, and did."""
    day, asked, faults = _day()
    line = views.official_line(official_id, day)
    history = views.history_of(Pairing.official_id == official_id)
    return _shown("leader", line.name, day, asked, faults, official=line, mine=line.pairings, history=history)


def _day() -> tuple[dt.date, str, list[Fault]]:
    """Return the day that is looked at, as typed, and what is wrong with it."""
    asked = request.args.get("on", "").strip()
    query, faults = load(s.DayQuery(), {"on": asked} if asked else {})
    return (service.today(g.now) if faults else query["on"] or service.today(g.now)), asked, faults


def _shown(by: str, name: str, day: dt.date, asked: str, faults: list[Fault], **about: Any) -> Any:
    """Return the page of one area, unit or leader."""
    about |= {"by": by, "name": name, "day": day, "typed": {"on": asked}, "faults": faults}
    about |= {"is_admin": g.actor.is_admin, "now": g.now, "done": request.args.get("done", "")}
    return render_template("pairings/one.html", **about), 422 if faults else 200


@pages.page("/pairings/new", SET, Scope.SITE, methods=BOTH)
def new_page() -> Any:
    """Let a leader, a unit or both answer for an area or a zone."""
    g.actor.require_admin()
    if request.method == "GET":
        picked = dict.fromkeys(FINDERS, picking.Picked())
        picked["area_id"] = picking.shown(areas.area_of(_id(request.args.get("area", ""))))
        return _form({"kind": "", "zone_id": "", "from": str(service.today(g.now))}, picked, [])
    texts = typed("kind", "zone_id", "from")
    body, faults = load(s.PairingForm(), filled(texts))
    picked = {name: picking.pick(name, find) for name, find in FINDERS.items()}
    faults += [fault for one in picked.values() for fault in one.faults]
    if not faults:
        leader, unit = picked["official_id"].id, picked["unit_id"].id
        target = Target(picked["area_id"].id, body["zone_id"])
        parties = Parties([leader] if leader else [], [unit] if unit else [])
        faults = tried(
            lambda: service.pair(g.actor, PairingKind(body["kind"]), target, parties, body["from_on"], g.now), "code"
        )
        if not faults:
            if target.area_id:
                return redirect(url_for("pairings.area_page", area_id=target.area_id, done="set"), 303)
            return redirect(url_for("pairings.list_page", by="zone", done="set"), 303)
        faults = [Fault(one.field.replace("_ids", "_id"), one.code, one.message) for one in faults]
    return _form(texts, picked, faults, 422)


def _form(texts: dict[str, str], picked: dict[str, picking.Picked], faults: list[Fault], status: int = 200) -> Any:
    """Return the form of a new pairing."""
    zones = [(one.id, one.name) for one in views.list_zones(service.today(g.now))]
    about = {"typed": texts, "picked": picked, "faults": faults, "kinds": KINDS, "zones": zones}
    return render_template("pairings/form.html", **about), status


@pages.page("/pairings/<uuid:pairing_id>/end", SET, Scope.SITE, methods=BOTH)
def end_page(pairing_id: uuid.UUID) -> Any:
    """Ask from which day on and why, and end a pairing."""
    g.actor.require_admin()
    one = views.pairing_view(pairing_id)

    def end(on: dt.date | None, reason: str) -> object:
        return service.end(g.actor, pairing_id, on, reason, g.now)

    back = url_for("pairings.list_page", by="zone", done="ended")
    if one.area_id:
        back = url_for("pairings.area_page", area_id=one.area_id, done="ended")
    return _ending(end, back, pairing=one)


@pages.page("/pairings/officials/<uuid:official_id>/leave", SET, Scope.SITE, methods=BOTH)
def leave_page(official_id: uuid.UUID) -> Any:
    """Ask from which day on, and let a leader leave office."""
    g.actor.require_admin()
    line = views.official_line(official_id, service.today(g.now))

    def end(on: dt.date | None, reason: str) -> object:
        return service.leave_office(g.actor, official_id, on, reason, g.now)

    return _ending(end, url_for("pairings.official_page", official_id=official_id, done="left"), official=line)


def _ending(end: Callable[[dt.date | None, str], object], back: str, **about: Any) -> Any:
    """Ask for a day and a reason, and end something."""
    texts, faults = typed("on", "reason"), list[Fault]()
    if request.method == "POST":
        body, faults = load(s.EndForm(), filled(texts))
        faults = faults or tried(lambda: end(body["on"], body["reason"]), "code")
        if not faults:
            return redirect(back, 303)
    texts["on"] = texts["on"] or str(service.today(g.now))
    template = render_template("pairings/end.html", typed=texts, faults=faults, back=back.partition("?")[0], **about)
    return template, 422 if faults else 200


@pages.page("/pairings/officials/new", SET, Scope.SITE, methods=BOTH)
def new_official_page() -> Any:
    """Add a leader."""
    g.actor.require_admin()
    texts, faults = typed("name", "office"), list[Fault]()
    if request.method == "POST":
        body, faults = load(s.OfficialIn(), filled(texts))
        if not faults:
            made = service.add_official(g.actor, body["name"], body["office"], g.now)
            return redirect(url_for("pairings.official_page", official_id=made.id, done="saved"), 303)
    return render_template("pairings/official.html", typed=texts, faults=faults), 422 if faults else 200


@pages.page("/pairings/zones/new", SET, Scope.SITE, methods=BOTH)
def new_zone_page() -> Any:
    """Add a zone with its areas."""
    return _zone(None)


@pages.page("/pairings/zones/<uuid:zone_id>", SET, Scope.SITE, methods=BOTH)
def zone_page(zone_id: uuid.UUID) -> Any:
    """Let a zone consist of other areas from a day on."""
    return _zone(zone_id)


def _zone(zone_id: uuid.UUID | None) -> Any:
    """Ask for a zone's areas by their codes, and save them."""
    g.actor.require_admin()
    today = service.today(g.now)
    zone = next((one for one in views.list_zones(today) if one.id == zone_id), None)
    if zone_id and zone is None:
        raise NotFound
    texts, faults = typed("code", "name", "areas", "on"), list[Fault]()
    if request.method == "GET":
        texts |= {"areas": "\n".join(views.zone_areas(zone_id, today)) if zone_id else "", "on": str(today)}
    else:
        body, faults = load(s.ZoneForm(), filled(texts))
        faults = faults or _zone_saved(zone_id, body)
        if not faults:
            return redirect(url_for("pairings.list_page", by="zone", done="saved"), 303)
    return render_template("pairings/zone.html", zone=zone, typed=texts, faults=faults), 422 if faults else 200


def _zone_saved(zone_id: uuid.UUID | None, body: Mapping[str, Any]) -> list[Fault]:
    """Save a zone; return what is wrong with it."""
    needed = [name for name in ("code", "name") if not zone_id and not body[name]]
    faults = [Fault(name, "required", "请填写这一项。") for name in needed]
    codes = list(dict.fromkeys(body["areas"].split()))
    found = {code: [one for one in areas.find_areas(code, 5) if one.code == code] for code in codes}
    unknown = [code for code in codes if not found[code]]
    if unknown:
        faults.append(Fault("areas", "unknown", f"没有找到这些区域代码:{'、'.join(unknown[:5])}。"))
    if faults:
        return faults
    ids = [found[code][0].id for code in codes]
    if zone_id:
        return tried(lambda: service.set_zone_areas(g.actor, zone_id, ids, body["on"], g.now), "code")
    return tried(lambda: service.add_zone(g.actor, body["code"], body["name"], ids, body["on"], g.now), "code")


def _id(text: str) -> uuid.UUID | None:
    """Return the id that an address names, or None."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
