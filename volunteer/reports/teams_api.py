"""The report on teams over HTTP."""

from typing import Any

from marshmallow import fields

from volunteer.access import Permission, Scope
from volunteer.reports.stations_api import StationsQuery
from volunteer.reports.teams import teams_report
from volunteer.teams.rules import TeamKind
from volunteer.web.routes import Call, Room
from volunteer.web.schemas import BaseSchema, Choice, Day, Id

room = Room("team_reports")


class TeamCountsOut(BaseSchema):
    """The figures of a team, or of all together with each person once."""

    members = fields.Integer()
    active = fields.Integer()
    sessions = fields.Integer()
    persons = fields.Integer()
    person_times = fields.Integer()
    minutes = fields.Integer()


class TeamRowOut(BaseSchema):
    """One team."""

    team_id = Id(attribute="team.id")
    code = fields.String(attribute="team.code")
    name = fields.String(attribute="team.name")
    kind = Choice(TeamKind, attribute="team.kind")
    counts = fields.Nested(TeamCountsOut)


class TeamsReportOut(BaseSchema):
    """What teams did in a period."""

    from_on = Day(data_key="from")
    to_on = Day(data_key="to")
    rows = fields.List(fields.Nested(TeamRowOut))
    total = fields.Nested(TeamCountsOut)


@room.route(
    "GET", "/reports/teams", Permission.READ_TEAMS, Scope.UNIT, query=StationsQuery, answers={200: TeamsReportOut}
)
def show_teams_report(call: Call) -> Any:
    """Report members, sessions, people, person-times and minutes of teams, both days included."""
    return 200, teams_report(call.actor, call.query["from_on"], call.query["to_on"], call.now)
