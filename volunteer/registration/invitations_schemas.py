"""Bodies and answers about invitations, about whether one is registered, and about denying that one agreed."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from volunteer.accounts.schemas import Phone
from volunteer.registration.denying import Decision
from volunteer.registration.invitees import InvitationState
from volunteer.registration.models import DENIAL_STATES
from volunteer.registration.rules import PersonStatus
from volunteer.registration.rules_asking import NextStep
from volunteer.registration.schemas import GuardianIn
from volunteer.web.schemas import MESSAGES, BaseSchema, Choice, Id, Instant, Page, Secret, Text, Truth


class AskIn(BaseSchema):
    """A phone with its code for `register`; the identity number finds who is known under another phone."""

    phone = Phone(required=True)
    phone_code = Secret(required=True, most=10)
    id_number = Text(40, load_only=True)


class KnownOut(BaseSchema):
    """Somebody who is known; `display_name` to `erase_after` are null where the proof is not good enough for more."""

    id = Id()
    status = Choice(PersonStatus)
    next_steps = fields.List(Choice(NextStep))
    is_minor = Truth()
    display_name = fields.String(allow_none=True)
    unit = fields.String(allow_none=True)
    since = fields.Date(allow_none=True)
    invited_at = Instant(allow_none=True)
    counts_on = fields.Date(allow_none=True)
    channel = fields.String(allow_none=True)
    erase_after = Instant(allow_none=True)


class AskedOut(BaseSchema):
    """Who is known under the phone; `proof` serves for claiming and refusing, for 15 minutes."""

    proof = fields.String()
    people = fields.List(fields.Nested(KnownOut))


class InvitationRefuseIn(BaseSchema):
    """A phone with its code for `register`: the one on the list, or any with the identity number; or a `proof`."""

    phone = Phone()
    phone_code = Secret(most=10)
    id_number = Text(40, load_only=True)
    proof = Secret(most=1000)

    @validates_schema(skip_on_field_errors=False)
    def _is_proved(self, data: Any, **_kwargs: Any) -> None:
        """Want phone and code, unless there is a proof."""
        missing = [] if "proof" in data else [name for name in ("phone", "phone_code") if name not in data]
        if missing:
            raise ValidationError({name: [MESSAGES["required"]] for name in missing})


class AnswerIn(BaseSchema):
    """What a registration needs beyond the list; the page asks for the consent with the rest."""

    consent_version = Text(40)
    password = Secret()
    guardian = fields.Nested(GuardianIn, allow_none=True)


class TakeOverIn(BaseSchema):
    """The identity number of whom others have put down, and a password, if one is wanted."""

    id_number = Text(40, required=True, load_only=True)
    password = Secret()


class InvitationClaimIn(InvitationRefuseIn):
    """The same, with what a registration needs."""

    consent_version = Text(40, required=True)
    password = Secret()
    guardian = fields.Nested(GuardianIn, allow_none=True)


class InvitedQuery(Page):
    """Which of those invited."""

    state = Choice(InvitationState, load_default=None)


class InvitedOut(BaseSchema):
    """Somebody who was invited, masked; `reminded_by` where the caller may read who it was."""

    id = Id()
    display_name = fields.String()
    phone = fields.String(allow_none=True)
    unit = fields.String()
    state = Choice(InvitationState)
    invited_on = fields.Date()
    counts_on = fields.Date(allow_none=True)
    reminded_at = Instant(allow_none=True)
    reminded_by = fields.String(allow_none=True)


class InvitedNumbersOut(BaseSchema):
    """What came of the invitations of one unit, or of all of them together (`unit_id` null)."""

    unit_id = Id(allow_none=True)
    unit = fields.String()
    invited = fields.Integer()
    reminded = fields.Integer()
    claimed = fields.Integer()
    counted = fields.Integer()
    refused = fields.Integer()


class InvitedPage(BaseSchema):
    """A page of those invited, and the numbers of all."""

    items = fields.List(fields.Nested(InvitedOut))
    next_cursor = fields.String(allow_none=True)
    total = fields.Nested(InvitedNumbersOut)
    units = fields.List(fields.Nested(InvitedNumbersOut))


class RemindIn(BaseSchema):
    """Who was reminded; null: all who wait."""

    volunteer_ids = fields.List(Id(), required=True, allow_none=True, validate=validate.Length(1, 1000))


class RemindedOut(BaseSchema):
    """How many it was noted for; who has answered meanwhile is left out."""

    reminded = fields.Integer()


class DenyIn(BaseSchema):
    """What was proved a moment ago."""

    proof = Secret(most=1000, required=True)


class DenialQuery(Page):
    """Which denials to list."""

    state = Choice(("open", "closed"), load_default="open")


class DecideIn(BaseSchema):
    """What becomes of a registration that is denied, and why."""

    decision = Choice(Decision, required=True)
    reason = Text(200, required=True)


class DenialOut(BaseSchema):
    """A denial; names are masked, but for an administrator who registered whom."""

    id = Id()
    person_id = Id()
    state = Choice(DENIAL_STATES)
    denied_at = Instant()
    by_phone = Truth()
    channel = fields.String()
    unit = fields.String(allow_none=True)
    by = fields.String(allow_none=True)
    display_name = fields.String(allow_none=True)
    volunteer_no = fields.String()
    erase_after = Instant(allow_none=True)
    decided_at = Instant(allow_none=True)
    decided_by = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)


class DenialPage(BaseSchema):
    """A page of denials."""

    items = fields.List(fields.Nested(DenialOut))
    next_cursor = fields.String(allow_none=True)
