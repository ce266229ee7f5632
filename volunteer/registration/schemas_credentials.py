"""What the forms about another phone and another identity send."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from volunteer.accounts.schemas import Phone
from volunteer.registration.rules import IdType, Sex
from volunteer.web.schemas import BaseSchema, Choice, Day, Secret, Text

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
