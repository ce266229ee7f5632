"""Bodies, queries and answers of sign-in, accounts and grants."""

import re
from typing import Any, ClassVar, Final

from marshmallow import ValidationError, fields, post_load, validates_schema

from volunteer.access import Role
from volunteer.accounts import deeds
from volunteer.accounts.models import PURPOSES
from volunteer.phone import PhoneError, normalize_phone
from volunteer.web.schemas import BaseSchema, Choice, Day, Id, Instant, Page, QuerySchema, Secret, Text, Truth, Whole

#: An asker as the audit log names it (`Actor.key`).
ASKER: Final = re.compile(r"(account|device):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|system")


class Phone(fields.String):
    """A Chinese mobile number as people write it, loaded in its plain form; the pattern shows the plain forms."""

    openapi: ClassVar = {"pattern": r"^(\+86|86|0086)?1[3-9][0-9]{9}$"}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return normalize_phone(text)
        except PhoneError as error:
            raise ValidationError(f"{error.code}|请填写 11 位手机号。") from error


class PhoneCodeIn(BaseSchema):
    """A request for a code."""

    phone = Phone(required=True)
    purpose = Choice(PURPOSES, required=True)


class PhoneCodeOut(BaseSchema):
    """How long the code lives; with the demo sender, the code."""

    expires_in = Whole(0, 3600)
    code = fields.String()


class LoginIn(BaseSchema):
    """A phone with a password or a code, exactly one of them."""

    openapi: ClassVar = {"oneOf": [{"required": ["password"]}, {"required": ["phone_code"]}]}
    phone = Phone(required=True)
    password = Secret()
    phone_code = Secret(most=10)

    @validates_schema
    def _one_secret(self, data: dict[str, Any], **_: Any) -> None:
        if ("password" in data) == ("phone_code" in data):
            raise ValidationError("required|请填写密码或短信验证码中的一项。", "password")


class GrantOut(BaseSchema):
    """A grant inside an account."""

    grant_id = Id(attribute="id")
    role = Choice(Role)
    unit_id = Id(allow_none=True)
    station_id = Id(allow_none=True)
    area_id = Id(allow_none=True)
    shift_id = Id(allow_none=True)


class AccountOut(BaseSchema):
    """An account with its grants in force."""

    id = Id()
    name = fields.String()
    roles = fields.List(fields.Nested(GrantOut))


class TokenOut(BaseSchema):
    """A fresh sign-in."""

    access_token = fields.String(attribute="token")
    token_type = fields.Constant("Bearer")
    expires_in = Whole(0, 10**9, attribute="expires_in_s")
    account = fields.Nested(AccountOut)


class PasswordIn(BaseSchema):
    """A new password, proved by a code."""

    phone = Phone(required=True)
    phone_code = Secret(required=True, most=10)
    password = Secret(required=True)


class NewPhoneIn(BaseSchema):
    """Another phone for the caller's account."""

    phone = Phone(required=True)
    phone_code = Secret(required=True, most=10)


class AccountIn(BaseSchema):
    """A staff account."""

    phone = Phone(required=True)
    name = Text(50, required=True)
    password = Secret(required=True)


class GrantIn(BaseSchema):
    """A role over a scope."""

    role = Choice(Role, required=True)
    unit_id = Id(load_default=None, allow_none=True)
    station_id = Id(load_default=None, allow_none=True)
    area_id = Id(load_default=None, allow_none=True)
    shift_id = Id(load_default=None, allow_none=True)

    @post_load
    def _split(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        role = Role(data.pop("role"))
        return {"role": role, "scope": data}


class CreatedOut(BaseSchema):
    """The id of what was made."""

    id = Id()


class AccountQuery(Page):
    """A page of staff accounts."""

    q = Text(50, load_default=None)


class AccountRow(BaseSchema):
    """One line of the list of staff accounts."""

    id = Id()
    name = fields.String()
    phone = fields.String()
    state = Choice(("active", "disabled"))


class AccountPage(BaseSchema):
    """A page of staff accounts."""

    items = fields.List(fields.Nested(AccountRow))
    next_cursor = fields.String(allow_none=True)


class GrantList(BaseSchema):
    """An account's grants in force."""

    items = fields.List(fields.Nested(GrantOut))


class OwnPersonOut(BaseSchema):
    """The person to whom the account belongs."""

    id = Id()
    volunteer_no = fields.String()
    status = fields.String()
    unit_id = Id(allow_none=True)


class ActsForOut(BaseSchema):
    """A person for whom the account may act."""

    id = Id()
    volunteer_no = fields.String()
    display_name = fields.String()


class MeOut(BaseSchema):
    """Who is signed in."""

    account = fields.Nested(AccountOut)
    volunteer = fields.Nested(OwnPersonOut, allow_none=True)
    acts_for = fields.List(fields.Nested(ActsForOut))


class NewAccountForm(BaseSchema):
    """A staff account as its form sends it; without a password where codes can be sent."""

    phone = Phone(required=True)
    name = Text(50, required=True)
    password = Secret()


class LogFilter(QuerySchema):
    """The filters of the audit log; `from` and `to` are days, both in."""

    from_on = Day(data_key="from", load_default=None)
    to_on = Day(data_key="to", load_default=None)
    action = Choice((*deeds.DEEDS, *deeds.DEEDS_OF_HOURS, "exports"), load_default=None)
    actor = Text(60, load_default=None)
    subject = Id(load_default=None)

    @validates_schema(skip_on_field_errors=False)
    def _asker_is_one(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("actor") and not ASKER.fullmatch(data["actor"]):
            raise ValidationError("invalid|没有这个操作人。", "actor")
        if data.get("from_on") and data.get("to_on") and data["to_on"] < data["from_on"]:
            raise ValidationError("to-before-from|结束日期不能早于开始日期。", "to")


class SessionOut(BaseSchema):
    """A place where an account is signed in: a page's session, or a token of the API; `device` where it was noted."""

    id = Id()
    device = fields.String()
    is_page = Truth()
    since = Instant()
    until = Instant()
    is_this = Truth()


class EndedOut(BaseSchema):
    """How many sessions ended."""

    ended = fields.Integer()
