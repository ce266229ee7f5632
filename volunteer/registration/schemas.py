"""Bodies, queries and answers about people."""

from typing import Any

from marshmallow import ValidationError, fields, validate

from volunteer.accounts.schemas import Phone
from volunteer.registration.applications import FAULTS
from volunteer.registration.models import FAMILY, SELF
from volunteer.registration.rules import IdType, PersonStatus, Sex
from volunteer.registration.rules_changes import RequestState
from volunteer.registration.rules_consents import SEPARATE
from volunteer.registration.schemas_unmasking import UnmaskingOut
from volunteer.web.schemas import BaseSchema, Choice, Day, Id, Instant, Page, QuerySchema, Secret, Text, Truth, flatten

MOST_CODES = 30


class Codes(fields.List[str]):
    """A list of codes of an editable table."""

    def __init__(self, **kwargs: Any) -> None:
        most = validate.Length(max=MOST_CODES, error=f"length|最多选 {MOST_CODES} 项。")
        super().__init__(Text(40), validate=most, **kwargs)


class NoticeOut(BaseSchema):
    """The privacy notice in force."""

    version = fields.String()
    text = fields.String()


class CodeEntryIn(BaseSchema):
    """A code and the word for it."""

    code = fields.String(
        required=True,
        validate=validate.Regexp(r"[a-z0-9_]{1,40}\Z", error="invalid|代码由小写字母、数字和下划线组成,最多 40 个。"),
    )
    label = Text(60, required=True)


class CodeEntryOut(BaseSchema):
    """A code and the word for it."""

    code = fields.String()
    label = fields.String()


class CodeEntriesIn(BaseSchema):
    """All that a table offers, in its order."""

    items = fields.List(
        fields.Nested(CodeEntryIn), required=True, validate=validate.Length(1, 200, error="length|请填写 1 到 200 项。")
    )


class GuardianIn(BaseSchema):
    """A guardian who agrees, with the code that was sent to their phone for `guardian`."""

    name = Text(100)
    phone = Phone()
    phone_code = Secret(most=10)
    relation = Text(40)


class RegisterIn(BaseSchema):
    """An application. What is wrong with it is told together with what the use case finds: all faults at once."""

    name = Text(100, required=True)
    id_type = Choice(IdType, required=True)
    id_number = Text(40, required=True, load_only=True)
    birth_date = Day(allow_none=True)
    sex = Choice(Sex, allow_none=True)
    phone = Phone()
    phone_code = Secret(most=10)
    password = Secret()
    consent_version = Text(40)
    unit_id = Id(allow_none=True)
    area_id = Id(allow_none=True)
    political_status = Text(40, allow_none=True)
    skills = Codes(allow_none=True)
    service_categories = Codes(allow_none=True)
    guardian = fields.Nested(GuardianIn, allow_none=True)
    paper_consent_reference = Text(100)
    paper_consents = fields.List(Choice([kind.value for kind in SEPARATE]), validate=validate.Length(0, len(SEPARATE)))
    relation = Choice((SELF, FAMILY))

    def load(self, data: Any, **kwargs: Any) -> Any:
        """Return what is sound, with the faults of the rest under `faults`."""
        try:
            return super().load(data, **kwargs)
        except ValidationError as error:
            sound = error.valid_data if isinstance(error.valid_data, dict) else {}
            return {**sound, FAULTS: tuple(flatten(error.messages))}


class ClaimIn(BaseSchema):
    """An identity and the phone on record, proved by a code for `register`."""

    id_type = Choice(IdType, required=True)
    id_number = Text(40, required=True, load_only=True)
    phone = Phone(required=True)
    phone_code = Secret(required=True, most=10)
    password = Secret()


class RegisteredOut(BaseSchema):
    """A person's id, number and status."""

    id = Id()
    volunteer_no = fields.String()
    status = Choice(PersonStatus)


class StandingOut(RegisteredOut):
    """Where a person stands after a decision."""

    unit_id = Id(allow_none=True)


class ContactOut(BaseSchema):
    """A guardian or an emergency contact."""

    name = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    relation = fields.String(allow_none=True)


class PendingOut(BaseSchema):
    """What was asked for about a person, and waits for a second person to decide."""

    id = Id()
    kind = fields.String()
    fields_ = fields.List(fields.String(), data_key="fields", attribute="fields")
    due_at = Instant()


class PersonOut(BaseSchema):
    """A person; `name` to `emergency_contact` are null but for themself and who acts for them."""

    id = Id()
    volunteer_no = fields.String()
    display_name = fields.String()
    status = Choice(PersonStatus)
    unit_id = Id(allow_none=True)
    area_id = Id(allow_none=True)
    sex = Choice(Sex, allow_none=True)
    age = fields.Integer()
    is_minor = Truth()
    phone = fields.String(allow_none=True)
    political_status = fields.String(allow_none=True)
    skills = fields.List(fields.String())
    service_categories = fields.List(fields.String())
    registered_on = fields.Date()
    erase_after = Instant(allow_none=True)
    name = fields.String(allow_none=True)
    id_type = fields.String(allow_none=True)
    id_number = fields.String(allow_none=True)
    birth_date = fields.Date(allow_none=True)
    guardian = fields.Nested(ContactOut, allow_none=True)
    emergency_contact = fields.Nested(ContactOut, allow_none=True)
    pending_changes = fields.List(fields.Nested(PendingOut))


