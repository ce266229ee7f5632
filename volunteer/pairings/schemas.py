"""Bodies, queries and answers about pairings, leaders and zones."""

from marshmallow import fields, validate

from volunteer.areas.rules import AreaLevel
from volunteer.pairings.rules import Gap, PairingKind
from volunteer.web.schemas import BaseSchema, Choice, Day, Id, QuerySchema, Text, Truth

MANY = validate.Length(0, 200, error="length|一次最多 200 个。")


class PairingIn(BaseSchema):
    """Who answers for what, from which day on."""

    kind = Choice(PairingKind, required=True)
    area_id = Id(load_default=None, allow_none=True)
    zone_id = Id(load_default=None, allow_none=True)
    official_ids = fields.List(Id(), load_default=list, validate=MANY)
    unit_ids = fields.List(Id(), load_default=list, validate=MANY)
    from_on = Day(data_key="from", load_default=None, allow_none=True)


class EndIn(BaseSchema):
    """From which day on, and why."""

    on = Day(load_default=None, allow_none=True)
    reason = Text(500, required=True)


class PairingOut(BaseSchema):
    """A pairing: half-open days."""

    id = Id()
    kind = Choice(PairingKind)
    area_id = Id(allow_none=True)
    zone_id = Id(allow_none=True)
    official_id = Id(allow_none=True)
    unit_id = Id(allow_none=True)
    from_on = Day(data_key="from")
    until_on = Day(data_key="until", allow_none=True)


class PairingRow(PairingOut):
    """A pairing in words."""

    party = fields.String()
    office = fields.String()
    target = fields.String()
    level = fields.String()


class PairingsOut(BaseSchema):
    """The pairings of a day, all of them."""

    items = fields.List(fields.Nested(PairingRow))


class MadePairingsOut(BaseSchema):
    """The pairings that were asked for."""

    items = fields.List(fields.Nested(PairingOut))


class PairingQuery(QuerySchema):
    """Which pairings, as of which day (today unless said)."""

    on = Day(load_default=None)
    unit_id = Id(load_default=None)
    official_id = Id(load_default=None)
    zone_id = Id(load_default=None)


class DayQuery(QuerySchema):
    """As of which day; today unless said."""

    on = Day(load_default=None)


class CoverageQuery(DayQuery):
    """Of which level."""

    level = Choice(AreaLevel, load_default=AreaLevel.GRID.value)


class AreaCoverOut(BaseSchema):
    """An area with who answers for itself (`own`) and for what lies around it (`above`)."""

    id = Id()
    code = fields.String()
    name = fields.String()
    level = Choice(AreaLevel)
    own = fields.List(fields.Nested(PairingRow))
    above = fields.List(fields.Nested(PairingRow))
    gap = Choice(Gap, allow_none=True)


class CoverageOut(BaseSchema):
    """How many areas of a level are answered for by leader and unit, and those that are not."""

    on = Day()
    level = Choice(AreaLevel)
    areas = fields.Integer()
    covered = fields.Integer()
    leaders = fields.Integer()
    units = fields.Integer()
    gaps = fields.List(fields.Nested(AreaCoverOut))


class OfficialIn(BaseSchema):
    """A leader."""

    name = Text(50, required=True)
    office = Text(100, required=True)


class OfficialOut(BaseSchema):
    """A leader."""

    id = Id()
    name = fields.String()
    office = fields.String()
    left_on = Day(allow_none=True)


class OfficialsOut(BaseSchema):
    """The leaders of a day."""

    items = fields.List(fields.Nested(OfficialOut))


class ZoneIn(BaseSchema):
    """A zone with its areas."""

    code = Text(40, required=True)
    name = Text(100, required=True)
    area_ids = fields.List(Id(), load_default=list, validate=MANY)
    on = Day(load_default=None, allow_none=True)


class ZoneAreasIn(BaseSchema):
    """Of which areas a zone consists, from which day on."""

    area_ids = fields.List(Id(), required=True, validate=MANY)
    on = Day(load_default=None, allow_none=True)


class ZoneOut(BaseSchema):
    """A zone."""

    id = Id()
    code = fields.String()
    name = fields.String()


class ZoneRow(ZoneOut):
    """A zone with the names of its areas."""

    areas = fields.List(fields.String())


class ZonesOut(BaseSchema):
    """The zones, as they were on a day."""

    items = fields.List(fields.Nested(ZoneRow))


class ListFilter(QuerySchema):
    """The filters of the page."""

    by = Choice(("area", "unit", "leader", "zone"), load_default="area")
    level = Choice(AreaLevel, load_default=None)
    q = Text(50, load_default=None)
    on = Day(load_default=None)
    gaps = Truth(load_default=False)


class PairingForm(QuerySchema):
    """A new pairing as its form sends it; who and what are chosen by typing."""

    kind = Choice(PairingKind, required=True)
    zone_id = Id(load_default=None)
    from_on = Day(data_key="from", load_default=None)


class EndForm(QuerySchema):
    """The end of a pairing as its form sends it."""

    on = Day(load_default=None)
    reason = Text(500, required=True)


class ZoneForm(QuerySchema):
    """A zone as its form sends it: the codes of its areas, one a line."""

    code = Text(40, load_default=None)
    name = Text(100, load_default=None)
    areas = Text(4000, load_default="")
    on = Day(load_default=None)
