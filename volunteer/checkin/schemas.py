"""Bodies, queries and answers of check-in."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from volunteer.checkin.attendance.outcomes import State
from volunteer.checkin.door.marks import MARKS, RESULTS
from volunteer.checkin.reasons import Direction, Evidence, Outcome, Reason
from volunteer.web.schemas import BaseSchema, Choice, Day, Id, Instant, Number, Page, QuerySchema, Text, Truth, Whole

MOST_EVENTS = 500
MOST_PEOPLE = 200
MOST_CODE = 64
MOST_URL = 512
MOST_WORD = 20


class Code(fields.String):
    """Whatever was scanned: any text up to its length is judged as a code, never refused as input."""

    def __init__(self, most: int = MOST_CODE, **kwargs: Any) -> None:
        length = validate.Length(0, most, error=f"length|码最长 {most} 个字符。")
        super().__init__(validate=length, **kwargs)


class ScanIn(BaseSchema):
    """One scan of a volunteer's code."""

    id = Id()
    volunteer_code = Code(required=True)
    shift_id = Id(allow_none=True)
    station_id = Id(allow_none=True)
    direction = Choice(Direction, required=True)
    scanned_at = Instant(allow_none=True)
    sent_at = Instant(allow_none=True)


class EventIn(BaseSchema):
    """One scan of a batch."""

    id = Id(required=True)
    volunteer_code = Code(required=True)
    shift_id = Id(allow_none=True)
    direction = Choice(Direction, required=True)
    scanned_at = Instant(required=True)


class BatchIn(BaseSchema):
    """What a scanner kept while it had no network."""

    sent_at = Instant(required=True)
    events = fields.List(
        fields.Nested(EventIn),
        required=True,
        validate=validate.Length(0, MOST_EVENTS, error=f"length|一次最多 {MOST_EVENTS} 条。"),
    )


class OwnScanIn(BaseSchema):
    """A volunteer's own scan of a station's code, or the ticket for one; the whole URL will do."""

    id = Id()
    code = Code(MOST_URL)
    ticket = Code(MOST_URL)
    direction = Choice(Direction, required=True)
    volunteer_id = Id(allow_none=True)
    shift_id = Id(allow_none=True)
    latitude = Number(-90, 90, allow_none=True)
    longitude = Number(-180, 180, allow_none=True)
    accuracy_m = Number(0, 1_000_000, allow_none=True)
    word = fields.String(
        allow_none=True,
        validate=validate.Length(0, MOST_WORD, error=f"length|口令最长 {MOST_WORD} 个字符。"),
    )

    @validates_schema
    def _one_of_two(self, data: dict[str, Any], **_: Any) -> None:
        if ("code" in data) == ("ticket" in data):
            raise ValidationError("required|请提供站点码或票据中的一项。", "code")
        if (data.get("latitude") is None) != (data.get("longitude") is None):
            raise ValidationError("required|纬度和经度请同时提供。", "latitude")


class RollCallIn(BaseSchema):
    """A paper list."""

    direction = Choice(Direction, required=True)
    at = Instant(allow_none=True)
    volunteer_ids = fields.List(
        Id(),
        required=True,
        validate=validate.Length(1, MOST_PEOPLE, error=f"length|一次请填写 1 到 {MOST_PEOPLE} 人。"),
    )
    reason = Text(500, required=True)


class VoidIn(BaseSchema):
    """Why a scan shall not count."""

    reason = Text(500, required=True)


class VolunteerOut(BaseSchema):
    """Whom a scan is about, masked."""

    id = Id()
    display_name = fields.String()


class OpenOut(BaseSchema):
    """Where somebody is still checked in."""

    shift_id = Id()
    station_name = fields.String()


class ChoiceOut(BaseSchema):
    """A shift to choose from."""

    shift_id = Id()
    activity_title = fields.String()
    post = fields.String()
    place = fields.String()
    station_name = fields.String()
    starts_at = Instant()
    ends_at = Instant()


class ScanOut(BaseSchema):
    """Where a scan stands now; what does not apply is left out."""

    id = Id()
    scan_id = Id()
    direction = Choice(Direction)
    outcome = Choice(Outcome)
    message = fields.String()
    attendance_id = Id(allow_none=True)
    closed_attendance_id = Id()
    shift_id = Id(allow_none=True)
    volunteer = fields.Nested(VolunteerOut)
    at = Instant()
    minutes = Whole(0, 1_000_000)
    walk_in = fields.Boolean()
    evidence = Choice(Evidence)
    flags = fields.List(fields.String())
    reason = Choice(Reason)
    reasons = fields.List(Choice(Reason))
    opens_at = Instant()
    closes_at = Instant()
    open = fields.Nested(OpenOut)
    choices = fields.List(fields.Nested(ChoiceOut))
    signup_reasons = fields.List(fields.String())


