"""Times of shifts, moves of activities and sign-ups, and every reason against a sign-up."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volunteer.activities.rules import (
    ACTIVITY_MOVES,
    BLOCKING,
    CATEGORIES,
    GUARANTEES,
    LIVE,
    SIGNUP_MOVES,
    SKILLS,
    ActivityFault,
    ActivityStatus,
    SignupDecision,
    SignupFacts,
    SignupReason,
    SignupStatus,
    check_publication,
    check_shift_times,
    judge_signup,
    may_move,
    may_promote,
    may_signup_move,
    overlaps,
    place_approved,
)
from volunteer.registration.rules import PersonStatus

SITE = dt.timezone(dt.timedelta(hours=8))
NINE = dt.datetime(2026, 5, 20, 9, 0, tzinfo=SITE)
SECOND = dt.timedelta(seconds=1)
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)

FACTS = SignupFacts(
    now=NINE - DAY,
    activity_status=ActivityStatus.PUBLISHED,
    is_shift_cancelled=False,
    starts_at=NINE,
    ends_at=NINE + 2 * HOUR,
    service_on=dt.date(2026, 5, 20),
    capacity=2,
    confirmed_count=0,
    person_status=PersonStatus.REGISTERED,
    birth_date=dt.date(1990, 1, 2),
)
R = SignupReason


def reasons(**changes: Any) -> tuple[SignupReason, ...]:
    decision = judge_signup(replace(FACTS, **changes))
    assert (decision.status is None) == bool(decision.reasons)
    return decision.reasons


@pytest.mark.parametrize(
    ("starts", "ends", "now", "faults"),
    [
        (NINE, NINE + HOUR, NINE - DAY, ""),
        (NINE, NINE + HOUR, NINE + HOUR - MINUTE, ""),  # under way
        (NINE, NINE + HOUR, NINE + HOUR, "shift-over"),
        (NINE, NINE + HOUR, NINE + HOUR + 59 * SECOND, "shift-over"),
        (NINE, NINE + HOUR + 30 * SECOND, NINE + HOUR, "shift-over"),  # cut to its minute
        (NINE, NINE, NINE - DAY, "ends-before-start"),
        (NINE, NINE + 59 * SECOND, NINE - DAY, "ends-before-start"),
        (NINE, NINE - MINUTE, NINE - DAY, "ends-before-start"),
        (NINE, NINE - HOUR, NINE, "ends-before-start shift-over"),
        (NINE, NINE + DAY, NINE, ""),
        (NINE, NINE + DAY + MINUTE, NINE, "too-long"),
        (NINE, NINE + DAY + 59 * SECOND, NINE, ""),
        (NINE - 3 * DAY, NINE - DAY, NINE, "shift-over too-long"),
        (NINE, (NINE + HOUR).astimezone(dt.UTC), NINE, ""),
    ],
)
def test_times_of_shifts(starts: dt.datetime, ends: dt.datetime, now: dt.datetime, faults: str) -> None:
    assert [fault.value for fault in check_shift_times(starts, ends, now)] == faults.split()


def test_a_shift_has_no_naive_times() -> None:
    with pytest.raises(ValueError, match="zone"):
        check_shift_times(NINE.replace(tzinfo=None), NINE, NINE)


def test_danger_needs_insurance_before_it_is_published() -> None:
    assert check_publication(is_hazardous=True, has_insurance=False) == (ActivityFault.INSURANCE_REQUIRED,)
    assert check_publication(is_hazardous=True, has_insurance=True) == ()
    assert check_publication(is_hazardous=False, has_insurance=False) == ()


def test_the_moves_of_an_activity_are_these_and_no_others() -> None:
    found = {f"{a}>{b}" for a in ActivityStatus for b in ActivityStatus if may_move(a, b)}
    wanted = "draft>submitted submitted>published submitted>rejected published>cancelled published>finished"
    assert found == set(wanted.split())
    assert set(ACTIVITY_MOVES) == set(ActivityStatus)


def test_the_moves_of_a_signup_are_these_and_no_others() -> None:
    found = {f"{a}>{b}" for a in SignupStatus for b in SignupStatus if may_signup_move(a, b)}
    wanted = """pending>confirmed pending>waitlisted pending>rejected pending>cancelled
        waitlisted>confirmed waitlisted>cancelled confirmed>cancelled"""
    assert found == set(wanted.split())
    assert set(SIGNUP_MOVES) == set(SignupStatus)
    assert {SignupStatus.CONFIRMED, SignupStatus.PENDING} == BLOCKING
    assert {*BLOCKING, SignupStatus.WAITLISTED} == LIVE


def test_the_reasons_are_the_contracts_in_its_order() -> None:
    assert [reason.value for reason in SignupReason] == [
        "not-published",
        "not-open",
        "closed",
        "full",
        "overlap",
        "already-signed-up",
        "too-young",
        "guardian-consent-missing",
        "skill-missing",
        "insurance-missing",
        "suspended",
    ]
    words = [*SignupReason, *ActivityFault]
    assert all(word.sentence.endswith("。") for word in words)
    assert len({word.sentence for word in words}) == len(words)
    assert ActivityFault.TOO_LONG.at("shifts.0.ends_at").field == "shifts.0.ends_at"


@pytest.mark.parametrize(
    ("confirmed", "more", "decision"),
    [
        (0, {}, "confirmed"),
        (1, {}, "confirmed"),
        (2, {}, "waitlisted"),
        (3, {}, "waitlisted"),  # the capacity was cut
        (1, {"has_waitlist": False}, "confirmed"),
        (2, {"has_waitlist": False}, "full"),
        (3, {"has_waitlist": False}, "full"),
        (0, {"needs_approval": True}, "pending"),
        (2, {"needs_approval": True}, "pending"),
        (2, {"needs_approval": True, "has_waitlist": False}, "full"),
        (0, {"capacity": 0}, "waitlisted"),
    ],
)
def test_seats(confirmed: int, more: dict[str, Any], decision: str) -> None:
    found = judge_signup(replace(FACTS, confirmed_count=confirmed, **more))
    assert decision == (found.status or " ".join(found.reasons))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"activity_status": ActivityStatus.DRAFT}, R.NOT_PUBLISHED),
        ({"activity_status": ActivityStatus.SUBMITTED}, R.NOT_PUBLISHED),
        ({"activity_status": ActivityStatus.REJECTED}, R.NOT_PUBLISHED),
        ({"activity_status": ActivityStatus.CANCELLED}, R.NOT_PUBLISHED),
        ({"activity_status": ActivityStatus.FINISHED}, R.NOT_PUBLISHED),
        ({"is_shift_cancelled": True}, R.NOT_PUBLISHED),
        ({"signup_opens_at": NINE - DAY}, None),
        ({"signup_opens_at": NINE - DAY + SECOND}, R.NOT_OPEN),
        ({"now": NINE + 2 * HOUR - SECOND}, None),
        ({"now": NINE + 2 * HOUR}, R.CLOSED),
        ({"signup_closes_at": NINE - DAY + SECOND}, None),
        ({"signup_closes_at": NINE - DAY}, R.CLOSED),
        ({"signup_closes_at": NINE + DAY, "now": NINE + 2 * HOUR}, R.CLOSED),
        ({"is_signed_up": True}, R.ALREADY_SIGNED_UP),
        ({"required_skills": frozenset({"first_aid"})}, R.SKILL_MISSING),
        ({"required_skills": frozenset({"first_aid", "law"}), "skills": frozenset({"law", "arts"})}, R.SKILL_MISSING),
        ({"required_skills": frozenset({"law"}), "skills": frozenset({"law", "arts"})}, None),
        ({"is_hazardous": True}, R.INSURANCE_MISSING),
        ({"is_hazardous": True, "has_insurance": True}, None),
        ({"person_status": PersonStatus.SUSPENDED}, R.SUSPENDED),
        ({"person_status": PersonStatus.UNPROVEN}, R.SUSPENDED),
        ({"person_status": PersonStatus.INVITED}, R.SUSPENDED),
        ({"person_status": PersonStatus.LEFT}, R.SUSPENDED),
        ({"person_status": PersonStatus.MERGED}, R.SUSPENDED),
        ({"person_status": PersonStatus.ERASED, "birth_date": None}, R.SUSPENDED),
    ],
)
def test_single_reasons(changes: dict[str, Any], expected: SignupReason | None) -> None:
    assert reasons(**changes) == (() if expected is None else (expected,))


@pytest.mark.parametrize(
    ("birth", "changes", "expected"),
    [
        # 18 on the day of service counts, 18 the day after does not
        (dt.date(2008, 5, 19), {}, ()),
        (dt.date(2008, 5, 20), {}, ()),
        (dt.date(2008, 5, 21), {}, (R.GUARDIAN_CONSENT_MISSING,)),
        (dt.date(2008, 5, 21), {"has_guardian_consent": True}, ()),
        (dt.date(2008, 5, 20), {"is_hazardous": True, "has_insurance": True}, ()),
        (
            dt.date(2008, 5, 21),
            {"is_hazardous": True, "has_insurance": True, "has_guardian_consent": True},
            (R.TOO_YOUNG,),
        ),
        (
            dt.date(2008, 5, 21),
            {"is_hazardous": True, "has_insurance": True, "min_age": 14, "has_guardian_consent": True},
            (R.TOO_YOUNG,),
        ),
        (dt.date(2012, 5, 20), {"min_age": 14, "has_guardian_consent": True}, ()),
        (dt.date(2012, 5, 21), {"min_age": 14, "has_guardian_consent": True}, (R.TOO_YOUNG,)),
        (dt.date(2012, 5, 21), {"min_age": 14}, (R.TOO_YOUNG, R.GUARDIAN_CONSENT_MISSING)),
        (dt.date(2005, 5, 20), {"min_age": 21}, ()),
        (dt.date(2005, 5, 21), {"min_age": 21}, (R.TOO_YOUNG,)),
        (dt.date(2005, 5, 21), {"min_age": 21, "is_hazardous": True, "has_insurance": True}, (R.TOO_YOUNG,)),
        (None, {"min_age": 14}, (R.TOO_YOUNG,)),
        (None, {"min_age": 0}, ()),
    ],
)
def test_ages(birth: dt.date | None, changes: dict[str, Any], expected: tuple[SignupReason, ...]) -> None:
    assert reasons(**{**changes, "birth_date": birth}) == expected


@pytest.mark.parametrize(
    ("starts", "ends", "is_overlap"),
    [
        (NINE - HOUR, NINE, False),
        (NINE - HOUR, NINE + MINUTE, True),
        (NINE + 2 * HOUR, NINE + 3 * HOUR, False),
        (NINE + 2 * HOUR - MINUTE, NINE + 3 * HOUR, True),
        (NINE, NINE + 2 * HOUR, True),
        (NINE + MINUTE, NINE + 2 * MINUTE, True),
        (NINE - DAY, NINE + DAY, True),
        (NINE - DAY, NINE - HOUR, False),
        (NINE.astimezone(dt.UTC), (NINE + HOUR).astimezone(dt.UTC), True),
    ],
)
def test_overlaps(starts: dt.datetime, ends: dt.datetime, is_overlap: bool) -> None:
    far = (NINE + 9 * DAY, NINE + 10 * DAY)
    assert reasons(other_spans=(far, (starts, ends))) == ((R.OVERLAP,) if is_overlap else ())
    shift = (FACTS.starts_at, FACTS.ends_at)
    assert overlaps(shift, (starts, ends)) is overlaps((starts, ends), shift) is is_overlap


WRONGS: dict[SignupReason, dict[str, Any]] = {
    R.NOT_PUBLISHED: {"is_shift_cancelled": True},
    R.NOT_OPEN: {"signup_opens_at": NINE + 9 * DAY},
    R.CLOSED: {"signup_closes_at": NINE - 2 * DAY},
    R.FULL: {"has_waitlist": False, "confirmed_count": 2},
    R.OVERLAP: {"other_spans": ((NINE, NINE + HOUR),)},
    R.ALREADY_SIGNED_UP: {"is_signed_up": True},
    R.TOO_YOUNG: {"min_age": 60},
    R.GUARDIAN_CONSENT_MISSING: {"birth_date": dt.date(2010, 1, 1), "min_age": 60},
    R.SKILL_MISSING: {"required_skills": frozenset({"law"})},
    R.INSURANCE_MISSING: {"is_hazardous": True},
    R.SUSPENDED: {"person_status": PersonStatus.SUSPENDED},
}


def put(wrongs: set[SignupReason]) -> SignupFacts:
    facts = FACTS
    for wrong in wrongs:
        facts = replace(facts, **WRONGS[wrong])
    return facts


@settings(max_examples=60)
@given(st.sets(st.sampled_from(SignupReason)))
def test_all_reasons_are_told_at_once_in_order(wrongs: set[SignupReason]) -> None:
    expected = wrongs | ({R.TOO_YOUNG} if R.GUARDIAN_CONSENT_MISSING in wrongs else set())
    decision = judge_signup(put(wrongs))
    assert decision.reasons == tuple(reason for reason in SignupReason if reason in expected)
    assert decision.status == (None if expected else SignupStatus.CONFIRMED)


NO_MATTER_IN_LINE = {R.NOT_OPEN, R.CLOSED, R.ALREADY_SIGNED_UP}


@pytest.mark.parametrize("wrong", SignupReason)
def test_who_waits_is_promoted_unless_something_lasting_stands_against(wrong: SignupReason) -> None:
    assert may_promote(put({wrong})) is (wrong in NO_MATTER_IN_LINE)


@pytest.mark.parametrize(
    ("confirmed", "now", "is_promoted"),
    [
        (1, NINE - DAY, True),
        (2, NINE - DAY, False),
        (3, NINE - DAY, False),
        (1, NINE + 2 * HOUR - SECOND, True),
        (1, NINE + 2 * HOUR, False),
    ],
)
def test_a_seat_and_time_must_be_left_to_promote(confirmed: int, now: dt.datetime, is_promoted: bool) -> None:
    facts = replace(FACTS, confirmed_count=confirmed, now=now, is_signed_up=True, needs_approval=True)
    assert may_promote(facts) is is_promoted


@pytest.mark.parametrize("wrong", SignupReason)
def test_approval_judges_again_what_lasts(wrong: SignupReason) -> None:
    decision = place_approved(replace(put({wrong}), needs_approval=True))
    if wrong in NO_MATTER_IN_LINE:
        assert decision == SignupDecision(SignupStatus.CONFIRMED)
    else:
        assert wrong in decision.reasons
        assert decision.status is None


def test_approval_finds_a_seat_or_a_place_in_the_list_until_the_shift_ends() -> None:
    facts = replace(FACTS, needs_approval=True, is_signed_up=True)
    assert place_approved(facts).status is SignupStatus.CONFIRMED
    assert place_approved(replace(facts, confirmed_count=2)).status is SignupStatus.WAITLISTED
    assert place_approved(replace(facts, confirmed_count=2, has_waitlist=False)).reasons == (R.FULL,)
    assert place_approved(replace(facts, now=FACTS.ends_at)).reasons == (R.CLOSED,)


@pytest.mark.parametrize(("table", "count"), [(CATEGORIES, 23), (GUARANTEES, 12), (SKILLS, 14)])
def test_code_tables(table: tuple[tuple[str, str], ...], count: int) -> None:
    codes, labels = [code for code, _ in table], [label for _, label in table]
    assert len(table) == len(set(codes)) == len(set(labels)) == count
    assert all(code.replace("_", "").isalpha() and code.islower() and code.isascii() for code in codes)
    assert codes[-1] == "other"


def test_the_category_of_the_contracts_example_is_there() -> None:
    assert dict(CATEGORIES)["traffic_guidance"] == "交通引导"
