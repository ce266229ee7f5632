"""Stations and their devices at the desk: an administrator makes and places them, a keeper tends what is theirs.

An auditor reads. Outside the caller's subtree a station is not there. Source: ux.md A7, A11; contract, Stations.
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from flask import g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from volunteer.access import Actor, Permission, Scope
from volunteer.accounts import directory
from volunteer.accounts.devices import NewDevice
from volunteer.areas import service as areas
from volunteer.clock import Instant
from volunteer.errors import Fault, NotFound, VolunteerError
from volunteer.stations import listing, profiles, queries, scanners, service
from volunteer.stations import schemas as s
from volunteer.stations.models import Station
from volunteer.stations.rules import StationLevel
from volunteer.units import listing as units
from volunteer.web import picking
from volunteer.web.forms import faults_of, filled, load, typed
from volunteer.web.layout import Card
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page

pages = Pages("stations_desk")
ROWS, MOST_DEVICES = 50, 200
LEVELS = [(level.value, level.label) for level in StationLevel]
PROFILE = ("name", "site_kind", "address", "phone", "geo_optional")
PLACE = ("latitude", "longitude")
Picks = dict[str, picking.Picked]


@pages.page("/manage/stations", Permission.READ_STATIONS, Scope.STATION)
def list_page() -> Any:
    """List one level of the caller's stations, or what the filters find among them."""
    names = ("q", "level", "show", "parent")
    asked = {name: request.args.get(name, "").strip() for name in names}
    query, faults = load(s.StationFilter(), filled(asked))
    after = decode_cursor(request.args.get("cursor"), str)
    wanted = listing.Wanted(query.pop("parent"), **query) if not faults else listing.Wanted()
    rows = listing.list_lines(g.actor, wanted, ROWS + 1, after[0] if after else None, g.now) if not faults else []
    listed = page(rows, ROWS, lambda row: (row.code,))
    more: dict[str, Any] = {name: text or None for name, text in asked.items()}
    body = render_template(
        "stations/desk_list.html",
        typed=asked,
        faults=faults,
        wanted=wanted,
        levels=LEVELS,
        above=[] if wanted.is_search else listing.lineage(g.actor, wanted.parent_id),
        is_admin=g.actor.is_admin,
        next_url=url_for("stations_desk.list_page", **more, cursor=listed["next_cursor"]),
        **listed,
    )
    return body, 422 if faults else 200


@pages.page("/manage/stations/new", Permission.MANAGE_SITE, Scope.SITE, methods=("GET", "POST"))
def new_page() -> Any:
    """Make a station, below another one or at the top."""
    g.actor.require_admin()
    if request.method == "GET":
        above = queries.get_profile(_id(request.args["parent"])) if request.args.get("parent") else None
        texts = dict.fromkeys((*PROFILE, *PLACE, "crs", "code", "level"), "")
        picked = {
            "parent_id": picking.shown(above),
            "unit_id": picking.shown(units.unit_of(above.unit_id) if above else None),
            "area_id": picking.shown(areas.area_of(above.area_id) if above else None),
        }
        return _form(texts, picked)
    texts, body, picked, faults = _typed(("", ""), is_admin=True)
    return _save(lambda: profiles.add_station(g.actor, body, g.now).id, texts, picked, faults)


@pages.page("/manage/stations/<uuid:station_id>", Permission.READ_STATIONS, Scope.STATION)
def station_page(station_id: uuid.UUID) -> Any:
    """Show a station: what and where it is, its devices, who keeps it."""
    return _station(station_id)


@pages.page(
    "/manage/stations/<uuid:station_id>/edit", Permission.MANAGE_STATION, Scope.STATION, methods=("GET", "POST")
)
def edit_page(station_id: uuid.UUID) -> Any:
    """Change a station: its keepers what they tell of it, an admin also its code, level and place in the trees."""
    service.require_station(g.actor, Permission.MANAGE_STATION, station_id)
    station, is_admin = queries.get_profile(station_id), g.actor.is_admin
    shown = _texts(station)
    if request.method == "GET":
        return _form(shown, _picks(station), station=station)
    texts, body, picked, faults = _typed((shown["latitude"], shown["longitude"]), is_admin=is_admin)
    differing = {name: value for name, value in body.items() if name in PLACE or getattr(station, name, None) != value}
    return _save(
        lambda: profiles.change_station(g.actor, station_id, differing, g.now).id if differing else station_id,
        texts,
        picked,
        faults,
        station=station,
    )


@pages.page("/manage/stations/<uuid:station_id>/devices", Permission.MANAGE_STATION, Scope.STATION, methods=("POST",))
def add_device_page(station_id: uuid.UUID) -> Any:
    """Make a device, and show its token this once: nothing keeps the page that holds it."""
    service.require_station(g.actor, Permission.MANAGE_STATION, station_id)
    texts = typed("device")
    body, faults = load(s.DeviceIn(), filled({"name": texts["device"]}))
    if faults:
        beside = [Fault("device", fault.code, fault.message) for fault in faults]
        return _station(station_id, texts["device"], beside), 422
    made = scanners.add_device(g.actor, station_id, body["name"], g.now)
    response = make_response(_token(station_id, body["name"], made))
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.page(
    "/manage/devices/<uuid:device_id>/revoke", Permission.MANAGE_STATION, Scope.STATION, methods=("GET", "POST")
)
def revoke_device_page(device_id: uuid.UUID) -> Any:
    """Ask whether a device is to be shut out, and shut it out."""
    device, station = scanners.get_device(g.actor, device_id)
    if request.method == "GET":
        return render_template("stations/desk_revoke.html", device=device, station=station)
    scanners.revoke_device(g.actor, device_id, g.now)
    return redirect(url_for("stations_desk.station_page", station_id=station.id, done="revoked"), 303)