class ScanRefusedOut(ScanOut):
    """A refused scan as a problem: kept, with every reason and what the next step needs."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = Whole(400, 599, required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True)


class RollCallResultOut(ScanOut):
    """One person of a paper list."""

    volunteer_id = Id()


class BatchOut(BaseSchema):
    """Where each scan of a batch stands now, in order."""

    results = fields.List(fields.Nested(ScanOut))


class RollCallOut(BaseSchema):
    """What became of each person of a paper list, in order."""

    results = fields.List(fields.Nested(RollCallResultOut))


class PairOut(BaseSchema):
    """One presence; `out` is null while it is open."""

    in_ = Instant(data_key="in", attribute="in")
    out = Instant(allow_none=True)


class AttendanceOut(BaseSchema):
    """One person at one shift."""

    id = Id()
    volunteer_id = Id()
    shift_id = Id()
    display_name = fields.String()
    state = Choice(State)
    pairs = fields.List(fields.Nested(PairOut))
    minutes = Whole(0, 1_000_000)
    evidence = Choice(Evidence)
    flags = fields.List(fields.String())
    walk_in = fields.Boolean()


class AttendancePage(BaseSchema):
    """A page of attendances."""

    items = fields.List(fields.Nested(AttendanceOut))
    next_cursor = fields.String(allow_none=True)


class WhyOut(BaseSchema):
    """Why an attendance counts as it does."""

    code = fields.String()
    message = fields.String()


class OwnAttendanceOut(AttendanceOut):
    """One of one's own attendances."""

    activity_title = fields.String()
    station_name = fields.String()
    post = fields.String()
    starts_at = Instant()
    ends_at = Instant()
    why = fields.List(fields.Nested(WhyOut))


class OwnAttendancePage(BaseSchema):
    """A page of one's own attendances."""

    items = fields.List(fields.Nested(OwnAttendanceOut))
    next_cursor = fields.String(allow_none=True)


class OwnPage(Page):
    """Whose attendances: one's own, or of one for whom the account acts."""

    volunteer_id = Id(load_default=None)


class Whose(QuerySchema):
    """Whose: one's own, or of one for whom the account acts."""

    volunteer_id = Id(load_default=None)


class WhoseIn(BaseSchema):
    """Whose: one's own, or of one for whom the account acts."""

    volunteer_id = Id(allow_none=True)


class AheadOut(BaseSchema):
    """A code of a later step."""

    payload = fields.String()
    valid_from = Instant()


class OwnCodeOut(BaseSchema):
    """A living code and the next two, for a phone that loses the network."""

    payload = fields.String()
    expires_at = Instant()
    refresh_after_s = Whole(1, 60)
    upcoming = fields.List(fields.Nested(AheadOut))


class CardOut(BaseSchema):
    """What stands on a printed card."""

    payload = fields.String()
    serial = fields.String()


class StationCodeQuery(QuerySchema):
    """For which shift, if one."""

    shift_id = Id(load_default=None)


class StationCodeOut(BaseSchema):
    """What a station shows."""

    code = fields.String()
    url = fields.String()
    expires_at = Instant()
    refresh_after_s = Whole(1, 60)


class PersonTodayOut(BaseSchema):
    """One person of today's list, masked."""

    volunteer_id = Id()
    display_name = fields.String()
    signup_id = Id(allow_none=True)
    status = fields.String(allow_none=True)
    walk_in = Truth()
    presence = Choice(("expected", "waiting", "in", "out", "unclosed"))
    in_at = Instant(allow_none=True)
    out_at = Instant(allow_none=True)


class ShiftTodayOut(BaseSchema):
    """One of today's shifts."""

    shift_id = Id()
    activity_id = Id()
    activity_title = fields.String()
    post = fields.String()
    place = fields.String()
    station_id = Id()
    station_name = fields.String()
    starts_at = Instant()
    ends_at = Instant()
    opens_at = Instant()
    closes_at = Instant()
    capacity = Whole(0, 1_000_000)
    is_over = fields.Boolean()
    expected = Whole(0, 1_000_000)
    inside = Whole(0, 1_000_000)
    left = Whole(0, 1_000_000)
    people = fields.List(fields.Nested(PersonTodayOut))


class TodayOut(BaseSchema):
    """A station's day."""

    station_id = Id()
    station_name = fields.String()
    date = Day()
    now = Instant()
    shifts = fields.List(fields.Nested(ShiftTodayOut))


class PackQuery(QuerySchema):
    """Of which day, today unless told."""

    date = Day(load_default=None)


class PackStepsOut(BaseSchema):
    """A run of 30-second steps: the number of the first, and how many."""

    first = Whole(0, 10**12)
    count = Whole(0, 10**6)


class PackShiftOut(BaseSchema):
    """A shift of the day; the numbers are those of when the pack was made."""

    shift_id = Id()
    activity_title = fields.String()
    post = fields.String()
    place = fields.String()
    station_id = Id()
    station_name = fields.String()
    starts_at = Instant()
    ends_at = Instant()
    opens_at = Instant()
    closes_at = Instant()
    capacity = Whole(0, 1_000_000)
    walk_ins = Truth()
    expected = Whole(0, 1_000_000)
    inside = Whole(0, 1_000_000)
    left = Whole(0, 1_000_000)


class PackEntryOut(BaseSchema):
    """What a scanner may know of one person once their code is shown, sealed."""

    index = fields.String()
    sealed = fields.String()


class PackOut(BaseSchema):
    """A station's day for a scanner without a network; `checkin.credentials.packs` says how an entry is opened."""

    format = Whole(1, 1)
    station_id = Id()
    station_name = fields.String()
    date = Day()
    iterations = Whole(1, 10**7)
    salt = fields.String()
    steps = fields.List(fields.Nested(PackStepsOut))
    shifts = fields.List(fields.Nested(PackShiftOut))
    entries = fields.List(fields.Nested(PackEntryOut))


class EvidenceQuery(QuerySchema):
    """Which scans a list shows: of one day, and what it is narrowed to."""

    day = Day(required=True)
    station_id = Id(data_key="station", load_default=None)
    shift_id = Id(data_key="shift", load_default=None)
    mark = Choice(tuple(MARKS), load_default=None)
    result = Choice(tuple(RESULTS), load_default=None)
