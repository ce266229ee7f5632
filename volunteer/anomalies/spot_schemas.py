"""Bodies and answers about spot checks."""

from typing import Any

from marshmallow import fields

from volunteer.anomalies.spot_rules import QUESTIONS, Answer
from volunteer.web.schemas import BaseSchema, Choice, Day, Id, Instant, Page, QuerySchema, Text, Whole

MOST = 200


class DrawIn(BaseSchema):
    """What to draw from, and how many."""

    title = Text(100, required=True)
    from_on = Day(data_key="from", required=True)
    to_on = Day(data_key="to", required=True)
    station_id = Id(load_default=None, allow_none=True)
    size = Whole(1, MOST, required=True)


class DrawForm(QuerySchema):
    """The same, as the form sends it."""

    title = Text(100, required=True)
    from_on = Day(data_key="from", required=True)
    to_on = Day(data_key="to", required=True)
    size = Whole(1, MOST, required=True)


class AnswerIn(BaseSchema):
    """What was found about one record."""

    present = Choice(Answer, required=True)
    content = Choice(Answer, required=True)
    duration = Choice(Answer, required=True)
    known = Choice(Answer, required=True)
    note = Text(500, load_default=None, allow_none=True)


class PublishIn(BaseSchema):
    """What the check comes to."""

    conclusion = Text(1000, required=True)


SummaryOut: Any = BaseSchema.from_dict(
    {name: fields.Integer() for name in ("checked", "passed", "unclear", *(f"failed_{one}" for one in QUESTIONS))},
    name="SpotCheckSummary",
)


class SpotCheckOut(BaseSchema):
    """A check: with `seed` (hex), `population` and `digest` anybody can draw again; `drawn` are the ids drawn."""

    id = Id()
    title = fields.String()
    from_on = Day(data_key="from")
    to_on = Day(data_key="to")
    station_id = Id(allow_none=True)
    seed = fields.String()
    population = fields.Integer()
    digest = fields.String()
    drawn = fields.List(Id())
    drawn_at = Instant()
    published_at = Instant(allow_none=True)
    conclusion = fields.String(allow_none=True)
    summary = fields.Nested(SummaryOut)


class SpotCheckPage(BaseSchema):
    """A page of published checks."""

    items = fields.List(fields.Nested(SpotCheckOut))
    next_cursor = fields.String(allow_none=True)


class SpotItemOut(BaseSchema):
    """One drawn record, its person masked."""

    id = Id()
    position = fields.Integer()
    attendance_id = Id()
    person = fields.String()
    activity = fields.String()
    station = fields.String()
    on = Day()
    minutes = fields.Integer()
    answers = fields.Dict(keys=fields.String(), values=fields.String(), allow_none=True)
    note = fields.String(allow_none=True)
    checked_at = Instant(allow_none=True)


class SpotItemsOut(BaseSchema):
    """The drawn records."""

    items = fields.List(fields.Nested(SpotItemOut))


class SpotAnsweredOut(BaseSchema):
    """A record that was checked."""

    id = Id()
    answers = fields.Dict(keys=fields.String(), values=fields.String())
    note = fields.String(allow_none=True)


class SpotQuery(Page):
    """Which page of published checks."""
