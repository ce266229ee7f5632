"""The report on stations over HTTP."""

from typing import Any

from marshmallow import fields

from volunteer.access import Permission, Scope
from volunteer.reports.stations import stations_report
from volunteer.stations.rules import StationLevel
from volunteer.web.routes import Call, Room
from volunteer.web.schemas import BaseSchema, Choice, Day, Id, QuerySchema

room = Room("station_reports")


class StationsQuery(QuerySchema):
    """The period, both days in it; without them, this month up to today."""

    from_on = Day(data_key="from", load_default=None)
    to_on = Day(data_key="to", load_default=None)


class StationRowOut(BaseSchema):
    """One station with everything below it; `own_*` is the station alone."""

    station_id = Id(attribute="station.id")
    code = fields.String(attribute="station.code")
    name = fields.String(attribute="station.name")
    parent_id = Id(attribute="station.parent_id", allow_none=True)
    level = Choice(StationLevel, attribute="station.level")
    sessions = fields.Integer(attribute="counts.sessions")
    persons = fields.Integer()
    person_times = fields.Integer(attribute="counts.person_times")
    audience = fields.Integer(attribute="counts.audience")
    minutes = fields.Integer(attribute="counts.minutes")
    on_duty_rate = fields.Float(allow_none=True)
    own_sessions = fields.Integer(attribute="own.sessions")
    own_person_times = fields.Integer(attribute="own.person_times")
    own_minutes = fields.Integer(attribute="own.minutes")


class StationsReportOut(BaseSchema):
    """What stations did in a period."""

    from_on = Day(data_key="from")
    to_on = Day(data_key="to")
    rows = fields.List(fields.Nested(StationRowOut))


@room.route(
    "GET",
    "/reports/stations",
    Permission.READ_STATIONS,
    Scope.STATION,
    query=StationsQuery,
    answers={200: StationsReportOut},
)
def show_stations_report(call: Call) -> Any:
    """Report sessions, people, person-times and hours of stations, both days included."""
    return 200, stations_report(call.actor, call.query["from_on"], call.query["to_on"], call.now)
