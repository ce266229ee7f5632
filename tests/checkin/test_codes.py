"""The codes: shape, life in time, keys by version and by day, and that no text makes a parser raise."""

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volunteer.checkin.credentials import codes
from volunteer.checkin.credentials.codes import CodeKeys, CodeKind, CodeStatus

ZONE = ZoneInfo("Asia/Shanghai")
KEYS = CodeKeys({3: b"k" * 32}, 3)
BOTH = CodeKeys({3: b"k" * 32, 4: b"n" * 32}, 4)
PASS = "912345678"
START = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)  # the start of a step
STATION = UUID("0190d5a0-0000-7000-8000-000000000001")
SHIFT = UUID("0190d5a0-0000-7000-8000-00000000000f")


def judged(payload: str, at: datetime, keys: CodeKeys = KEYS) -> CodeStatus:
    read = codes.read(payload)
    assert read is not None
    return codes.judge_personal(keys, read, at, ZONE).status


def test_a_personal_code_has_27_digits_in_the_order_of_decision_12():
    code = codes.issue_personal(KEYS, PASS, START + timedelta(seconds=29, microseconds=999_999), ZONE)
    assert len(code.payload) == 27
    assert code.payload.startswith("91" + PASS + "3")
    assert int(code.payload) % 97 == 1
    assert (code.valid_from, code.expires_at) == (START, START + timedelta(seconds=60))
    assert codes.read(code.payload) == codes.ReadCode(CodeKind.PERSONAL, PASS, 3, code.payload[12:25])


def test_the_13_digits_are_those_of_the_decision_computed_by_hand():
    day_key = hmac.new(b"k" * 32, f"day|{PASS}|2026-11-22".encode(), hashlib.sha256).digest()
    step = int(START.timestamp()) // 30
    mac = hmac.new(day_key, str(step).encode(), hashlib.sha256).hexdigest()
    assert codes.issue_personal(KEYS, PASS, START, ZONE).payload[12:25] == f"{int(mac, 16) % 10**13:013d}"
    assert codes.day_key(KEYS, PASS, date(2026, 11, 22)) == day_key
    assert codes.step_digits(day_key, step) == f"{int(mac, 16) % 10**13:013d}"


@pytest.mark.parametrize(
    ("seconds", "status"),
    [
        (-30.000001, CodeStatus.INVALID),
        (-0.000001, CodeStatus.INVALID),  # the step has not begun
        (0, CodeStatus.VALID),
        (29.999999, CodeStatus.VALID),
        (30, CodeStatus.VALID),
        (59.999999, CodeStatus.VALID),
        (60, CodeStatus.EXPIRED),
        (1800, CodeStatus.EXPIRED),
        (1829.999999, CodeStatus.EXPIRED),
        (1830, CodeStatus.INVALID),
    ],
)
def test_a_personal_code_lives_60_seconds_and_is_known_for_30_minutes(seconds, status):
    payload = codes.issue_personal(KEYS, PASS, START, ZONE).payload
    assert judged(payload, START + timedelta(seconds=seconds)) is status


def test_the_verdict_names_the_step_of_the_code_not_of_the_instant():
    code = codes.issue_personal(KEYS, PASS, START, ZONE)
    read = codes.read(code.payload)
    assert codes.judge_personal(KEYS, read, START + timedelta(seconds=45), ZONE).step == code.step
    assert codes.judge_personal(KEYS, read, START + timedelta(seconds=75), ZONE).step is None


def test_the_upcoming_codes_are_those_that_will_be_issued():
    ahead = codes.upcoming_personal(KEYS, PASS, START, ZONE)
    assert [c.valid_from for c in ahead] == [START + timedelta(seconds=30), START + timedelta(seconds=60)]
    assert ahead[1] == codes.issue_personal(KEYS, PASS, START + timedelta(seconds=60), ZONE)


