"""Queries and answers of reports."""

from typing import Any

from marshmallow import fields, post_load

from volunteer.areas.rules import AreaLevel
from volunteer.reports.area_rates import AreaRatesQuery
from volunteer.reports.service import RatesQuery
from volunteer.units.rules import Denominator, RateSort, SortOrder, UnitKind
from volunteer.web.schemas import BaseSchema, Choice, Day, Id, Instant, QuerySchema, Whole


class RegistrationRatesQuery(QuerySchema):
    """Which rows, as of which day, in which order."""

    as_of = Day()
    root = Id()
    depth = Whole(0, 1000)
    kind = Choice(UnitKind)
    area_id = Id()
    sort = Choice(RateSort)
    order = Choice(SortOrder)
    denominator = Choice(Denominator)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        for name, words in (("kind", UnitKind), ("sort", RateSort), ("order", SortOrder), ("denominator", Denominator)):
            if name in data:
                data[name] = words(data[name])
        return {"rates": RatesQuery(**data)}


class AreaRatesQueryIn(QuerySchema):
    """Which areas, as of which day, over which number, in which order."""

    as_of = Day()
    root = Id()
    depth = Whole(0, 1000)
    level = Choice(AreaLevel)
    sort = Choice(RateSort)
    order = Choice(SortOrder)
    denominator = Choice(Denominator)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        for name, words in (
            ("level", AreaLevel),
            ("sort", RateSort),
            ("order", SortOrder),
            ("denominator", Denominator),
        ):
            if name in data:
                data[name] = words(data[name])
        return {"rates": AreaRatesQuery(**data)}


class FiguresOut(BaseSchema):
    """Figures of a subtree, or of everybody once; `rate` 1.29 is 129 %, null where its denominator is 0 or not known.

    `population` is told where the report is over it; `report_ins` are people beside the registered of the row.
    """

    target = fields.Integer(allow_none=True, attribute="counts.target")
    headcount = fields.Integer(allow_none=True, attribute="counts.headcount")
    population = fields.Integer(allow_none=True, attribute="counts.population")
    report_ins = fields.Integer(attribute="counts.report_ins")
    registered = fields.Integer(attribute="counts.registered")
    rate = fields.Float(allow_none=True, attribute="counts.rate")
    active = fields.Integer(attribute="counts.active")
    active_rate = fields.Float(allow_none=True, attribute="counts.active_rate")
    minutes = fields.Integer(attribute="counts.minutes")
    minutes_verified = fields.Integer(attribute="counts.minutes_verified")
    minutes_per_registered = fields.Float(allow_none=True, attribute="counts.minutes_per_registered")


class RateRowOut(FiguresOut):
    """One unit; its figures cover its subtree as it was on that day."""

    unit_id = Id(attribute="unit.id")
    code = fields.String(attribute="unit.code")
    name = fields.String(attribute="unit.name")
    kind = Choice(UnitKind, attribute="unit.kind")
    parent_id = Id(allow_none=True, attribute="unit.parent_id")
    depth = fields.Integer()
    rank = fields.Integer(allow_none=True)


class TotalOut(FiguresOut):
    """The root's figures, or those of everybody once; `without_unit` of the registered belong to no unit."""

    without_unit = fields.Integer()


class RegistrationRatesOut(BaseSchema):
    """Registration rates as of a day."""

    as_of = Day()
    year = fields.Integer()
    denominator = Choice(Denominator)
    denominator_set_at = Instant(allow_none=True)
    rows = fields.List(fields.Nested(RateRowOut))
    total = fields.Nested(TotalOut)


class AreaRateRowOut(FiguresOut):
    """One area; its figures are those of the units that lie in it on that day; a part of an area has no rank."""

    area_id = Id(attribute="area.id")
    code = fields.String(attribute="area.code")
    name = fields.String(attribute="area.name")
    level = Choice(AreaLevel, attribute="area.level")
    parent_id = Id(allow_none=True, attribute="area.parent_id")
    depth = fields.Integer()
    rank = fields.Integer(allow_none=True)


class AreaTotalOut(FiguresOut):
    """The root's figures, or those of everybody once; `without_area` of the registered count in no area."""

    without_area = fields.Integer()


class AreaRatesOut(BaseSchema):
    """Registration rates by area as of a day; `is_part`: of the caller's own units alone."""

    as_of = Day()
    year = fields.Integer()
    denominator = Choice(Denominator)
    denominator_set_at = Instant(allow_none=True)
    is_part = fields.Boolean()
    rows = fields.List(fields.Nested(AreaRateRowOut))
    total = fields.Nested(AreaTotalOut)
