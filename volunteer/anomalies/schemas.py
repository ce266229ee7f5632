"""Bodies, queries and answers about anomalies and spot checks."""

from typing import Any

from marshmallow import fields

from volunteer.anomalies.rules import LIMITS, FindingKind, FindingState
from volunteer.web.schemas import BaseSchema, Choice, Day, Id, Instant, Page, QuerySchema, Text, Whole


class FindingOut(BaseSchema):
    """A finding: what looks wrong, said in words, with the ids of its evidence."""

    id = Id()
    kind = Choice(FindingKind)
    state = Choice(FindingState)
    on_day = Day(data_key="on")
    station_id = Id(allow_none=True)
    said = fields.String()
    evidence = fields.Dict(keys=fields.String(), values=fields.List(Id()))
    policy_version = fields.Integer()
    found_at = Instant()
    asked_at = Instant(allow_none=True)
    decided_at = Instant(allow_none=True)
    reason = fields.String(allow_none=True)


class StatementOut(BaseSchema):
    """What somebody in a finding said of it; `by` is masked."""

    by = fields.String()
    text = fields.String()
    stated_at = Instant()


class FindingWithStatements(FindingOut):
    """A finding with what was said of it."""

    statements = fields.List(fields.Nested(StatementOut))


class ConcerningOut(BaseSchema):
    """A finding as whoever it concerns sees it: no other person, and no evidence about others."""

    id = Id()
    kind = Choice(FindingKind)
    label = fields.String()
    meaning = fields.String()
    said = fields.String()
    on_day = Day(data_key="on")
    state = Choice(FindingState)
    asked_at = Instant(allow_none=True)
    decided_at = Instant(allow_none=True)
    reason = fields.String(allow_none=True)
    statements = fields.List(fields.Nested(StatementOut))
    may_state = fields.Boolean()


class ConcerningPage(BaseSchema):
    """A page of findings that concern the caller."""

    items = fields.List(fields.Nested(ConcerningOut))
    next_cursor = fields.String(allow_none=True)


class ConcerningQuery(Page):
    """Which page of them."""


class StatementIn(BaseSchema):
    """What the caller has to say."""

    text = Text(1000, required=True)


class FindingPage(BaseSchema):
    """A page of findings."""

    items = fields.List(fields.Nested(FindingOut))
    next_cursor = fields.String(allow_none=True)


class FindingQuery(Page):
    """Which findings."""

    kind = Choice(FindingKind, load_default=None)
    state = Choice(FindingState, load_default=None)
    station_id = Id(load_default=None)


class SearchIn(BaseSchema):
    """Which days to search, both included; at most 31."""

    from_on = Day(data_key="from", required=True)
    to_on = Day(data_key="to", required=True)


class SearchedOut(BaseSchema):
    """What looks wrong in all, and how much of it is new."""

    found = fields.Integer()
    fresh = fields.Integer()


class FindingReasonIn(BaseSchema):
    """Why; it has to be said."""

    reason = Text(500, required=True)


class ProposalIn(BaseSchema):
    """The new net value of a line, and why."""

    entry_id = Id(required=True)
    minutes = Whole(0, 1440, required=True)
    reason = Text(500, required=True)


class ProposalOut(BaseSchema):
    """The correction that was asked for; somebody else decides."""

    id = Id()
    state = fields.String()
    minutes = fields.Integer()


ThresholdsOut: Any = BaseSchema.from_dict({name: fields.Integer() for name in LIMITS}, name="AnomalyThresholds")
ThresholdsIn: Any = BaseSchema.from_dict(
    {name: Whole(least, most) for name, (least, most) in LIMITS.items()}, name="AnomalyThresholdsIn"
)


class PolicyOut(BaseSchema):
    """The thresholds in force; version 0 are the defaults."""

    version = fields.Integer()
    thresholds = fields.Nested(ThresholdsOut)


class FindingFilter(QuerySchema):
    """The filters of the page."""

    kind = Choice(FindingKind, load_default=None)
    state = Choice(FindingState, load_default=None)


class SearchForm(QuerySchema):
    """The days to search, as the form sends them."""

    from_on = Day(data_key="from", required=True)
    to_on = Day(data_key="to", required=True)


class ProposalForm(QuerySchema):
    """A proposal, as the form sends it."""

    entry_id = Id(required=True)
    minutes = Whole(0, 1440, required=True)
    reason = Text(500, required=True)


PolicyForm: Any = QuerySchema.from_dict(
    {name: Whole(least, most, required=True) for name, (least, most) in LIMITS.items()}, name="AnomalyPolicyForm"
)
