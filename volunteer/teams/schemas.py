"""Bodies, queries and answers about teams."""

from marshmallow import fields

from volunteer.teams.rules import RequestState, TeamKind
from volunteer.web.schemas import BaseSchema, Choice, Day, Id, Instant, Page, QuerySchema, Text, Truth


class TeamPatch(BaseSchema):
    """What changes about a team."""

    code = Text(40)
    name = Text(100)
    kind = Choice(TeamKind)
    introduction = Text(1000, allow_none=True)
    unit_id = Id(allow_none=True)
    station_id = Id(allow_none=True)
    area_id = Id(allow_none=True)
    required_skill = Text(50, allow_none=True)
    requirement = Text(200, allow_none=True)
    takes_requests = Truth()


class TeamIn(TeamPatch):
    """A new team."""

    name = Text(100, required=True)
    kind = Choice(TeamKind, required=True)
    founded_on = Day(allow_none=True)
    leader_id = Id(allow_none=True)


class TeamOut(BaseSchema):
    """A team as the public sees it."""

    id = Id()
    code = fields.String()
    name = fields.String()
    kind = Choice(TeamKind)
    introduction = fields.String(allow_none=True)
    unit_id = Id(allow_none=True)
    unit_name = fields.String(allow_none=True)
    station_id = Id(allow_none=True)
    station_name = fields.String(allow_none=True)
    area_id = Id(allow_none=True)
    area_name = fields.String(allow_none=True)
    required_skill = fields.String(allow_none=True)
    requirement = fields.String(allow_none=True)
    takes_requests = fields.Boolean()
    founded_on = Day()
    dissolved_on = Day(allow_none=True)
    leader_name = fields.String(allow_none=True)
    member_count = fields.Integer()


class TeamPage(BaseSchema):
    """A page of teams."""

    items = fields.List(fields.Nested(TeamOut))
    next_cursor = fields.String(allow_none=True)


class TeamQuery(Page):
    """Which teams."""

    q = Text(50, load_default=None)
    kind = Choice(TeamKind, load_default=None)
    unit_id = Id(load_default=None)
    station_id = Id(load_default=None)
    area_id = Id(load_default=None)
    standing = Truth(load_default=None)


class DissolveIn(BaseSchema):
    """From which day on a team is no more, and why."""

    on = Day(load_default=None, allow_none=True)
    reason = Text(500, required=True)


class MemberIn(BaseSchema):
    """Who joins or leads, from which day on."""

    volunteer_id = Id(required=True)
    from_on = Day(data_key="from", load_default=None, allow_none=True)


class MemberOut(BaseSchema):
    """A member, masked; half-open days."""

    volunteer_id = Id()
    display_name = fields.String()
    from_on = Day(data_key="from")
    until_on = Day(data_key="until", allow_none=True)
    leads = fields.Boolean()


class SpanOut(BaseSchema):
    """Whose days in a team, or at its head; half-open."""

    volunteer_id = Id(attribute="person_id")
    from_on = Day(data_key="from")
    until_on = Day(data_key="until", allow_none=True)


class MemberPage(BaseSchema):
    """A page of members."""

    items = fields.List(fields.Nested(MemberOut))
    next_cursor = fields.String(allow_none=True)


class MemberQuery(Page):
    """The members of which day."""

    as_of = Day(load_default=None)


class JoinIn(BaseSchema):
    """Who asks to join: the caller, or somebody for whom they act."""

    volunteer_id = Id(load_default=None, allow_none=True)
    note = Text(200, load_default=None, allow_none=True)


class WhomIn(BaseSchema):
    """Who: the caller, or somebody for whom they act."""

    volunteer_id = Id(load_default=None, allow_none=True)


class TeamRequestOut(BaseSchema):
    """A request to join as its asker gets it back."""

    id = Id()
    team_id = Id()
    volunteer_id = Id(attribute="person_id")
    state = Choice(RequestState)
    note = fields.String(allow_none=True)
    asked_at = Instant()
    decided_at = Instant(allow_none=True)
    reason = fields.String(allow_none=True)


class TeamRequestRow(BaseSchema):
    """A request to join in a list, masked."""

    id = Id()
    team_id = Id()
    team_name = fields.String()
    volunteer_id = Id()
    display_name = fields.String()
    state = Choice(RequestState)
    note = fields.String(allow_none=True)
    asked_at = Instant()
    decided_at = Instant(allow_none=True)
    reason = fields.String(allow_none=True)


class TeamRequestPage(BaseSchema):
    """A page of requests."""

    items = fields.List(fields.Nested(TeamRequestRow))
    next_cursor = fields.String(allow_none=True)


class TeamRequestQuery(Page):
    """Which requests."""

    state = Choice(RequestState, load_default=None)


class TeamReasonIn(BaseSchema):
    """Why; it has to be said."""

    reason = Text(500, required=True)


class OwnTeamOut(BaseSchema):
    """A team of a person."""

    team = fields.Nested(TeamOut)
    from_on = Day(data_key="from")
    leads = fields.Boolean()


class OwnTeamsOut(BaseSchema):
    """The teams of a person, and what they asked for."""

    items = fields.List(fields.Nested(OwnTeamOut))
    requests = fields.List(fields.Nested(TeamRequestRow))


class OwnTeamsQuery(QuerySchema):
    """Whose teams: the caller's, or those of somebody they act for."""

    volunteer_id = Id(load_default=None)


class TeamFilter(QuerySchema):
    """The filters of the list on a page."""

    q = Text(50, load_default=None)
    kind = Choice(TeamKind, load_default=None)
    show = Choice(("standing", "dissolved", "all"), load_default="standing")


class TeamForm(QuerySchema):
    """A team as its form sends it; an empty field is left out."""

    name = Text(100, required=True)
    kind = Choice(TeamKind, required=True)
    code = Text(40, load_default=None)
    introduction = Text(1000, load_default=None)
    required_skill = Text(50, load_default=None)
    requirement = Text(200, load_default=None)
    takes_requests = Truth(load_default=False)
    founded_on = Day(load_default=None)


class MemberForm(QuerySchema):
    """Who joins or leads a team, as the form sends it."""

    number = Text(20, required=True)
    from_on = Day(data_key="from", load_default=None)


class EndForm(QuerySchema):
    """From which day on somebody is out, or a team is no more."""

    on = Day(load_default=None)
    reason = Text(500, required=True)


class NoteForm(QuerySchema):
    """What somebody who asks to join says of themself."""

    note = Text(200, load_default=None)
