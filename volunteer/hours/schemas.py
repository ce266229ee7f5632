"""The shapes of hours over HTTP. Source: contract, Hours and "GET /reviews"."""

from marshmallow import fields, validate

from volunteer.hours.facts import Level
from volunteer.hours.models import LineClass, LineKind, RequestKind, RequestState
from volunteer.web.schemas import BaseSchema, Choice, Day, Id, Instant, Page, Text, Truth, Whole

MOST_AT_ONCE = 200
DECISIONS = ("pending", "approved", "rejected", "withdrawn")


class HoursOut(BaseSchema):
    """A person's minutes. Total = verified + granted = the sum of the ledger's lines; pending are requests."""

    minutes_total = fields.Integer()
    minutes_verified = fields.Integer()
    minutes_granted = fields.Integer()
    minutes_external = fields.Integer()
    minutes_pending = fields.Integer()
    star_level = fields.Integer()


class EntryOut(BaseSchema):
    """A ledger line, or a request that is pending or refused; `minutes` of a reversal are negative."""

    id = Id()
    kind = Choice(LineKind)
    class_ = Choice(LineClass, data_key="class", attribute="class")
    state = Choice(("effective", "pending", "refused"))
    minutes = fields.Integer()
    activity_title = fields.String(allow_none=True)
    station_name = fields.String(allow_none=True)
    shift_id = Id(allow_none=True)
    on = Day()
    at = Instant()
    corrects = Id(allow_none=True)
    reverses = Id(allow_none=True)
    reason = fields.String(allow_none=True)


class EntryPage(BaseSchema):
    """A page of entries, newest first."""

    items = fields.List(fields.Nested(EntryOut))
    next_cursor = fields.String(allow_none=True)


class SpanOut(BaseSchema):
    """A stretch of whole minutes."""

    from_ = Instant(data_key="from", attribute="from")
    to = Instant()
    minutes = fields.Integer()


class ScanStep(BaseSchema):
    """A scan as it entered the computation, cut to its minute."""

    id = Id()
    direction = fields.String()
    at = Instant()


class PairStep(BaseSchema):
    """A pair: its minutes, those inside the shift, and whether it counts, waits or was refused."""

    in_scan = Id()
    out_scan = Id()
    present = fields.Nested(SpanOut)
    clipped = fields.Nested(SpanOut, allow_none=True)
    standing = fields.String()
    class_ = fields.String(data_key="class", attribute="class")
    review = fields.String(allow_none=True)


class PieceStep(SpanOut):
    """A stretch with one source; `position`: how many minutes of the day come before it; its tier and standing."""

    on = Day()
    shift_id = Id()
    kind = fields.String()
    class_ = fields.String(data_key="class", attribute="class")
    request_id = Id(allow_none=True)
    position = fields.Integer()
    tier = fields.String()
    standing = fields.String()


class CorrectionStep(BaseSchema):
    """An approved correction: the net value, and what it was before."""

    request_id = Id()
    minutes = fields.Integer()
    before = fields.Integer()


class PolicyOut(BaseSchema):
    """The numbers of the policy's version."""

    version = fields.Integer()
    at_once_minutes = fields.Integer()
    keeper_minutes = fields.Integer()
    in_early_minutes = fields.Integer()
    out_late_minutes = fields.Integer()


class ExplanationOut(BaseSchema):
    """Scans, pairs, union, tiers, corrections, minutes; `agrees`: computing anew gives what the ledger says."""

    entry_id = Id()
    kind = fields.String()
    shift_id = Id(allow_none=True)
    on = Day()
    minutes = fields.Integer()
    policy_version = fields.Integer()
    policy = fields.Nested(PolicyOut, allow_none=True)
    computed_at = Instant()
    scans = fields.List(fields.Nested(ScanStep))
    pairs = fields.List(fields.Nested(PairStep))
    union = fields.List(fields.Nested(PieceStep))
    tiers = fields.List(fields.Nested(PieceStep))
    corrections = fields.List(fields.Nested(CorrectionStep))
    effective_minutes = fields.Integer()
    recomputed_minutes = fields.Integer()
    agrees = Truth()