def test_the_day_of_the_key_is_the_site_day_of_the_step_even_across_midnight():
    midnight = datetime(2026, 11, 23, tzinfo=ZONE)
    before = codes.issue_personal(KEYS, PASS, midnight - timedelta(seconds=1), ZONE)
    assert before.payload[12:25] == codes.step_digits(codes.day_key(KEYS, PASS, date(2026, 11, 22)), before.step)
    assert judged(before.payload, midnight + timedelta(seconds=29)) is CodeStatus.VALID
    assert judged(before.payload, midnight + timedelta(minutes=5)) is CodeStatus.EXPIRED
    after = codes.issue_personal(KEYS, PASS, midnight, ZONE)
    assert after.payload[12:25] == codes.step_digits(codes.day_key(KEYS, PASS, date(2026, 11, 23)), after.step)
    assert judged(after.payload, midnight) is CodeStatus.VALID  # the UTC day is still the 22nd


def test_one_days_key_of_one_person_forges_no_other_day_and_no_other_person():
    keys = {codes.day_key(KEYS, p, date(2026, 11, d)) for p in (PASS, "912345679") for d in (22, 23)}
    assert len(keys) == 4


def test_a_rotated_key_still_judges_and_a_retired_one_does_not():
    old = codes.issue_personal(KEYS, PASS, START, ZONE).payload
    new = codes.issue_personal(BOTH, PASS, START, ZONE).payload
    assert old[11] == "3"
    assert new[11] == "4"
    assert judged(old, START, BOTH) is CodeStatus.VALID
    assert judged(new, START, KEYS) is CodeStatus.INVALID


def test_another_persons_digits_are_invalid():
    mine, yours = (codes.read(codes.issue_personal(KEYS, p, START, ZONE).payload) for p in (PASS, "812345678"))
    mixed = codes.ReadCode(CodeKind.PERSONAL, mine.pass_no, 3, yours.digits)
    assert codes.judge_personal(KEYS, mixed, START, ZONE).status is CodeStatus.INVALID


def test_a_card_is_static_is_its_serials_alone_and_is_no_personal_code():
    payload = codes.issue_card(KEYS, PASS, "A-1")
    read = codes.read(payload)
    assert (len(payload), payload[:2], read.kind) == (27, "92", CodeKind.CARD)
    assert codes.judge_card(KEYS, read, "A-1") == codes.CodeVerdict(CodeStatus.VALID, None)
    assert codes.judge_card(KEYS, read, "A-2").status is CodeStatus.INVALID
    assert codes.judge_card(CodeKeys({4: b"n" * 32}, 4), read, "A-1").status is CodeStatus.INVALID
    assert codes.judge_personal(KEYS, read, START, ZONE).status is CodeStatus.INVALID
    personal = codes.read(codes.issue_personal(KEYS, PASS, START, ZONE).payload)
    dressed_up = replace(personal, kind=CodeKind.CARD)
    assert codes.judge_personal(KEYS, dressed_up, START, ZONE).status is CodeStatus.INVALID
    assert codes.judge_card(KEYS, personal, "A-1").status is CodeStatus.INVALID


@pytest.mark.parametrize("position", range(27))
def test_every_single_wrong_digit_is_caught_by_the_check(position):
    payload = codes.issue_personal(KEYS, PASS, START, ZONE).payload
    wrong = payload[:position] + str((int(payload[position]) + 1) % 10) + payload[position + 1 :]
    assert codes.read(wrong) is None


def test_a_code_is_read_as_people_and_scanners_give_it():
    payload = codes.issue_personal(KEYS, PASS, START, ZONE).payload
    wide = "".join(chr(ord(c) + 0xFEE0) for c in payload)
    spaced = "\ufeff " + payload[:9] + "\u3000" + payload[9:18] + "\u200b\t" + payload[18:] + "\r\n\x00"
    assert codes.read(wide) == codes.read(spaced) == codes.read(payload) is not None


@pytest.mark.parametrize("text", ["", "not-a-code", "9" * 27, "91" + "0" * 25, "９" * 64, "\ud800" * 64, "ﷺ" * 5000])
def test_what_is_no_code_reads_as_none(text):
    assert codes.read(text) is None
    assert codes.read_station(text) is None


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.text(max_size=80),
        st.text(alphabet="0123456789/:?&=#%[]s.-c", max_size=80),
        st.text(max_size=30).map(lambda tail: f"https://h/s/{STATION}?c=12345678{tail}"),
        st.from_regex(r"9[12][0-9]{25}", fullmatch=True),
    )
)
def test_no_text_makes_a_reader_raise(text):
    codes.read_station(text)
    read = codes.read(text)
    if read is not None:
        assert codes.judge_personal(KEYS, read, START, ZONE).status is CodeStatus.INVALID


