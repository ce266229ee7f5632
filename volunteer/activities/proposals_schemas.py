"""Bodies, queries and answers of what units propose."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from volunteer.activities.rules_proposals import ProposalState
from volunteer.activities.schemas import ActivityIn, ActivityOut
from volunteer.web.schemas import BaseSchema, Choice, Id, Instant, Page

MAY_BE_EMPTY = ("address", "latitude", "longitude", "insurance_policy", "signup_opens_at", "signup_closes_at")
SHIFT_MAY_BE_EMPTY = ("place", "latitude", "longitude", "min_age")


class ProposalIn(ActivityIn):
    """An activity that a unit proposes: the unit has to be named, and no team."""

    class Meta(BaseSchema.Meta):
        """Without what a unit does not say."""

        exclude = ("team_id",)

    organizer_unit_id = Id(required=True)


class StepOut(BaseSchema):
    """One step of a proposal."""

    state = Choice(ProposalState)
    station_name = fields.String()
    at = Instant()
    reason = fields.String(allow_none=True)


class ProposalRow(ActivityOut):
    """A proposed activity, and where the proposal stands."""

    proposal = Choice(ProposalState)


class ProposalOut(ProposalRow):
    """The same, and how it came there."""

    steps = fields.List(fields.Nested(StepOut))


class ProposalPage(BaseSchema):
    """A page of proposals."""

    items = fields.List(fields.Nested(ProposalRow))
    next_cursor = fields.String(allow_none=True)


class ProposalQuery(Page):
    """Which proposals."""

    state = Choice(ProposalState, load_default=None)


def whole(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a loaded body with None for what was left out, so that leaving out is emptying."""
    shifts = [dict.fromkeys(SHIFT_MAY_BE_EMPTY) | shift for shift in values["shifts"]]
    return dict.fromkeys(MAY_BE_EMPTY) | dict(values) | {"shifts": shifts}
