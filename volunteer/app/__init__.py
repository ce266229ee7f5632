"""The building: makes the Flask app and opens the rooms; what must run upward is wired beside it (`wiring`)."""

import logging
from collections.abc import Callable
from functools import cache
from typing import Any

from flask import Flask, jsonify
from flask_babel import Babel, lazy_gettext
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from volunteer import __version__, config, database, drivers, jobs, outside, queueing
from volunteer.access import Actor, Role
from volunteer.accounts import api as accounts_api
from volunteer.accounts import audit_pages, devices, password_pages, session_pages, sign_in
from volunteer.accounts import desk_pages as accounts_desk
from volunteer.accounts import pages as accounts_pages
from volunteer.activities import api as activities_api
from volunteer.activities import (
    author_pages,
    manage_pages,
    proposal_pages,
    proposals_api,
    shift_pages,
    signup_pages,
    signups_api,
)
from volunteer.activities import pages as activities_pages
from volunteer.anomalies import api as anomalies_api
from volunteer.anomalies import hearing_pages, spot_api, spot_pages
from volunteer.anomalies import pages as anomalies_pages
from volunteer.app.wiring import wire
from volunteer.areas import api as areas_api
from volunteer.areas import desk_pages as areas_desk
from volunteer.certificates import api as certificates_api
from volunteer.certificates import desk_pages as certificates_desk
from volunteer.certificates import own_pages as own_certificates_pages
from volunteer.certificates import pages as certificates_pages
from volunteer.checkin import api as checkin_api
from volunteer.checkin import pages as checkin_pages
from volunteer.checkin.door import evidence_pages, roster_pages, station_pages, sync_pages
from volunteer.checkin.photos import photo_pages
from volunteer.checkin.posters import paper_api, paper_pages, poster_pages
from volunteer.checkin.visits import visit_pages
from volunteer.clock import Clock, SystemClock
from volunteer.config import Settings
from volunteer.demo import pages as demo_pages
from volunteer.exports import pages as exports_pages
from volunteer.hours import api as hours_api
from volunteer.hours import decision_pages, request_pages, together_pages
from volunteer.hours import pages as hours_pages
from volunteer.imports import api as imports_api
from volunteer.imports import pages as imports_pages
from volunteer.pairings import api as pairings_api
from volunteer.pairings import pages as pairings_pages
from volunteer.registration import api as registration_api
from volunteer.registration import (
    assisted_pages,
    change_pages,
    changes_api,
    consents_api,
    credential_pages,
    credentials_api,
    denials_api,
    denials_pages,
    desk_consent_pages,
    family_pages,
    invitations_api,
    invited_pages,
    merges_api,
    merges_pages,
    people_pages,
    privacy_api,
    privacy_pages,
    profile_pages,
    register_pages,
)
from volunteer.registration import pages as registration_pages
from volunteer.reports import api as reports_api
from volunteer.reports import (
    area_rates_pages,
    honour_api,
    honour_pages,
    rates_pages,
    talent_sheet_pages,
    upstream_pages,
)
from volunteer.reports import event_pages as unit_event_pages
from volunteer.reports import invited_pages as invitees_pages
from volunteer.reports import pairings_pages as pairing_sheets
from volunteer.reports import people_pages as report_people_pages
from volunteer.reports import stations_api as stations_report_api
from volunteer.reports import stations_pages as station_figures_pages
from volunteer.reports import teams_api as teams_report_api
from volunteer.reports import teams_pages as team_figures
from volunteer.retention import pages as retention_pages
from volunteer.site import help_pages, install_pages, job_pages, message_pages
from volunteer.site import pages as site_pages
from volunteer.stations import api as stations_api
from volunteer.stations import desk_pages as stations_desk
from volunteer.talents import api as talents_api
from volunteer.talents import desk_pages as talents_desk
from volunteer.talents import pages as talents_pages
from volunteer.teams import api as teams_api
from volunteer.teams import desk_pages as teams_desk
from volunteer.teams import pages as teams_pages
from volunteer.units import api as units_api
from volunteer.units import desk_pages as units_desk
from volunteer.units import ending_pages, numbers_pages
from volunteer.web import assets, attachments, faults, layout, openapi, problems, words
from volunteer.web.guard import Guard
from volunteer.web.pages import AUTHENTICATE, Pages
from volunteer.web.routes import Room, Route