@pytest.mark.parametrize("shift", [None, SHIFT])
def test_a_station_code_reads_the_same_as_url_path_and_short_form(shift):
    code = codes.issue_station(KEYS, STATION, START + timedelta(seconds=7), shift)
    assert (code.valid_from, code.refresh_at, code.expires_at) == tuple(
        START + timedelta(seconds=s) for s in (0, 30, 90)
    )
    expected = codes.ReadStationCode(STATION, code.digits, shift)
    for text in (
        code.code,
        code.path,
        f"https://volunteer.example:8443/x{code.path}",
        f"https://v.example{code.path}&utm_source=wx#top",
        code.path.upper().replace("/S/", "/s/").replace("?C=", "?c=").replace("&SHIFT=", "&shift="),
        f" {code.path}\n".replace("?", "？"),
    ):
        assert codes.read_station(text) == expected, text


@pytest.mark.parametrize(
    "text",
    [
        "12345678",
        f"{STATION}:1234567",
        f"{STATION}:123456789",
        f"{STATION}:12345678:x",
        f"/s/{STATION}",
        f"/s/{STATION}?c=12345678&c=12345678",
        f"/s/{STATION}?c=12345678&shift=",
        f"/s/{STATION}?c=12345678&shift=nonsense",
        f"/t/{STATION}?c=12345678",
        f"/s/{'-' * 36}?c=12345678",
    ],
)
def test_a_station_code_that_is_not_whole_reads_as_none(text):
    assert codes.read_station(text) is None


@pytest.mark.parametrize(
    ("seconds", "status"),
    [
        (-0.000001, CodeStatus.INVALID),
        (0, CodeStatus.VALID),
        (89.999999, CodeStatus.VALID),
        (90, CodeStatus.EXPIRED),
        (1829.999999, CodeStatus.EXPIRED),
        (1830, CodeStatus.INVALID),
    ],
)
def test_a_station_code_lives_90_seconds(seconds, status):
    read = codes.read_station(codes.issue_station(KEYS, STATION, START).code)
    assert codes.judge_station(KEYS, read, START + timedelta(seconds=seconds)).status is status


def test_a_station_code_is_bound_to_station_and_shift_and_outlives_a_rotation():
    code = codes.issue_station(KEYS, STATION, START, SHIFT)
    for station, shift, wanted in (
        (STATION, SHIFT, CodeStatus.VALID),
        (STATION, None, CodeStatus.INVALID),
        (SHIFT, SHIFT, CodeStatus.INVALID),
    ):
        read = codes.ReadStationCode(station, code.digits, shift)
        assert codes.judge_station(BOTH, read, START).status is wanted
    assert codes.judge_station(KEYS, codes.read_station(code.code), START).step == code.step


@pytest.mark.parametrize(
    ("versions", "current"), [({}, 0), ({1: b"k" * 31}, 1), ({10: b"k" * 32}, 10), ({1: b"k" * 32}, 2)]
)
def test_bad_keys_are_refused(versions, current):
    with pytest.raises(ValueError, match="version"):
        CodeKeys(versions, current)


def test_keys_are_not_shown():
    assert "kkk" not in repr(KEYS)


@pytest.mark.parametrize("pass_no", ["", "012345678", "91234567", "91234567x", "９12345678"])
def test_a_malformed_pass_number_is_refused(pass_no):
    with pytest.raises(ValueError, match="pass number"):
        codes.issue_personal(KEYS, pass_no, START, ZONE)
    with pytest.raises(ValueError, match="pass number"):
        codes.issue_card(KEYS, pass_no, "A")


def test_a_naive_instant_and_a_retired_version_are_refused():
    with pytest.raises(ValueError, match="naive"):
        codes.issue_personal(KEYS, PASS, datetime(2026, 1, 1), ZONE)  # noqa: DTZ001 - the fault under test
    with pytest.raises(ValueError, match="retired"):
        codes.day_key(KEYS, PASS, date(2026, 11, 22), version=9)
