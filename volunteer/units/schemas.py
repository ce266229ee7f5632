"""Bodies, queries and answers about units and their tasks."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from volunteer.errors import Fault
from volunteer.units.rules import UnitKind, check_uscc
from volunteer.web.schemas import BaseSchema, Choice, Day, Id, Instant, Page, QuerySchema, Text, Truth, Whole

MOST_PEOPLE = 100_000_000
FIRST_YEAR, LAST_YEAR = 2000, 2999


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


class MergeIn(BaseSchema):
    """Into which unit another one is merged, from `on` or today on; task and headcount of the one that stays."""

    into_id = Id(required=True)
    on = Day(load_default=None, allow_none=True)
    target = Whole(0, MOST_PEOPLE, load_default=None, allow_none=True)
    headcount = Whole(0, MOST_PEOPLE, load_default=None, allow_none=True)
    keep_liaisons = Truth(load_default=True)
    reason = Text(200, load_default=None, allow_none=True)


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
    """A task as it was set; of one year the newest setting is in force. Null: it was taken back."""

    unit_id = Id()
    year = fields.Integer()
    target = fields.Integer(allow_none=True)
    set_by = Id(allow_none=True)
    set_at = Instant()
    set_on = Day()


class TargetPage(BaseSchema):
    """A page of the settings, the latest year and the newest setting first."""

    items = fields.List(fields.Nested(TargetOut))
    next_cursor = fields.String(allow_none=True)


class UnitForm(QuerySchema):
    """A unit as its form sends it: numbers as text, an empty field left out."""

    code = Text(40, required=True)
    name = Text(100, required=True)
    kind = Choice(UnitKind, required=True)
    headcount = Whole(0, MOST_PEOPLE, load_default=None)
    uscc = Text(40, load_default=None)

    @validates_schema(skip_on_field_errors=False)
    def _uscc_is_one(self, data: dict[str, Any], **_: Any) -> None:
        checked = check_uscc(data["uscc"]) if data.get("uscc") else ""
        if isinstance(checked, Fault):
            raise ValidationError(f"{checked.code}|{checked.message}", "uscc")


class NewUnitForm(UnitForm):
    """A new unit, perhaps with its task of this year."""

    target = Whole(0, MOST_PEOPLE, load_default=None)


class TargetForm(QuerySchema):
    """The registration task of a year, as its form sends it."""

    year = Whole(FIRST_YEAR, LAST_YEAR, required=True)
    target = Whole(0, MOST_PEOPLE, required=True)


class MoveForm(QuerySchema):
    """From which day on a unit stands elsewhere."""

    on = Day(required=True)


class CloseForm(QuerySchema):
    """From which day on a unit is closed."""

    closed_on = Day(required=True)


class MergeForm(QuerySchema):
    """A merger as its form sends it: numbers as text, an empty field left out."""

    on = Day(required=True)
    target = Whole(0, MOST_PEOPLE, load_default=None)
    headcount = Whole(0, MOST_PEOPLE, load_default=None)
    reason = Text(200, load_default=None)


class UnitFilter(QuerySchema):
    """The filters of the desk's list."""

    parent = Id(load_default=None)
    q = Text(50, load_default=None)
    kind = Choice(UnitKind, load_default=None)
    area_id = Id(load_default=None)
    show = Choice(("open", "closed", "all", "no-task"), load_default="open")


class NumbersFilter(UnitFilter):
    """Which units' numbers of which year; closed units have none to set."""

    show = Choice(("open", "no-task"), load_default="open")
    year = Whole(FIRST_YEAR, LAST_YEAR, load_default=None)


class NumbersForm(QuerySchema):
    """A unit's numbers as a row of the table sends them; an empty field: there is none."""

    headcount = Whole(0, MOST_PEOPLE, load_default=None)
    target = Whole(0, MOST_PEOPLE, load_default=None)
