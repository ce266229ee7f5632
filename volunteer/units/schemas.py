"""Bodies, queries and answers about units and their tasks."""

from marshmallow import fields

from volunteer.units.rules import UnitKind
from volunteer.web.schemas import BaseSchema, Choice, Day, Id, Instant, Page, Text, Whole

MOST_PEOPLE = 100_000_000


class UnitIn(BaseSchema):
    """A new unit."""

    code = Text(40, required=True)
    name = Text(100, required=True)
    kind = Choice(UnitKind, required=True)
    parent_id = Id(load_default=None, allow_none=True)
    area_id = Id(load_default=None, allow_none=True)
    headcount = Whole(0, MOST_PEOPLE, load_default=None, allow_none=True)
    uscc = Text(40, load_default=None, allow_none=True)


class UnitPatch(BaseSchema):
    """What to change of a unit: `parent_id` moves it, from `on` or today on; `closed_on` takes it out of the tree."""

    code = Text(40)
    name = Text(100)
    kind = Choice(UnitKind)
    parent_id = Id(allow_none=True)
    on = Day()
    area_id = Id(allow_none=True)
    headcount = Whole(0, MOST_PEOPLE, allow_none=True)
    uscc = Text(40, allow_none=True)
    closed_on = Day()


class UnitRow(BaseSchema):
    """What everybody may know of a unit."""

    id = Id()
    code = fields.String()
    name = fields.String()
    kind = Choice(UnitKind)


class UnitOut(UnitRow):
    """A unit as its liaison sees it, with its place of today."""

    parent_id = Id(allow_none=True)
    area_id = Id(allow_none=True)
    headcount = fields.Integer(allow_none=True)
    uscc = fields.String(allow_none=True)
    created_on = Day()
    closed_on = Day(allow_none=True)


class UnitQuery(Page):
    """Which units to list: the children of one; `q` is a part of name or code."""

    parent_id = Id(load_default=None)
    q = Text(50, load_default=None)


class UnitPage(BaseSchema):
    """A page of units."""

    items = fields.List(fields.Nested(UnitRow))
    next_cursor = fields.String(allow_none=True)


class TargetIn(BaseSchema):
    """The registration task of a year."""

    target = Whole(0, MOST_PEOPLE, required=True)


class TargetOut(BaseSchema):
    """A task as it was set; of one year the newest setting is in force."""

    unit_id = Id()
    year = fields.Integer()
    target = fields.Integer()
    set_by = Id(allow_none=True)
    set_at = Instant()
    set_on = Day()


class TargetPage(BaseSchema):
    """A page of the settings, the latest year and the newest setting first."""

    items = fields.List(fields.Nested(TargetOut))
    next_cursor = fields.String(allow_none=True)
