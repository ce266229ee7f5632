"""A photo of a code where the page reads none itself: without scripts a form of its own, with them the last resort.

The form's photo is read and scanned in one go, and answered like a typed code; the script is told the digits alone, and
goes on as if the camera had read them. Source: ux.md 4.2 (order of fallbacks), S2.
"""

import uuid
from typing import Any

from flask import g, jsonify, render_template, request
from flask_babel import gettext as _

from volunteer.access import Permission, Scope
from volunteer.checkin.door import door
from volunteer.checkin.door.station_pages import PART, scan_typed
from volunteer.checkin.photos import photos
from volunteer.checkin.photos.photo_schemas import PhotoIn
from volunteer.checkin.photos.photos import UnreadablePhoto
from volunteer.errors import Fault, RateLimited
from volunteer.stations import service as stations
from volunteer.web import forms
from volunteer.web.pages import Pages

pages = Pages("photo")


@pages.page("/station/<uuid:station_id>/photo", Permission.SCAN, Scope.STATION, methods=("GET", "POST"), upload=True)
def photo_page(station_id: uuid.UUID) -> Any:
    """Take a photo of a code, and scan what is in it."""
    here = door.scanned_at(g.actor, station_id)
    typed = forms.typed("direction", "shift_id", "scan_id") | {"kept_at": ""}
    if request.method == "GET":
        typed["direction"] = request.args.get("direction", "")
        return _form(station_id, typed)
    body, faults = forms.load(PhotoIn(), request.files.to_dict())
    status, code = 422, ""
    try:
        code = "" if faults else photos.read_code(g.actor, body["file"].data, g.now)
    except UnreadablePhoto as error:
        faults = [Fault("file", str(error.fault), error.detail)]
    except RateLimited as error:
        status = error.status
        faults = [Fault("file", error.code, _("Too many photos. Go on in %(n)s seconds.", n=error.retry_after_s))]
    if PART in request.form:
        return (jsonify(message=faults[0].message), status) if faults else jsonify(code=code)
    if faults:
        return _form(station_id, typed, faults), status
    return scan_typed(station_id, here, typed | {"code": code})


def _form(station_id: uuid.UUID, typed: dict[str, str], faults: list[Fault] | None = None) -> str:
    """Return the form."""
    station = stations.get_station(station_id)
    return render_template("checkin/photo.html", station=station, typed=typed, faults=faults or [])
