"""What the form of the site's settings sends."""

from marshmallow import fields, validate

from volunteer.web.schemas import BaseSchema, Text

BAD_VERSION = "invalid|页面已过期,请刷新后再保存。"


class SiteIn(BaseSchema):
    """The settings as typed; an empty field is left out."""

    name = Text(50, load_default=None)
    issuer = Text(100, load_default=None)
    organizer = Text(100, load_default=None)
    helpline = Text(30, load_default=None)
    helpline_hours = Text(100, load_default=None)
    filing_number = Text(60, load_default=None)
    seen = fields.String(required=True, validate=validate.Regexp(r"[0-9]{1,9}\Z", error=BAD_VERSION))
