"""What must run upward: lower rooms get the handlers of the rooms above them (decisions 19)."""

from flask import current_app

from volunteer import jobs
from volunteer.access import Actor
from volunteer.accounts import directory, telling
from volunteer.accounts import pages as accounts_pages
from volunteer.accounts import service as accounts
from volunteer.activities import merging as activities_merging
from volunteer.activities import (
    own_signups,
    proposal_pages,
    signups,
    unit_holdings,
)
from volunteer.activities import rejudging as signups_again
from volunteer.activities import service as activities
from volunteer.activities import views as activity_views
from volunteer.anomalies import hearing_pages
from volunteer.anomalies import pages as anomalies_pages
from volunteer.anomalies import privacy as anomalies_privacy
from volunteer.areas import service as areas
from volunteer.certificates import merging as certificates_merging
from volunteer.certificates import service as certificates
from volunteer.certificates import superseding
from volunteer.checkin import jobs as checkin_jobs
from volunteer.checkin import queries as checkin_queries
from volunteer.checkin import service as checkin
from volunteer.checkin.attendance import merging as checkin_merging
from volunteer.checkin.door import marks as checkin_marks
from volunteer.checkin.door import showing, station_pages
from volunteer.clock import Instant
from volunteer.demo import pages as demo_pages
from volunteer.hours import decision_pages
from volunteer.hours import merging as hours_merging
from volunteer.hours import privacy as hours_privacy
from volunteer.hours import service as hours
from volunteer.imports import background as imports_background
from volunteer.notifications import service as notifications
from volunteer.pairings import unit_holdings as pairing_holdings
from volunteer.registration import (
    changing,
    correcting,
    credential_pages,
    denials_pages,
    erasure,
    merging,
    merging_tables,
    people_pages,
    privacy,
    privacy_pages,
)
from volunteer.registration import service as registration
from volunteer.registration import statuses as person_statuses
from volunteer.reports import public, rates_pages
from volunteer.site import service as site
from volunteer.stations import desk_pages as stations_desk
from volunteer.stations import listing as stations_listing
from volunteer.stations import ownership as station_ownership
from volunteer.stations import service as stations
from volunteer.talents import privacy as talents_privacy
from volunteer.teams import desk_pages as teams_desk
from volunteer.teams import merging as teams_merging
from volunteer.teams import privacy as teams_privacy
from volunteer.teams import unit_holdings as team_holdings
from volunteer.units import desk_pages as units_desk
from volunteer.units import listing as units_listing
from volunteer.units import seams as unit_seams
from volunteer.units import service as units
from volunteer.web import layout

API = "/api/v1"