def card(actor: Actor, now: Instant) -> Card | None:
    """Tell an administrator how many stations have no device."""
    count = listing.count_without_device(actor, now) if actor.is_admin else 0
    if not count:
        return None
    text = _("stations have no device to scan with; their keepers scan with a phone.")
    return Card(
        _("Stations without a device"),
        str(count),
        text,
        url_for("stations_desk.list_page", show="no-device"),
        _("See them"),
    )


def _id(text: str) -> uuid.UUID:
    """Return the id that an address names; NotFound for junk."""
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise NotFound from error


def _texts(station: Station) -> dict[str, str]:
    """Return a station as its form shows it; a place to six decimals, some ten centimetres."""
    texts = {name: getattr(station, name) or "" for name in ("code", "level", "name", "site_kind", "address", "phone")}
    texts |= {name: "" if (at := getattr(station, name)) is None else f"{at:.6f}" for name in PLACE}
    return texts | {"crs": "", "geo_optional": "1" if station.geo_optional else ""}


def _picks(station: Station) -> Picks:
    """Return what is chosen by typing, as the form shows it."""
    above = queries.get_profile(station.parent_id) if station.parent_id else None
    return {
        "parent_id": picking.shown(above),
        "unit_id": picking.shown(units.unit_of(station.unit_id)),
        "area_id": picking.shown(areas.area_of(station.area_id)),
    }


def _typed(shown: tuple[str, str], *, is_admin: bool) -> tuple[dict[str, str], dict[str, Any], Picks, list[Fault]]:
    """Return what was typed, what it means, what was chosen, all faults; `shown` is the place as the form had it."""
    own = ("code", "level") if is_admin else ()
    texts = typed(*PROFILE, *PLACE, "crs", *own)
    body, faults = load(s.StationForm() if is_admin else s.ProfileForm(), filled(texts))
    place, place_faults = _place(texts, shown)
    values = {name: body.get(name) for name in (*PROFILE, *own)} | {name: body.get(name) for name in place}
    picked: Picks = {}
    if is_admin:
        finders: dict[str, picking.Find] = {
            "parent_id": listing.find_stations,
            "unit_id": units.find_units,
            "area_id": areas.find_areas,
        }
        picked = {name: picking.pick(name, find) for name, find in finders.items()}
    values |= {name: one.id for name, one in picked.items()}
    faults += place_faults + [fault for one in picked.values() for fault in one.faults]
    return texts, values, picked, faults


def _place(texts: Mapping[str, str], shown: tuple[str, str]) -> tuple[tuple[str, ...], list[Fault]]:
    """Return which fields of the place are to be saved, and what is missing: a new place needs to say its datum.

    What the form showed is WGS-84 already; untouched it is left alone.
    """
    at = (texts["latitude"], texts["longitude"])
    if at == shown and (any(at) or not texts["crs"]):
        return (), []
    if not any(at) and not texts["crs"]:
        return PLACE, []
    faults = [Fault(name, "required", "经度和纬度要同时填写。") for name in PLACE if not texts[name]]
    if not texts["crs"]:
        faults.append(Fault("crs", "required", "请选择坐标来自哪种地图,系统会自动换算。"))
    return (*PLACE, "crs"), faults


def _save(
    save: Callable[[], uuid.UUID], texts: dict[str, str], picked: Picks, faults: list[Fault], **about: Any
) -> Any:
    """Save a form that has no faults and go to the station; else return it with all that is wrong."""
    status = 422
    if not faults:
        try:
            station_id = save()
        except VolunteerError as error:
            faults, status = faults_of(error, "code"), error.status
        else:
            return redirect(url_for("stations_desk.station_page", station_id=station_id, done="saved"), 303)
    return _form(texts, picked, faults, status, **about)


def _form(
    texts: Mapping[str, str],
    picked: Picks,
    faults: list[Fault] | None = None,
    status: int = 200,
    station: Station | None = None,
) -> Any:
    """Return the form of a new station, or of a known one."""
    body = render_template(
        "stations/desk_form.html",
        texts=texts,
        picked=picked,
        faults=faults or [],
        levels=LEVELS,
        station=station,
        is_admin=g.actor.is_admin,
    )
    return body, status


def _station(station_id: uuid.UUID, device: str = "", faults: list[Fault] | None = None) -> str:
    """Return the page of a station."""
    brief = service.require_station(g.actor, Permission.READ_STATIONS, station_id)
    station = queries.get_profile(station_id)
    return render_template(
        "stations/desk_station.html",
        station=station,
        level=brief.level,
        above=listing.lineage(g.actor, station_id)[:-1],
        unit=units.unit_of(station.unit_id),
        area=areas.area_of(station.area_id),
        devices=scanners.list_devices(g.actor, station_id, MOST_DEVICES, None, g.now),
        holders=directory.holders_of(g.actor, "station_id", station_id),
        may_manage=service.may_at(g.actor, Permission.MANAGE_STATION, brief),
        may_scan=service.may_at(g.actor, Permission.SCAN, brief),
        is_admin=g.actor.is_admin,
        device=device,
        faults=faults or [],
        done=request.args.get("done", "") if not faults else "",
    )


def _token(station_id: uuid.UUID, name: str, made: NewDevice) -> str:
    """Return the page that shows a token."""
    station = service.get_station(station_id)
    return render_template("stations/desk_token.html", station=station, name=name, made=made)
