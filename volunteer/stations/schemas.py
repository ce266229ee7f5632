"""Bodies, queries and answers of stations and their devices."""

from typing import Any, ClassVar

from marshmallow import ValidationError, fields, validates_schema

from volunteer.stations.rules import Crs, Point, StationLevel
from volunteer.web.schemas import BaseSchema, Choice, Id, Instant, Number, Page, QuerySchema, Text, Truth, Whole

FAR_M = 1_000_000


class Near(fields.String):
    """A place in a query: `LAT,LON` in degrees, WGS-84."""

    openapi: ClassVar = {
        "pattern": r"^-?(90|[0-8]?[0-9](\.[0-9]{1,15})?),-?(180|(1[0-7][0-9]|[0-9]{1,2})(\.[0-9]{1,15})?)$"
    }

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            latitude, longitude = (float(part) for part in text.split(","))
            return Point(latitude, longitude)
        except ValueError as error:
            raise ValidationError("invalid|请填写“纬度,经度”,例如 39.9075,116.3972。") from error


class StationIn(BaseSchema):
    """A new station."""

    code = Text(40, required=True)
    name = Text(100, required=True)
    level = Choice(StationLevel, required=True)
    site_kind = Text(50, allow_none=True)
    parent_id = Id(allow_none=True)
    unit_id = Id(allow_none=True)
    area_id = Id(allow_none=True)
    address = Text(200, allow_none=True)
    latitude = Number(-90, 90, allow_none=True)
    longitude = Number(-180, 180, allow_none=True)
    crs = Choice(Crs, allow_none=True)
    phone = Text(30, allow_none=True)
    geo_optional = Truth()


class StationPatch(BaseSchema):
    """What changes about a station."""

    code = Text(40)
    name = Text(100)
    level = Choice(StationLevel)
    site_kind = Text(50, allow_none=True)
    parent_id = Id(allow_none=True)
    unit_id = Id(allow_none=True)
    area_id = Id(allow_none=True)
    address = Text(200, allow_none=True)
    latitude = Number(-90, 90, allow_none=True)
    longitude = Number(-180, 180, allow_none=True)
    crs = Choice(Crs, allow_none=True)
    phone = Text(30, allow_none=True)
    geo_optional = Truth()


class StationOut(BaseSchema):
    """A station as the public sees it."""

    id = Id()
    code = fields.String()
    name = fields.String()
    level = Choice(StationLevel)
    site_kind = fields.String(allow_none=True)
    parent_id = Id(allow_none=True)
    unit_id = Id(allow_none=True)
    area_id = Id(allow_none=True)
    address = fields.String(allow_none=True)
    latitude = fields.Float(allow_none=True)
    longitude = fields.Float(allow_none=True)
    crs_source = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    geo_optional = fields.Boolean()


class StationRowOut(StationOut):
    """A station in a list, with its distance in metres where `near` was given."""

    distance_m = fields.Float(allow_none=True)


class StationPage(BaseSchema):
    """A page of stations."""

    items = fields.List(fields.Nested(StationRowOut))
    next_cursor = fields.String(allow_none=True)


class StationQuery(Page):
    """Which stations."""

    near = Near(load_default=None)
    radius_m = Whole(1, FAR_M, load_default=None)
    q = Text(100, load_default=None)

    @validates_schema
    def _radius_has_centre(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("radius_m") is not None and data.get("near") is None:
            raise ValidationError("required|按距离查找请同时填写位置。", "near")


class DeviceIn(BaseSchema):
    """A new scanner."""

    name = Text(50, required=True)


class NewDeviceOut(BaseSchema):
    """A scanner just made; the token is shown this once."""

    id = Id()
    device_token = fields.String()
    expires_at = Instant()


class DeviceOut(BaseSchema):
    """A scanner."""

    id = Id()
    station_id = Id()
    name = fields.String()
    created_at = Instant()
    expires_at = Instant()
    last_seen_at = Instant(allow_none=True)


class DevicePage(BaseSchema):
    """A page of scanners."""

    items = fields.List(fields.Nested(DeviceOut))
    next_cursor = fields.String(allow_none=True)


class ProfileForm(QuerySchema):
    """What a keeper tells of a station, as its form sends it: an empty field left out."""

    name = Text(100, required=True)
    site_kind = Text(50, load_default=None)
    address = Text(200, load_default=None)
    phone = Text(30, load_default=None)
    latitude = Number(-90, 90, load_default=None)
    longitude = Number(-180, 180, load_default=None)
    crs = Choice(Crs, load_default=None)
    geo_optional = Truth(load_default=False)


class StationForm(ProfileForm):
    """A station as an admin's form sends it."""

    code = Text(40, required=True)
    level = Choice(StationLevel, required=True)


class StationFilter(QuerySchema):
    """The filters of the desk's list."""

    parent = Id(load_default=None)
    q = Text(100, load_default=None)
    level = Choice(StationLevel, load_default=None)
    show = Choice(("all", "no-device"), load_default="all")
