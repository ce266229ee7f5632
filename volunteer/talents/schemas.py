"""Bodies, queries and answers of the talent pool."""

from marshmallow import fields, validate

from volunteer.registration.schemas import PersonOut
from volunteer.talents.rules import Part, PoolReason, QualificationKind
from volunteer.web.schemas import BaseSchema, Choice, Day, Id, Instant, Page, QuerySchema, Text, Truth, Whole


class WhoseQuery(QuerySchema):
    """Whose: the caller's own, or a dependant's."""

    volunteer_id = Id(load_default=None)


class WhoseIn(BaseSchema):
    """The same in a body."""

    volunteer_id = Id(load_default=None, allow_none=True)


class TimeIO(BaseSchema):
    """A part of a weekday; 1 is Monday."""

    weekday = Whole(1, 7, required=True)
    part = Choice(Part, required=True)


class TimesIn(WhoseIn):
    """All times at which somebody has time as a rule."""

    times = fields.List(
        fields.Nested(TimeIO), required=True, validate=validate.Length(max=21, error="length|最多 21 个时段。")
    )


class PaperIn(BaseSchema):
    """A paper that proves what somebody can; `name` is needed for kind `other`, `expires_on` is its last day."""

    kind = Choice(QualificationKind, required=True)
    name = Text(60, allow_none=True)
    number = Text(60, allow_none=True)
    issuer = Text(100, required=True)
    expires_on = Day(allow_none=True)


class OwnPaperIn(PaperIn, WhoseIn):
    """The same for oneself or a dependant."""


class PaperOut(BaseSchema):
    """A paper; `number` in full for the person alone."""

    id = Id()
    kind = Choice(QualificationKind)
    name = fields.String()
    number = fields.String(allow_none=True)
    issuer = fields.String()
    expires_on = fields.Date(allow_none=True)
    is_valid = Truth()
    is_checked = Truth()
    checked_on = fields.Date(allow_none=True)


class ProfileOut(BaseSchema):
    """What the pool knows of a person; `reasons` stands against joining by this caller."""

    volunteer_id = Id(attribute="person_id")
    is_in_pool = Truth()
    joined_at = Instant(allow_none=True)
    by_guardian = Truth()
    reasons = fields.List(Choice(PoolReason))
    times = fields.List(fields.Nested(TimeIO))
    papers = fields.List(fields.Nested(PaperOut))


class TalentQuery(Page):
    """Who is looked for in the pool."""

    skill = Text(40, load_default=None)
    category = Text(40, load_default=None)
    kind = Choice(QualificationKind, load_default=None)
    valid_on = Day(load_default=None)
    is_checked = Truth(load_default=False)
    weekday = Whole(1, 7, load_default=None)
    part = Choice(Part, load_default=None)
    area_id = Id(load_default=None)
    unit_id = Id(load_default=None)
    is_hazardous = Truth(load_default=False)


class FoundOut(BaseSchema):
    """Somebody of the pool, masked."""

    person = fields.Nested(PersonOut)
    papers = fields.List(fields.Nested(PaperOut))
    times = fields.List(fields.Nested(TimeIO))


class TalentPage(BaseSchema):
    """A page of people."""

    items = fields.List(fields.Nested(FoundOut))
    next_cursor = fields.String(allow_none=True)
