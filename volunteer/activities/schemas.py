"""Bodies, queries and answers of activities, shifts and sign-ups."""

import datetime as dt
import re
from typing import Any

from marshmallow import fields, validate

from volunteer.accounts.schemas import Phone
from volunteer.activities.rules import ActivityKind, ActivityStatus, SignupStatus
from volunteer.clock import day_starts_at
from volunteer.config import settings
from volunteer.stations.schemas import FAR_M, Near
from volunteer.web.schemas import BaseSchema, Choice, Day, Id, Instant, Number, Page, Text, Truth, Whole

MOST_PEOPLE = 100_000
OLDEST = 100


class DayOrInstant(Instant):
    """A bound of a span in a query: an instant, or a day of the site (its start; with `closing`, its end)."""

    def __init__(self, *, closing: bool = False, **kwargs: Any) -> None:
        self.closing = closing
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dt.datetime:
        if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return super()._deserialize(value, attr, data, **kwargs)
        day: dt.date = Day().deserialize(value)
        return day_starts_at(day + dt.timedelta(days=int(self.closing)), settings().zone)


class ShiftIn(BaseSchema):
    """A new shift."""

    post = Text(50, required=True)
    place = Text(200, allow_none=True)
    latitude = Number(-90, 90, allow_none=True)
    longitude = Number(-180, 180, allow_none=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    capacity = Whole(1, MOST_PEOPLE, required=True)
    min_age = Whole(0, OLDEST, allow_none=True)
    skills = fields.List(Text(50), load_default=list, validate=validate.Length(max=20, error="length|最多 20 项。"))
    waitlist = Truth(load_default=True)


class ShiftPatch(BaseSchema):
    """What changes about a shift."""

    post = Text(50)
    place = Text(200, allow_none=True)
    latitude = Number(-90, 90, allow_none=True)
    longitude = Number(-180, 180, allow_none=True)
    starts_at = Instant()
    ends_at = Instant()
    capacity = Whole(1, MOST_PEOPLE)
    min_age = Whole(0, OLDEST, allow_none=True)
    skills = fields.List(Text(50), validate=validate.Length(max=20, error="length|最多 20 项。"))
    waitlist = Truth()


class ActivityIn(BaseSchema):
    """A new activity with its shifts."""

    station_id = Id(required=True)
    title = Text(100, required=True)
    category = Text(50, required=True)
    summary = Text(2000, required=True)
    risk_notice = Text(2000, required=True)
    leader_name = Text(50, required=True)
    leader_phone = Phone(required=True)
    organizer_unit_id = Id(allow_none=True)
    team_id = Id(allow_none=True)
    kind = Choice(ActivityKind, load_default=ActivityKind.VOLUNTEERING.value)
    address = Text(200, allow_none=True)
    latitude = Number(-90, 90, allow_none=True)
    longitude = Number(-180, 180, allow_none=True)
    checkin_radius_m = Whole(10, 20_000, load_default=300)
    needs_approval = Truth(load_default=False)
    walk_ins = Truth(load_default=True)
    hazardous = Truth(load_default=False)
    insurance_policy = Text(200, allow_none=True)
    signup_opens_at = Instant(allow_none=True)
    signup_closes_at = Instant(allow_none=True)
    shifts = fields.List(
        fields.Nested(ShiftIn), required=True, validate=validate.Length(1, 200, error="length|请填写 1 到 200 个班次。")
    )


class ActivityPatch(BaseSchema):
    """What changes about an activity."""

    station_id = Id()
    title = Text(100)
    category = Text(50)
    summary = Text(2000)
    risk_notice = Text(2000)
    leader_name = Text(50)
    leader_phone = Phone()
    organizer_unit_id = Id(allow_none=True)
    team_id = Id(allow_none=True)
    kind = Choice(ActivityKind)
    address = Text(200, allow_none=True)
    latitude = Number(-90, 90, allow_none=True)
    longitude = Number(-180, 180, allow_none=True)
    checkin_radius_m = Whole(10, 20_000)
    needs_approval = Truth()
    walk_ins = Truth()
    hazardous = Truth()
    insurance_policy = Text(200, allow_none=True)
    signup_opens_at = Instant(allow_none=True)
    signup_closes_at = Instant(allow_none=True)


class ReasonIn(BaseSchema):
    """Why; it has to be said."""

    reason = Text(500, required=True)


class MaybeReasonIn(BaseSchema):
    """Why, where somebody likes to say."""

    reason = Text(500, load_default=None, allow_none=True)


class CloseOutIn(BaseSchema):
    """Whom a shift reached; none of them is a volunteer."""

    audience_count = Whole(0, 10_000_000)
    beneficiary_count = Whole(0, 10_000_000)


class ShiftOut(BaseSchema):
    """A shift with its seats."""

    id = Id()
    post = fields.String()
    place = fields.String(allow_none=True)
    latitude = fields.Float(allow_none=True)
    longitude = fields.Float(allow_none=True)
    starts_at = Instant()
    ends_at = Instant()
    capacity = fields.Integer()
    confirmed = fields.Integer()
    waiting = fields.Integer()
    seats_left = fields.Integer()
    min_age = fields.Integer(allow_none=True)
    skills = fields.List(fields.String())
    waitlist = fields.Boolean()
    cancelled = fields.Boolean()
    cancel_reason = fields.String(allow_none=True)
    audience_count = fields.Integer(allow_none=True)
    beneficiary_count = fields.Integer(allow_none=True)
    closed_out_at = Instant(allow_none=True)


class ShiftDetailOut(ShiftOut):
    """A shift on its own, with what it takes from its activity."""

    activity_id = Id()
    activity_title = fields.String()
    activity_status = Choice(ActivityStatus)
    station_id = Id()
    station_name = fields.String()


class ActivityOut(BaseSchema):
    """An activity with its shifts; the leader is masked for strangers."""

    id = Id()
    status = Choice(ActivityStatus)
    station_id = Id()
    station_name = fields.String()
    organizer_unit_id = Id(allow_none=True)
    team_id = Id(allow_none=True)
    title = fields.String()
    category = fields.String()
    summary = fields.String()
    risk_notice = fields.String()
    leader_name = fields.String()
    leader_phone = fields.String()
    kind = Choice(ActivityKind)
    address = fields.String(allow_none=True)
    latitude = fields.Float(allow_none=True)
    longitude = fields.Float(allow_none=True)
    distance_m = fields.Float(allow_none=True)
    checkin_radius_m = fields.Integer()
    needs_approval = fields.Boolean()
    walk_ins = fields.Boolean()
    hazardous = fields.Boolean()
    insurance_policy = fields.String(allow_none=True)
    signup_opens_at = Instant(allow_none=True)
    signup_closes_at = Instant(allow_none=True)
    created_at = Instant()
    submitted_at = Instant(allow_none=True)
    decided_at = Instant(allow_none=True)
    decided_as_admin = fields.Boolean()
    published_at = Instant(allow_none=True)
    ended_at = Instant(allow_none=True)
    reason = fields.String(allow_none=True)
    signed_up = fields.Boolean()
    shifts = fields.List(fields.Nested(ShiftOut))


class ActivityPage(BaseSchema):
    """A page of activities."""

    items = fields.List(fields.Nested(ActivityOut))
    next_cursor = fields.String(allow_none=True)


class ActivityQuery(Page):
    """Which activities."""

    station_id = Id(load_default=None)
    category = Text(50, load_default=None)
    start = DayOrInstant(data_key="from", load_default=None)
    end = DayOrInstant(data_key="to", closing=True, load_default=None)
    near = Near(load_default=None)
    radius_m = Whole(1, FAR_M, load_default=10_000)
    q = Text(100, load_default=None)
    open = Truth(load_default=None)
    status = Choice(ActivityStatus, load_default=None)


class SignupIn(BaseSchema):
    """For whom: the caller, or somebody they act for or keep the station for."""

    volunteer_id = Id(load_default=None, allow_none=True)


class SignupOut(BaseSchema):
    """A sign-up."""

    id = Id()
    shift_id = Id()
    volunteer_id = Id(attribute="person_id")
    status = Choice(SignupStatus)
    walk_in = fields.Boolean()
    created_at = Instant()


class SignupRefusedOut(BaseSchema):
    """Every reason why not, as a problem document."""

    type = fields.Constant("/problems/signup-refused")
    title = fields.Constant("不能报名")
    status = fields.Constant(409)
    detail = fields.String()
    code = fields.Constant("signup-refused")
    reasons = fields.List(fields.String())


class SignupRow(BaseSchema):
    """A sign-up in a keeper's list, masked."""

    id = Id()
    volunteer_id = Id()
    display_name = fields.String()
    status = Choice(SignupStatus)
    walk_in = fields.Boolean()
    created_at = Instant()


class SignupPage(BaseSchema):
    """A page of a shift's sign-ups."""

    items = fields.List(fields.Nested(SignupRow))
    next_cursor = fields.String(allow_none=True)


class SignupQuery(Page):
    """Which sign-ups: by part of a name, or the last digits of a phone."""

    q = Text(50, load_default=None)


class OwnSignupRow(BaseSchema):
    """A sign-up as its person sees it."""

    id = Id()
    volunteer_id = Id()
    status = Choice(SignupStatus)
    walk_in = fields.Boolean()
    created_at = Instant()
    reason = fields.String(allow_none=True)
    shift_id = Id()
    shift_cancelled = fields.Boolean()
    activity_id = Id()
    activity_title = fields.String()
    activity_status = Choice(ActivityStatus)
    station_id = Id()
    station_name = fields.String()
    post = fields.String()
    place = fields.String()
    starts_at = Instant()
    ends_at = Instant()


class OwnSignupPage(BaseSchema):
    """A page of a person's sign-ups."""

    items = fields.List(fields.Nested(OwnSignupRow))
    next_cursor = fields.String(allow_none=True)


class OwnSignupQuery(Page):
    """Whose sign-ups: the caller's, or those of somebody they act for."""

    volunteer_id = Id(load_default=None)