class PersonQuery(Page):
    """Which people to list."""

    unit_id = Id(load_default=None)
    q = Text(50, load_default=None)
    status = Choice(PersonStatus, load_default=None)


class PersonPage(BaseSchema):
    """A page of people."""

    items = fields.List(fields.Nested(PersonOut))
    next_cursor = fields.String(allow_none=True)


class ContactIn(BaseSchema):
    """An emergency contact."""

    name = Text(50, required=True)
    phone = Phone(required=True)
    relation = Text(40)


class PersonIn(BaseSchema):
    """Changes to a person."""

    name = Text(100)
    phone = Phone()
    phone_code = Secret(most=10)
    area_id = Id(allow_none=True)
    political_status = Text(40, allow_none=True)
    skills = Codes()
    service_categories = Codes()
    emergency_contact = fields.Nested(ContactIn, allow_none=True)
    reason = Text(200)


class PersonReasonIn(BaseSchema):
    """Why."""

    reason = Text(200, required=True)


class PersonRestoreIn(BaseSchema):
    """Why, if there is something to say."""

    reason = Text(200, load_default=None, allow_none=True)


class PersonTransferIn(BaseSchema):
    """To which unit, from which day on (today, if none is given)."""

    unit_id = Id(required=True)
    on = Day(load_default=None)


class LeaveIn(BaseSchema):
    """From which day on somebody belongs to no unit (today, if none is given), and why."""

    on = Day(load_default=None, allow_none=True)
    reason = Text(200, load_default=None, allow_none=True)


class EndReportInIn(BaseSchema):
    """From which day on somebody reports in nowhere (today, if none is given)."""

    on = Day(load_default=None, allow_none=True)


class UnitRequestIn(BaseSchema):
    """To which unit the caller, or one for whom they act, wants to belong; null: to none."""

    unit_id = Id(load_default=None, allow_none=True)
    volunteer_id = Id(load_default=None, allow_none=True)
    note = Text(200, load_default=None, allow_none=True)


class UnitRequestOut(BaseSchema):
    """A request to belong elsewhere; the name is masked."""

    id = Id()
    volunteer_id = Id()
    volunteer_no = fields.String()
    display_name = fields.String()
    from_unit = fields.String(allow_none=True)
    to_unit_id = Id(allow_none=True)
    to_unit = fields.String(allow_none=True)
    state = Choice(RequestState)
    note = fields.String(allow_none=True)
    asked_at = Instant()
    decided_at = Instant(allow_none=True)
    reason = fields.String(allow_none=True)


class OwnRequests(QuerySchema):
    """Whose requests: the caller's, or those of one for whom they act."""

    volunteer_id = Id(load_default=None)


class MoveListForm(QuerySchema):
    """From which day on a list of people belongs elsewhere."""

    on = Day(required=True)


class WhoseQuery(QuerySchema):
    """Whose: the caller's own, or those of a dependant."""

    volunteer_id = Id(load_default=None)


class MessageQuery(Page):
    """A page of messages: to the caller and their dependants, or to one of them."""

    volunteer_id = Id(load_default=None)


class MessageOut(BaseSchema):
    """A message in the app."""

    id = Id()
    kind = fields.String()
    body = fields.String()
    created_at = Instant()
    read_at = Instant(allow_none=True)


class MessagePage(BaseSchema):
    """A page of messages."""

    items = fields.List(fields.Nested(MessageOut))
    next_cursor = fields.String(allow_none=True)


class SpanOut(BaseSchema):
    """A status over days; `until_on` is the first day without it."""

    status = Choice(PersonStatus)
    from_on = fields.Date()
    until_on = fields.Date(allow_none=True)


class ConsentOut(BaseSchema):
    """A consent that was given."""

    kind = fields.String()
    version = fields.String()
    given_at = Instant()
    channel = fields.String()
    is_by_guardian = Truth()
    paper_reference = fields.String(allow_none=True)
    withdrawn_at = Instant(allow_none=True)


class DeedOut(BaseSchema):
    """Something that was done to the person's registration."""

    at = Instant()
    by = fields.String()
    action = fields.String()
    reason = fields.String(allow_none=True)


class MyPersonOut(PersonOut):
    """Oneself, in full."""

    channel = fields.String()


class MyDataOut(BaseSchema):
    """Everything held about a person; `records` is what the other rooms hold, by name."""

    person = fields.Nested(MyPersonOut)
    statuses = fields.List(fields.Nested(SpanOut))
    consents = fields.List(fields.Nested(ConsentOut))
    unmaskings = fields.List(fields.Nested(UnmaskingOut))
    changes = fields.List(fields.Nested(DeedOut))
    messages = fields.List(fields.Nested(MessageOut))
    records = fields.Dict(keys=fields.String())


class ErasureOut(RegisteredOut):
    """When the person will be erased, if at all."""

    erase_after = Instant(allow_none=True)
