"""All scans on a page, filtered by day, station, shift, mark and result; and one scan with its evidence. Source: A8."""

import datetime as dt
import uuid
from typing import Any

from flask import g, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.checkin.door import evidence, marks
from volunteer.checkin.door.station_pages import told
from volunteer.checkin.schemas import EvidenceQuery
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.web.forms import filled, load
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page

pages = Pages("evidence")
ROWS = 50
FILTERS = ("day", "station", "shift", "mark", "result")


@pages.page("/manage/scans", Permission.READ_STATIONS, Scope.STATION)
def list_page() -> Any:
    """Show a day's scans, accepted or not, the last first."""
    asked = {name: request.args.get(name, "").strip() for name in FILTERS}
    asked["day"] = asked["day"] or site_day(g.now, settings().zone).isoformat()
    query, faults = load(EvidenceQuery(), filled(asked))
    before = decode_cursor(request.args.get("cursor"), dt.datetime.fromisoformat, uuid.UUID)
    rows = [] if faults else evidence.list_scans(g.actor, evidence.Asked(**query), ROWS + 1, before)
    listed = page(rows, ROWS, lambda row: (row["received_at"].isoformat(), row["scan_id"]))
    more: dict[str, Any] = {name: text or None for name, text in asked.items()}
    body = render_template(
        "checkin/evidence.html",
        typed=asked,
        faults=faults,
        stations=[(str(one.id), one.name) for one in evidence.readable_stations(g.actor)],
        marks=list(marks.MARKS.items()),
        results=list(marks.RESULTS.items()),
        is_filtered=any(asked[name] for name in FILTERS if name != "day"),
        told=told,
        next_url=url_for("evidence.list_page", **more, cursor=listed["next_cursor"]),
        **listed,
    )
    return body, 422 if faults else 200


@pages.page("/manage/scans/<uuid:scan_id>", Permission.READ_STATIONS, Scope.STATION)
def scan_page(scan_id: uuid.UUID) -> Any:
    """Show one scan with all that is known of it."""
    one = evidence.get_scan(g.actor, scan_id)
    day = site_day(one["judged_at"], settings().zone)
    return render_template("checkin/evidence_scan.html", one=one, told=told(one), exact=_exact, day=day)


def _exact(at: dt.datetime) -> str:
    """Return an instant to the second, in the site's zone: clocks are compared here."""
    return f"{at.astimezone(settings().zone):%Y-%m-%d %H:%M:%S}"
