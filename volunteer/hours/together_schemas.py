"""The shapes of deciding several reviews at once, and of the queue that they are chosen from. Source: ux.md A8."""

from typing import Any, Final

from marshmallow import ValidationError, fields, validates_schema

from volunteer.hours import seams
from volunteer.hours.models import RequestKind, RequestState
from volunteer.hours.schemas import AcceptedOut, IdsIn
from volunteer.hours.together import Verdict
from volunteer.web.schemas import BaseSchema, Choice, Id, Instant, Page, QuerySchema, Text

REVIEW_KINDS: Final = tuple(
    kind.value for kind in RequestKind if kind not in (RequestKind.MAKE_UP, RequestKind.CORRECTION)
)
#: How long something waits at least, in days.
AGES: Final = ("3", "7", "15")


class Mark(fields.String):
    """A mark that scans carry: check-in tells which there are (`seams.MARKS`)."""

    def _deserialize(self, value: Any, *args: Any, **more: Any) -> str:
        if not isinstance(value, str) or value not in seams.MARKS:
            raise ValidationError("unknown-value|没有这种标记,请重新选择。")
        return value

    @property
    def openapi(self) -> dict[str, Any]:
        """What the API's document says of it."""
        return {"enum": sorted(seams.MARKS)}


class DecisionsIn(IdsIn):
    """Up to 200 reviews to decide at once, with one reason; the same `batch_id` again is answered, not done again."""

    decision = Choice(Verdict, required=True)
    reason = Text(500, load_default=None)
    batch_id = Id(load_default=None)

    @validates_schema
    def _require_reason(self, data: dict[str, Any], **_: Any) -> None:
        """Ask for the reason of a refusal: the people are told."""
        if data.get("decision") == Verdict.REFUSE and not data.get("reason"):
            raise ValidationError("required|请写明不通过的原因,本人会看到。", "reason")


class DecidedOut(AcceptedOut):
    """What came of one; `already`: it had been decided so before."""

    already = fields.Boolean()


class DecisionsOut(BaseSchema):
    """What came of a decision about several: how many were decided by it, their minutes and people, and each."""

    batch_id = Id()
    decision = Choice(Verdict)
    reason = fields.String(allow_none=True)
    decided_at = Instant()
    decided = fields.Integer()
    minutes = fields.Integer()
    people = fields.Integer()
    results = fields.List(fields.Nested(DecidedOut))


class ReviewQuery(Page):
    """A page of reviews, by state (without one, the open ones), narrowed as the queue's page is.

    `mark` is what one of the scans carries, `station_id` and `unit_id` mean those below them too.
    """

    state = Choice(RequestState, load_default=RequestState.OPEN.value)
    kind = Choice(RequestKind, load_default=None)
    mark = Mark(load_default=None)
    station_id = Id(load_default=None)
    unit_id = Id(load_default=None)
    shift_id = Id(load_default=None)
    asked_before = Instant(load_default=None)


class QueueQuery(QuerySchema):
    """What the queue of reviews is narrowed to."""

    kind = Choice(REVIEW_KINDS, data_key="why", load_default=None)
    mark = Mark(load_default=None)
    station_id = Id(data_key="station", load_default=None)
    unit_id = Id(data_key="unit", load_default=None)
    shift_id = Id(data_key="shift", load_default=None)
    days = Choice(AGES, load_default=None)
