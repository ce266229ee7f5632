"""Bodies and answers about another phone, another identity, and families."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from volunteer.accounts.schemas import Phone
from volunteer.registration.rules import IdType, Sex
from volunteer.registration.rules_credentials import ChangeKind, ChangeState
from volunteer.web.schemas import BaseSchema, Choice, Day, Id, Instant, Secret, Text, Truth

VERBS = ("accept", "refuse", "withdraw")


class DecisionIn(BaseSchema):
    """A decision: what stands on the paper, and why."""

    verb = Choice(VERBS, required=True)
    name = Text(100, load_default="")
    id_number = Text(40, load_default="")
    tail = Text(4, load_default="")
    reason = Text(200, load_default="")
    seen = fields.String(load_default="")

    @validates_schema
    def _says_enough(self, data: dict[str, Any], **_: Any) -> None:
        if data["verb"] == "refuse" and not data["reason"]:
            raise ValidationError("required|请写明不通过的原因,本人会看到。", "reason")
        if data["verb"] == "accept" and not data["seen"]:
            raise ValidationError("required|请先看过本人和证件原件,再勾选这一项。", "seen")


class NewPhoneByStaffIn(BaseSchema):
    """A new phone, asked for by staff with the person and the paper before them."""

    phone = Phone(required=True)
    phone_code = Secret(required=True, most=10)
    reason = Text(200, required=True)
    seen = fields.String(required=True)

    def __init__(self, *, partial: bool = False) -> None:
        super().__init__(partial=("phone_code",) if partial else ())


class IdentityIn(BaseSchema):
    """Name and identity as on the paper, and what was wrong."""

    name = Text(100, load_default="")
    id_type = Choice(IdType, required=True)
    id_number = Text(40, required=True)
    birth_date = Day(load_default=None)
    sex = Choice(Sex, load_default=None)
    reason = Text(200, required=True)


class SecondGuardianIn(BaseSchema):
    """Another guardian of a child, proved by a code for `guardian`."""

    name = Text(50, required=True)
    phone = Phone(required=True)
    phone_code = Secret(required=True, most=10)


class OwnPhoneIn(BaseSchema):
    """Somebody's own phone, proved by a code for `register`."""

    phone = Phone(required=True)
    phone_code = Secret(required=True, most=10)


class AcceptIn(BaseSchema):
    """What who decides reads on the paper: it must be what was asked for. Of a phone, its last four digits."""

    name = Text(100, load_default="")
    id_number = Text(40, load_default="", load_only=True)
    tail = Text(4, load_default="")
    reason = Text(200, load_default="")
    seen = Truth(required=True, validate=validate.OneOf([True], error="required|请先看过本人和证件原件。"))


class RefuseIn(BaseSchema):
    """Why not; the person reads it."""

    reason = Text(200, required=True)


class ChangeOut(BaseSchema):
    """A request as its reader sees it; what is asked for is named, never shown. `bars`: why they may not decide."""

    id = Id()
    volunteer_id = Id(attribute="person_id")
    display_name = fields.String(attribute="person_name")
    volunteer_no = fields.String()
    kind = Choice(ChangeKind)
    state = Choice(ChangeState)
    fields_ = fields.List(fields.String(), data_key="fields", attribute="fields")
    phone = fields.String(allow_none=True)
    asked_at = Instant()
    asked_by = fields.String(allow_none=True)
    reason = fields.String()
    due_at = Instant()
    decision_reason = fields.String(allow_none=True)
    bars = fields.List(fields.String())


class DependantOut(BaseSchema):
    """Somebody for whom the caller acts; `others` is how many other accounts do."""

    id = Id()
    display_name = fields.String()
    volunteer_no = fields.String()
    is_minor = Truth()
    has_own_account = Truth()
    others = fields.Integer()


class ActingOut(BaseSchema):
    """Somebody who acts for the caller, with a masked name."""

    account_id = Id()
    name = fields.String()
    is_guardian = Truth()
    since = Instant()


class FamilyOut(BaseSchema):
    """Whom the caller acts for, and who acts for the caller; a minor cannot end that."""

    dependants = fields.List(fields.Nested(DependantOut))
    acting = fields.List(fields.Nested(ActingOut))
    is_minor = Truth()