def wire() -> None:
    """Give lower rooms the handlers of the rooms above them."""
    accounts.SCOPE_CHECKS["area_id"] = areas.area_exists
    accounts.SCOPE_CHECKS["unit_id"] = units.unit_exists
    accounts.SCOPE_CHECKS["station_id"] = stations.station_exists
    accounts.SCOPE_CHECKS["shift_id"] = activities.shift_exists
    accounts.PERSONS_OF[:] = [registration.persons_of]
    registration.KEEPER_SEES[:] = [activities.keeper_sees]
    holdings = [station_ownership.HOLDING, team_holdings.HOLDING, unit_holdings.HOLDING, pairing_holdings.HOLDING]
    unit_seams.HOLDINGS[:] = holdings  # in the order in which records of mergers have them: new ones go last
    unit_seams.LOCK_PEOPLE[:] = [registration.lock_people]
    person_statuses.CLOCK[:] = [lambda: current_app.extensions["clock"].now()]
    _wire_privacy()
    activities.HAS_ATTENDED[:] = [checkin.has_attended]
    activities.PRESENT_AT[:] = [checkin_queries.present_at]
    activities.SHIFT_MOVED[:] = [checkin_jobs.shift_moved, hours.shift_moved]
    hours.PRESENCE_OF[:] = [checkin.presences_of]
    hours.RECORDED_BY[:] = [checkin.recorded_by]
    hours.ATTENDED[:] = [checkin_queries.attended]
    hours.SCANS_OF[:] = [showing.scans_of]
    hours.SCANS_BETWEEN[:] = [showing.scans_between]
    hours.MARKS.update(checkin_marks.MARKS)
    hours.MARKED[:] = [showing.marked]
    _wire_scopes()
    _wire_mergers()
    layout.SITE[:] = [site.facts]
    telling.PERSON_OF[:] = [registration.person_of]
    notifications.PHONE_OF[:] = [registration.phone_for_messages]
    jobs.LOOKS[:] = [checkin_jobs.watch, notifications.deliver]
    jobs.HANDLERS.update(imports_background.HANDLERS)
    accounts_pages.HOME.update(next_signup=own_signups.next_one, minutes=_own_minutes, age=_own_age)
    accounts_pages.AFTER_SIGN_IN[:] = [privacy_pages.ask_after_sign_in]
    accounts_pages.LANDING[:] = [public.Kept()]
    accounts_pages.DOORS[:] = [demo_pages.doors]
    places = [anomalies_pages.card, rates_pages.card, units_desk.card, stations_desk.card, teams_desk.card]
    own = [privacy_pages.card, station_pages.desk_card, decision_pages.card, proposal_pages.card, credential_pages.card]
    accounts_pages.DESK[:] = [hearing_pages.card, *own, denials_pages.card, *places]
    people_pages.MINUTES[:] = [lambda actor, person_id, now: hours.totals(actor, person_id, now)["minutes_total"]]
    correcting.IDENTITY_CHANGED[:] = [signups_again.judge_again, superseding.supersede_named]
    hours.LINES_CHANGED[:] = [superseding.supersede_changed]


def _wire_scopes() -> None:
    """Tell the accounts' desk how units, stations, areas and shifts are named and chosen."""
    for field, many, find in (
        ("unit_id", units.unit_briefs, units_listing.find_units),
        ("station_id", stations.station_briefs, stations_listing.find_stations),
        ("area_id", areas.areas_of, areas.find_areas),
    ):
        directory.SCOPES[field] = directory.scope_desk(many, find)
    directory.SCOPES["shift_id"] = directory.ScopeDesk(activities.shift_titles)


def _wire_privacy() -> None:
    """Tell erasure and export what the rooms above hold about a person."""
    forget_hours = hours_privacy.forget_person
    erasure.ERASERS[:] = [signups.leave, checkin_jobs.forget_person, forget_hours, certificates.forget_person]
    erasure.ERASERS.append(teams_privacy.forget_person)
    erasure.ERASERS.append(anomalies_privacy.forget_person)
    hours_of = hours_privacy.export_of
    privacy.EXPORTERS[:] = [activity_views.export_of, checkin_queries.exported, hours_of, certificates.export]
    privacy.EXPORTERS.append(changing.export_of)
    privacy.EXPORTERS.append(teams_privacy.export_of)
    privacy.EXPORTERS.append(anomalies_privacy.export_of)
    privacy.EXPORTERS.append(talents_privacy.export_of)
    erasure.ERASERS.append(talents_privacy.forget_person)


def _wire_mergers() -> None:
    """Tell a merge of two records what becomes of every table that names a person."""
    merging.MINUTES_OF[:] = [hours.minutes_of]
    merging.MERGERS.update(merging_tables.TABLES)
    merging.MERGERS.update(activities_merging.TABLES)
    merging.MERGERS.update(checkin_merging.TABLES)
    merging.MERGERS.update(hours_merging.TABLES)
    merging.MERGERS.update(certificates_merging.TABLES)
    merging.MERGERS.update(teams_merging.TABLES)
    merging.MERGERS.update(anomalies_privacy.TABLES)
    merging.MERGERS.update(talents_privacy.TABLES)


def _own_minutes(actor: Actor, now: Instant) -> int:
    """Return the caller's minutes, for their start."""
    return hours.totals(actor, registration.own_person(actor), now)["minutes_total"]


def _own_age(actor: Actor, now: Instant) -> int:
    """Return the caller's age, for their start."""
    return registration.age_of(registration.own_person(actor), now)
