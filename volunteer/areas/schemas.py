"""Bodies, queries and answers about areas."""

from marshmallow import fields

from volunteer.areas.rules import AreaLevel
from volunteer.web.schemas import BaseSchema, Choice, Id, Page, QuerySchema, Text, Whole


class AreaIn(BaseSchema):
    """A new area."""

    code = Text(40, required=True)
    name = Text(100, required=True)
    level = Choice(AreaLevel, required=True)
    parent_id = Id(load_default=None, allow_none=True)
    resident_population = Whole(0, 2_000_000_000, load_default=None, allow_none=True)


class AreaOut(BaseSchema):
    """An area."""

    id = Id()
    code = fields.String()
    name = fields.String()
    level = Choice(AreaLevel)
    parent_id = Id(allow_none=True)
    resident_population = fields.Integer(allow_none=True)


class AreaQuery(Page):
    """Which areas to list."""

    parent_id = Id(load_default=None)
    level = Choice(AreaLevel, load_default=None)


class AreaPage(BaseSchema):
    """A page of areas."""

    items = fields.List(fields.Nested(AreaOut))
    next_cursor = fields.String(allow_none=True)


class AreaChangeForm(QuerySchema):
    """What may change of an area, as its form sends it: numbers as text, an empty field left out."""

    name = Text(100, required=True)
    resident_population = Whole(0, 2_000_000_000, load_default=None)


class AreaForm(AreaChangeForm):
    """A new area."""

    code = Text(40, required=True)
    level = Choice(AreaLevel, required=True)


class AreaFilter(QuerySchema):
    """The filters of the desk's list."""

    parent = Id(load_default=None)
    q = Text(50, load_default=None)
    level = Choice(AreaLevel, load_default=None)
