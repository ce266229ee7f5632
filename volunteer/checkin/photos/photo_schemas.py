"""The shapes of a photo of a code over HTTP. Source: ux.md 4.2 (order of fallbacks)."""

from marshmallow import fields

from volunteer.web.schemas import BaseSchema, Upload


class PhotoIn(BaseSchema):
    """A photo of a volunteer's code."""

    file = Upload(required=True)


class PhotoOut(BaseSchema):
    """The code that was read: to be sent as a scan."""

    volunteer_code = fields.String()