API = "/api/v1"
ROOMS: tuple[Room, ...] = (
    accounts_api.room,
    areas_api.room,
    units_api.room,
    reports_api.room,
    stations_report_api.room,
    teams_report_api.room,
    honour_api.room,
    certificates_api.room,
    registration_api.room,
    privacy_api.room,
    changes_api.room,
    consents_api.room,
    credentials_api.room,
    invitations_api.room,
    denials_api.room,
    merges_api.room,
    imports_api.room,
    stations_api.room,
    teams_api.room,
    pairings_api.room,
    anomalies_api.room,
    spot_api.room,
    talents_api.room,
    activities_api.room,
    proposals_api.room,
    signups_api.room,
    hours_api.room,
    checkin_api.room,
    paper_api.room,
)
PAGES: tuple[Pages, ...] = (
    imports_pages.pages,
    accounts_pages.pages,
    password_pages.pages,
    session_pages.pages,
    certificates_pages.pages,
    own_certificates_pages.pages,
    registration_pages.pages,
    register_pages.pages,
    invited_pages.pages,
    denials_pages.pages,
    profile_pages.pages,
    credential_pages.pages,
    family_pages.pages,
    desk_consent_pages.pages,
    *privacy_pages.ALL,
    exports_pages.pages,
    retention_pages.pages,
    activities_pages.pages,
    manage_pages.pages,
    author_pages.pages,
    proposal_pages.pages,
    shift_pages.pages,
    signup_pages.pages,
    decision_pages.pages,
    together_pages.pages,
    checkin_pages.pages,
    site_pages.pages,
    job_pages.pages,
    message_pages.pages,
    units_desk.pages,
    ending_pages.pages,
    numbers_pages.pages,
    stations_desk.pages,
    teams_pages.pages,
    pairings_pages.pages,
    anomalies_pages.pages,
    hearing_pages.pages,
    spot_pages.pages,
    pairing_sheets.pages,
    teams_desk.pages,
    accounts_desk.pages,
    areas_desk.pages,
    audit_pages.pages,
    rates_pages.pages,
    area_rates_pages.pages,
    help_pages.pages,
    hours_pages.pages,
    request_pages.pages,
    visit_pages.pages,
    photo_pages.pages,
    poster_pages.pages,
    paper_pages.pages,
    report_people_pages.pages,
    invitees_pages.pages,
    station_figures_pages.pages,
    team_figures.pages,
    honour_pages.pages,
    upstream_pages.pages,
    change_pages.pages,
    people_pages.pages,
    merges_pages.pages,
    talents_pages.pages,
    talents_desk.pages,
    talent_sheet_pages.pages,
    unit_event_pages.pages,
    station_pages.pages,
    sync_pages.pages,
    install_pages.pages,
    evidence_pages.pages,
    assisted_pages.pages,
    certificates_desk.pages,
    roster_pages.pages,
)
ROLE_NAMES = {
    Role.ADMIN: lazy_gettext("Administrator"),
    Role.UNIT_LIAISON: lazy_gettext("Unit liaison"),
    Role.STATION_KEEPER: lazy_gettext("Station keeper"),
    Role.SHIFT_LEADER: lazy_gettext("Shift leader"),
    Role.AUDITOR: lazy_gettext("Auditor"),
}
MOST_BYTES = 1024 * 1024


class Service(Flask):
    """The app. No function of ours is a coroutine, so Flask need not ask that of a dozen of them in every request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as it is."""
        return func


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> Flask:
    """Make the app from the environment, or from `settings` and `clock` in tests.

    Raises:
        SettingsError: the environment does not describe a service that may start.
    """
    conf = settings or config.read_settings()
    config.install(conf)
    app = Service("volunteer", template_folder="../templates", static_folder="../static", static_url_path="/static")
    app.config.update(
        SECRET_KEY=conf.secret_key,
        SESSION_COOKIE_SECURE=not conf.insecure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_NAME="volunteer_form",
        MAX_CONTENT_LENGTH=MOST_BYTES,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        BABEL_DEFAULT_LOCALE="zh_Hans_CN",
        BABEL_DEFAULT_TIMEZONE=str(conf.zone),
    )
    app.extensions["clock"] = clock or SystemClock()
    if conf.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=conf.trusted_proxies, x_proto=conf.trusted_proxies, x_host=conf.trusted_proxies
        )
    database.init_app(app)
    drivers.init_app(app)
    Babel(app)
    CSRFProtect(app)
    problems.init_app(app)
    for part in (assets, attachments, faults, layout, words):
        part.init_app(app)
    jobs.WAKE[:] = [queueing.wake]
    AUTHENTICATE[:] = [lambda token, now: sign_in.authenticate(token, now, "session")]
    wire()
    guard = Guard(_authenticate)
    for route in routes():
        guard.register(app, route, API)
    for room in (*PAGES, *([demo_pages.pages] if conf.is_demo else [])):
        room.register(app)
    _open_outside(app, conf)
    return app


def _authenticate(token: str, now: Any) -> Actor | None:
    """Return who holds a token: a station's device, or a person."""
    if token.startswith(devices.PREFIX):
        return devices.authenticate_device(token, now)
    return sign_in.authenticate(token, now)


def routes() -> list[Route]:
    """Return every API route that is declared."""
    return [route for room in ROOMS for route in room.routes]


def _open_outside(app: Flask, conf: Settings) -> None:
    """Add what stands outside the API: health, readiness, the OpenAPI document, headers, the demo's fence."""
    document = cache(lambda: openapi.build(routes(), API, __version__))
    app.add_url_rule("/healthz", "healthz", outside.health)
    app.add_url_rule("/readyz", "readyz", outside.ready)
    app.add_url_rule(f"{API}/openapi.json", "openapi", lambda: jsonify(document()))
    app.session_interface = outside.FormSessions()
    app.after_request(outside.send_headers)
    app.context_processor(lambda: {"role_names": ROLE_NAMES})
    if conf.sms in config.LOOPBACK_SMS:
        app.before_request(outside.serve_loopback_only)
    logging.getLogger("volunteer").setLevel(logging.INFO)
