"""What comes in and goes out about proofs."""

from marshmallow import ValidationError, fields, validates_schema

from volunteer.certificates.rules import State
from volunteer.web.schemas import BaseSchema, Choice, Day, Id, Instant, Page, QuerySchema, Text, Whole

MOST_MINUTES = 10**9


class IssueIn(BaseSchema):
    """The range to certify, both days in it; `to` may lie ahead."""

    from_on = Day(required=True, data_key="from")
    to_on = Day(required=True, data_key="to")

    @validates_schema
    def _in_order(self, data: dict[str, object], **_: object) -> None:
        """Refuse a range that ends before it starts."""
        if data["to_on"] < data["from_on"]:  # type: ignore[operator]
            raise ValidationError("to-before-from|结束日期不能早于开始日期。", "to")


class IssueOwnIn(IssueIn):
    """The same, for oneself or for a person for whom one acts."""

    volunteer_id = Id(load_default=None)


class RevokeIn(BaseSchema):
    """Why a proof is revoked."""

    reason = Text(500, required=True)


class CertificatesQuery(Page):
    """Whose proofs: one's own, or those of a person for whom one acts."""

    volunteer_id = Id(load_default=None)


class VerificationQuery(QuerySchema):
    """The token that the paper carries."""

    token = Text(200, load_default="", blank=True)


class CertificateOut(BaseSchema):
    """A proof as its owner sees it."""

    number = fields.String()
    state = Choice(State)
    minutes = Whole(1, MOST_MINUTES)
    from_on = Day(data_key="from")
    to_on = Day(data_key="to")
    issued_at = Instant()
    token = fields.String()
    pdf_url = fields.String()
    verify_url = fields.String()
    superseded_by = fields.String(allow_none=True)


class CertificatesOut(BaseSchema):
    """A page of proofs, newest first."""

    items = fields.List(fields.Nested(CertificateOut))
    next_cursor = fields.String(allow_none=True)


class VerificationOut(BaseSchema):
    """What anybody may know who holds the paper."""

    number = fields.String()
    state = Choice(State)
    display_name = fields.String()
    minutes = Whole(1, MOST_MINUTES)
    from_on = Day(data_key="from")
    to_on = Day(data_key="to")
    issued_at = Instant()
    superseded_by = fields.String(allow_none=True)