class MakeUpIn(BaseSchema):
    """Time at a shift that no scan proves."""

    shift_id = Id(required=True)
    volunteer_id = Id(load_default=None, allow_none=True)
    from_ = Instant(required=True, data_key="from")
    to = Instant(required=True)
    reason = Text(500, required=True)


class VolunteerOut(BaseSchema):
    """A person, masked."""

    id = Id()
    display_name = fields.String()


class RequestOut(BaseSchema):
    """What every request tells."""

    id = Id()
    state = Choice(DECISIONS)
    volunteer_id = Id()
    volunteer = fields.Nested(VolunteerOut)
    shift_id = Id(allow_none=True)
    activity_title = fields.String(allow_none=True)
    station_name = fields.String(allow_none=True)
    on = Day()
    minutes = fields.Integer()
    reason = fields.String(allow_none=True)
    asked_at = Instant()
    decided_at = Instant(allow_none=True)
    decision_reason = fields.String(allow_none=True)


class MakeUpOut(RequestOut):
    """A make-up. `flags`: `before-publication`, `before-sign-up`: a keeper of a higher station or an admin decides."""

    from_ = Instant(data_key="from", attribute="from")
    to = Instant()
    flags = fields.List(fields.String())


class MakeUpPage(BaseSchema):
    """A page of make-ups, newest first."""

    items = fields.List(fields.Nested(MakeUpOut))
    next_cursor = fields.String(allow_none=True)


class CorrectionIn(BaseSchema):
    """The new net value of a line; the upper bound is the shift's length."""

    minutes = Whole(0, 24 * 60, required=True)
    reason = Text(500, required=True)


class CorrectionOut(RequestOut):
    """A correction. `minutes`: the new net value; `difference`: what approving it would append."""

    entry_id = Id()
    difference = fields.Integer()


class CorrectionPage(BaseSchema):
    """A page of corrections, newest first."""

    items = fields.List(fields.Nested(CorrectionOut))
    next_cursor = fields.String(allow_none=True)


class DecisionQuery(Page):
    """A page of requests, by state."""

    state = Choice(DECISIONS, load_default=None)


class ReasonIn(BaseSchema):
    """Why it is refused; the person is told."""

    reason = Text(500, required=True)


class ReviewOut(BaseSchema):
    """Something that a person must decide."""

    id = Id()
    kind = Choice(RequestKind)
    level = Choice(Level)
    state = Choice(RequestState, attribute="review_state")
    volunteer = fields.Nested(VolunteerOut)
    shift_id = Id(allow_none=True)
    activity_title = fields.String(allow_none=True)
    station_name = fields.String(allow_none=True)
    on = Day()
    minutes = fields.Integer()
    scan_ids = fields.List(fields.String())
    flags = fields.List(fields.String())
    reason = fields.String(allow_none=True)
    asked_at = Instant()
    decided_at = Instant(allow_none=True)
    decision_reason = fields.String(allow_none=True)


class ReviewPage(BaseSchema):
    """A page of reviews, newest first."""

    items = fields.List(fields.Nested(ReviewOut))
    next_cursor = fields.String(allow_none=True)


class IdsIn(BaseSchema):
    """Up to 200 reviews to accept, each for itself."""

    ids = fields.List(
        Id(),
        required=True,
        validate=validate.Length(1, MOST_AT_ONCE, error=f"length|请选择 1 到 {MOST_AT_ONCE} 项。"),
    )


class AcceptedOut(BaseSchema):
    """What came of one: `status` is that of accepting it alone; `code` and `detail` say why not."""

    id = Id()
    status = fields.Integer()
    state = fields.String(allow_none=True)
    code = fields.String()
    detail = fields.String()


class AcceptedList(BaseSchema):
    """What came of each, in the order asked."""

    results = fields.List(fields.Nested(AcceptedOut))


class VerificationOut(BaseSchema):
    """Whether chains and signed heads hold; `first_bad` names the line or chain, `fault` what is wrong with it."""

    ok = Truth()
    entries = fields.Integer()
    first_bad = Id(allow_none=True)
    fault = fields.String(allow_none=True)
    checked_at = Instant()
