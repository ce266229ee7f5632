"""What every page has around it: who is signed in, which links they see, the size of text.

This is the one place that decides about navigation. A volunteer has tabs at the bottom, staff a list at the side; a
link stands here when its page exists. Source: ux.md §6 (Nav), §7 (large text).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, g, request, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import SQLAlchemyError

from volunteer import database
from volunteer.access import NOBODY, Actor, Permission
from volunteer.config import settings
from volunteer.web.pages import LARGE, TEXT_COOKIE


@dataclass(frozen=True, slots=True)
class Link:
    """A link as this caller sees it; `current` is the value of its `aria-current`, empty where one is not.

    `page` is the page itself, `true` one that lies below it.
    """

    url: str
    label: str
    current: str


@dataclass(frozen=True, slots=True)
class Place:
    """A page that navigation leads to; `permissions` are for staff's pages, any opens it; none: everybody signed in.

    What is below its own address belongs to it; `below` names another beginning, and "" is for a page alone.
    """

    endpoint: str
    label: Any
    permissions: tuple[Permission, ...] = ()
    below: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Links that belong together, under one heading of the side list."""

    title: str
    links: list[Link]


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What the site says of itself; an empty text is not set.

    Attributes:
        issuer: who issues proofs of service; the site's own name if not set.
        helpline: the phone that people ring, as it is written.
        filing_number: the ICP filing (备案号), which the law wants on every page.
    """

    name: str
    issuer: str
    organizer: str = ""
    helpline: str = ""
    helpline_hours: str = ""
    filing_number: str = ""

    @property
    def dial(self) -> str:
        """The helpline as a `tel:` link dials it."""
        return re.sub(r"[^0-9+]", "", self.helpline)


#: What an administrator has set; `app.wire` fills it (the site's room is above this one).
SITE: list[Callable[[], SiteFacts]] = []


@dataclass(frozen=True, slots=True)
class Door:
    """A way in without a password, which the demo alone has: who one becomes, and where to send the key."""

    title: str
    about: str
    url: str
    key: str


@dataclass(frozen=True, slots=True)
class Card:
    """What one room tells staff on their start: a figure or a sentence, and the page that goes on from there."""

    title: str
    figure: str
    text: str
    url: str
    label: str


TABS = (
    Place("accounts.me_page", _l("Home"), below=""),
    Place("activities.list_page", _l("Activities")),
    Place("checkin.my_code_page", _l("My code")),
    Place("registration.profile_page", _l("Me"), below="/me"),
)
SIDE = (
    Place("accounts.me_page", _l("Overview"), below=""),
    Place("station.today_page", _l("Check-in desk"), (Permission.SCAN, Permission.READ_STATIONS)),
    Place("evidence.list_page", _l("Scans"), (Permission.READ_STATIONS,)),
    Place("decisions.list_page", _l("To decide"), (Permission.DECIDE,)),
    Place("manage.list_page", _l("Run activities"), (Permission.RUN_ACTIVITIES,)),
    Place("unit_events.list_page", _l("Activities of units"), (Permission.READ_REPORTS,)),
    Place("rates.rates_page", _l("Registration rates"), (Permission.READ_REPORTS,)),
    Place("rates.stations_page", _l("Station figures"), (Permission.READ_STATIONS,)),
    Place("honour.list_page", _l("List of honour"), (Permission.READ_REPORTS, Permission.READ_STATIONS)),
    Place("people.list_page", _l("People"), (Permission.READ_PEOPLE,)),
    Place("talents_desk.list_page", _l("Talent pool"), (Permission.READ_REPORTS,)),
    Place("denials.list_page", _l("Denied registrations"), (Permission.AUDIT,)),
    Place("changes.list_page", _l("Changes of unit"), (Permission.MANAGE_PEOPLE,)),
    Place("imports.list_page", _l("Imports"), (Permission.MANAGE_PEOPLE,)),
    Place("units_desk.list_page", _l("Units and tasks"), (Permission.MANAGE_SITE,)),
    Place("areas_desk.list_page", _l("Areas"), (Permission.MANAGE_SITE,)),
    Place("stations_desk.list_page", _l("Stations and devices"), (Permission.READ_STATIONS,)),
    Place("pairings.list_page", _l("Pairing"), (Permission.READ_PAIRINGS,)),
    Place("teams_desk.list_page", _l("Teams"), (Permission.READ_TEAMS,)),
    Place("accounts_desk.list_page", _l("Accounts and roles"), (Permission.AUDIT,)),
    Place("site.settings_page", _l("Site settings"), (Permission.MANAGE_SITE,)),
    Place("notices.list_page", _l("Privacy notices"), (Permission.MANAGE_SITE,)),
    Place("unmasking.list_page", _l("Data of minors"), (Permission.AUDIT,)),
    Place("upstream.ask_page", _l("Platform above"), (Permission.MANAGE_SITE,)),
    Place("exports.list_page", _l("Export log"), (Permission.READ_PEOPLE,)),
    Place("jobs.list_page", _l("Background work"), (Permission.AUDIT,)),
    Place("retention.list_page", _l("How long data is kept"), (Permission.AUDIT,)),
    Place("anomalies.list_page", _l("What looks wrong"), (Permission.AUDIT,)),
    Place("spot_checks.list_page", _l("Spot checks"), (Permission.AUDIT,)),
    Place("audit_desk.list_page", _l("Audit log"), (Permission.AUDIT,)),
    Place("activities.list_page", _l("Activities")),
    Place("registration.profile_page", _l("Me"), below="/me"),
)
#: The headings of the side list, and which of its endpoints stand under each; a test finds one that has none.
SECTIONS = (
    (
        _l("Every day"),
        (
            "accounts.me_page",
            "station.today_page",
            "decisions.list_page",
            "evidence.list_page",
            "anomalies.list_page",
            "spot_checks.list_page",
            "manage.list_page",
            "unit_events.list_page",
            "activities.list_page",
        ),
    ),
    (_l("Figures"), ("rates.rates_page", "rates.stations_page", "honour.list_page")),
    (
        _l("People and teams"),
        (
            "people.list_page",
            "talents_desk.list_page",
            "changes.list_page",
            "denials.list_page",
            "imports.list_page",
            "teams_desk.list_page",
        ),
    ),
    (
        _l("Set up"),
        (
            "units_desk.list_page",
            "areas_desk.list_page",
            "stations_desk.list_page",
            "pairings.list_page",
            "accounts_desk.list_page",
            "site.settings_page",
            "notices.list_page",
        ),
    ),
    (
        _l("Kept on record"),
        (
            "upstream.ask_page",
            "exports.list_page",
            "unmasking.list_page",
            "jobs.list_page",
            "retention.list_page",
            "audit_desk.list_page",
        ),
    ),
    (_l("My account"), ("registration.profile_page",)),
)


def init_app(app: Flask) -> None:
    """Give templates what the frame of a page needs."""
    app.context_processor(_frame)


def tabs_of(actor: Actor) -> list[Link]:
    """Return the tabs at the bottom: for who is signed in without a role."""
    return [] if actor.is_anonymous or actor.grants else _links(TABS)


def sidebar_of(actor: Actor) -> list[Section]:
    """Return the list at the side: for staff, what their roles open, by heading; those with nothing are left out."""
    if not actor.grants:
        return []
    served = current_app.view_functions
    mine = [place for place in SIDE if not place.permissions or any(map(actor.has, place.permissions))]
    shown = [place for place in mine if place.endpoint in served]
    links = {place.endpoint: link for place, link in zip(shown, _links(shown), strict=True)}
    sections = [Section(str(title), [links[one] for one in names if one in links]) for title, names in SECTIONS]
    return [section for section in sections if section.links]


def site() -> SiteFacts:
    """Return what the site says of itself, read once a request; while the database does not answer, its plain name."""
    if "site" not in g:
        try:
            g.site = SITE[0]()
        except (IndexError, SQLAlchemyError):
            database.done_reading()
            g.site = SiteFacts(settings().site_name, settings().site_name)
    found: SiteFacts = g.site
    return found


def _links(places: Sequence[Place]) -> list[Link]:
    """Return places as links; the one to which this page belongs the most is marked."""
    urls = [url_for(place.endpoint) for place in places]
    reach = [_reach(place, url) for place, url in zip(places, urls, strict=True)]
    here = reach.index(max(reach)) if any(reach) else -1
    mark = "page" if here >= 0 and request.path == urls[here] else "true"
    return [
        Link(url, str(place.label), mark if n == here else "")
        for n, (url, place) in enumerate(zip(urls, places, strict=True))
    ]


def _reach(place: Place, url: str) -> int:
    """Return how much of this page's address is the place's: all of it and more for itself, 0 for none."""
    if request.path == url:
        return len(url) + 1
    below = url if place.below is None else place.below
    return len(below) if below and f"{request.path}/".startswith(f"{below}/") else 0


def _frame() -> dict[str, Any]:
    """Return the variables of `base.html`."""
    actor: Actor = g.get("actor", NOBODY)
    return {
        "site": site(),
        "site_name": site().name,
        "signed_in": not actor.is_anonymous,
        "keeps_scans": actor.has(Permission.SCAN),
        "tabs": tabs_of(actor),
        "sidebar": sidebar_of(actor),
        "served": current_app.view_functions,
        "large_text": request.cookies.get(TEXT_COOKIE) == LARGE,
    }
