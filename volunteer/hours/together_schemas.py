"""The shapes of deciding several reviews at once, and of the queue that they are chosen from. Source: ux.md A8."""

from typing import Any, Final

from marshmallow import ValidationError, fields, validates_schema

from volunteer.hours import seams
from volunteer.hours.models import RequestKind
from volunteer.hours.schemas import AcceptedOut, IdsIn
from volunteer.hours.together import Verdict
from volunteer.web.schemas import BaseSchema, Choice, Id, Instant, QuerySchema, Text

REVIEW_KINDS: Final = tuple(
    kind.value for kind in RequestKind if kind not in (RequestKind.MAKE_UP, RequestKind.CORRECTION)
)
#: How long something waits at least, in days.
AGES: Final = ("3", "7", "15")


def _check_mark(text: str) -> None:
    """Raise ValidationError for a mark that no scan carries."""
    if text not in seams.MARKS:
        raise ValidationError("unknown-value|没有这种标记,请重新选择。")


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


class QueueQuery(QuerySchema):
    """What the queue of reviews is narrowed to."""

    kind = Choice(REVIEW_KINDS, data_key="why", load_default=None)
    mark = fields.String(load_default=None, validate=_check_mark)
    station_id = Id(data_key="station", load_default=None)
    unit_id = Id(data_key="unit", load_default=None)
    shift_id = Id(data_key="shift", load_default=None)
    days = Choice(AGES, load_default=None)
