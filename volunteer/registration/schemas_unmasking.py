"""Bodies and answers about looking behind the mask."""

from marshmallow import fields, validate

from volunteer.registration.privacy import UNMASKED
from volunteer.web.schemas import BaseSchema, Choice, Id, Instant, Text, Truth


class UnmaskIn(BaseSchema):
    """What to show in full, and why."""

    fields_ = fields.List(
        Choice(UNMASKED),
        required=True,
        data_key="fields",
        validate=validate.Length(1, len(UNMASKED), error="length|请选择要查看的内容。"),
    )
    reason = Text(200, required=True)


class UnmaskRequestOut(BaseSchema):
    """A request to see a minor in full, and what a second person decided."""

    id = Id()
    volunteer_id = Id(attribute="person_id")
    display_name = fields.String()
    fields_ = fields.List(fields.String(), data_key="fields", attribute="fields")
    reason = fields.String()
    state = fields.String()
    asked_at = Instant()
    decided_at = Instant(allow_none=True)
    open_until = Instant(allow_none=True)


class UnmaskRefusalIn(BaseSchema):
    """Why not."""

    reason = Text(200, required=True)


class UnmaskOut(BaseSchema):
    """The values of the fields that were asked for."""

    name = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    birth_date = fields.String(allow_none=True)
    guardian_name = fields.String(allow_none=True)
    guardian_phone = fields.String(allow_none=True)
    emergency_name = fields.String(allow_none=True)
    emergency_phone = fields.String(allow_none=True)


class UnmaskingOut(BaseSchema):
    """Somebody looked behind the mask."""

    at = Instant()
    by = fields.String()
    fields_ = fields.List(fields.String(), data_key="fields", attribute="fields")
    reason = fields.String(allow_none=True)


class CalledOut(BaseSchema):
    """Whether word was sent now; false: it was less than an hour ago."""

    sent = Truth()
