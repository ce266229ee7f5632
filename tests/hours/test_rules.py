"""Presence into minutes: clipping, counting once, site days, tiers, make-ups, reviews, and the explanation."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from volunteer.hours.facts import (
    CreditClass,
    CreditKind,
    Hours,
    Level,
    MakeUp,
    OverCapRuling,
    PairKey,
    PendingKind,
    Presence,
    Rulings,
    ShiftTimes,
    Standing,
)
from volunteer.hours.make_ups import Deadline, MakeUpFault, MakeUpFlag, make_up_deadline, make_up_faults
from volunteer.hours.policy import POLICY, Policy, star_level
from volunteer.hours.rules import credit, explain_line, recompute
from volunteer.hours.spans import Span, by_site_day, clip, instant_of, minute_of, span, subtract, total, union

ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 11, 20)  # a Friday
EIGHT = datetime(2026, 11, 20, 8, 0, tzinfo=ZONE)
LATER = EIGHT + timedelta(days=9)


def at(minutes: float) -> datetime:
    return EIGHT + timedelta(minutes=minutes)


def shift(number: int, start: float, end: float) -> ShiftTimes:
    return ShiftTimes(UUID(int=number), at(start), at(end))


DAYLONG = shift(1, 0, 900)  # 08:00 to 23:00
NIGHT = shift(2, 840, 1080)  # 22:00 to 02:00
OTHER = shift(3, 0, 900)
SHIFTS = {one.id: one for one in (DAYLONG, NIGHT, OTHER)}


def presence(number: int, start: float, end: float, where: ShiftTimes = DAYLONG, **more) -> Presence:
    key = PairKey(where.id, UUID(int=number * 10), UUID(int=number * 10 + 1))
    return Presence(key, at(start), at(end), **more)


def hours(*presences: Presence, now: datetime = LATER, **more) -> Hours:
    return credit(presences, SHIFTS, ZONE, now, **more)


def lines(result: Hours) -> list[tuple]:
    return [(c.shift_id.int, c.site_day.day, str(c.kind), str(c.credit_class), c.minutes) for c in result.credits]


def waiting(result: Hours) -> list[tuple]:
    return [(str(p.kind), str(p.level), p.shift_id.int, p.site_day.day, p.minutes) for p in result.pendings]


WEAK = {"review": PendingKind.WEAK_EVIDENCE}


# Minutes


def test_the_contracts_example_is_148_minutes():
    assert span(at(62.999), at(210.02)).minutes == 148  # in 09:02:59, out 11:30:01
    assert hours(presence(1, 62.999, 210.02)).minutes_verified == 148


def test_seconds_are_cut_never_rounded():
    assert minute_of(datetime(2026, 1, 1, 0, 0, 59, 999_999, tzinfo=UTC)) == minute_of(datetime(2026, 1, 1, tzinfo=UTC))
    assert instant_of(minute_of(at(5.9))) == at(5)


@pytest.mark.parametrize(
    "build",
    [
        lambda: span(at(1), at(0)),
        lambda: span(at(0.9), at(0.1)),
        lambda: presence(1, 1, 0),
        lambda: shift(1, 1, 0),
        lambda: MakeUp(UUID(int=1), DAYLONG.id, at(1), at(0)),
    ],
)
def test_a_negative_duration_raises(build):
    with pytest.raises(ValueError, match="ends before"):
        build()


def test_a_naive_instant_raises():
    with pytest.raises(ValueError, match="naive"):
        minute_of(datetime(2026, 1, 1))  # noqa: DTZ001 - the fault under test


def test_span_arithmetic():
    assert union([Span(5, 7), Span(0, 2), Span(2, 3), Span(6, 9), Span(4, 4)]) == (Span(0, 3), Span(5, 9))
    assert subtract(Span(0, 10), [Span(8, 12), Span(2, 3), Span(-5, 1), Span(20, 30)]) == (Span(1, 2), Span(3, 8))
    assert subtract(Span(0, 10), [Span(0, 10)]) == ()
    assert clip(Span(0, 5), Span(5, 9)) is None
    assert total([Span(0, 5), Span(7, 8)]) == 6


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Sao_Paulo", "Pacific/Apia", "Europe/London"])
@pytest.mark.parametrize("month", [(1986, 5), (1991, 9), (2011, 12), (2017, 10), (2026, 2)])
def test_days_are_those_of_the_site_even_where_clocks_move(zone, month):
    here = ZoneInfo(zone)
    start = minute_of(datetime(*month, 1, 12, tzinfo=UTC))
    parts = by_site_day(Span(start, start + 40 * 1440), here)
    assert sum(part.minutes for _, part in parts) == 40 * 1440
    for day, part in parts:
        assert {instant_of(m).astimezone(here).date() for m in (part.start, part.end - 1)} == {day}


# One shift


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [(-30, 60, 60), (0, 60, 60), (-30, 0, 0), (900, 960, 0), (870, 960, 30), (10, 10, 0), (10, 10.9, 0), (10.9, 11, 1)],
)
def test_only_presence_inside_the_shift_counts(start, end, minutes):
    result = hours(presence(1, start, end))
    assert result.minutes_total == minutes
    assert len(result.credits) == (1 if minutes else 0)


def test_pairs_of_a_shift_are_one_line_and_overlap_counts_once():
    result = hours(presence(1, 0, 60), presence(2, 30, 90), presence(3, 100, 110), presence(3, 100, 110))
    assert lines(result) == [(1, 20, "service", "verified", 100)]
    assert [source.in_scan.int for source in result.credits[0].sources] == [10, 20, 30]


def test_presence_at_two_shifts_counts_once_for_who_was_there_first():
    result = hours(presence(2, 30, 90, OTHER), presence(1, 0, 60))
    assert lines(result) == [(1, 20, "service", "verified", 60), (3, 20, "service", "verified", 30)]


def test_a_shift_over_midnight_gives_a_line_each_day():
    assert lines(hours(presence(1, 830, 1100, NIGHT))) == [
        (2, 20, "service", "verified", 120),
        (2, 21, "service", "verified", 120),
    ]


def test_nothing_counts_before_it_has_passed():
    for now, counted, ahead in ((30, 30, 30), (30.99, 30, 30), (-5, 0, 60), (60, 60, 0)):
        result = hours(presence(1, 0, 60), now=at(now))
        assert (result.minutes_total, result.ahead_minutes, result.minutes_pending) == (counted, ahead, 0)


def test_two_presences_with_one_key_are_a_fault_and_so_is_an_unknown_shift():
    with pytest.raises(ValueError, match="two different presences"):
        hours(presence(1, 0, 60), presence(1, 0, 61))
    with pytest.raises(KeyError):
        hours(presence(1, 0, 60, shift(99, 0, 60)))


# Evidence


@pytest.mark.parametrize("kind", [PendingKind.WEAK_EVIDENCE, PendingKind.LATE_EVIDENCE, PendingKind.OVER_CAPACITY])
def test_weak_evidence_waits_and_counts_as_decided(kind):
    one = presence(1, 0, 60, review=kind)
    pending = hours(one)
    assert waiting(pending) == [(str(kind), "keeper", 1, 20, 60)]
    assert (pending.minutes_total, pending.minutes_pending) == (0, 60)
    assert pending.pendings[0].source == one.key
    assert pending.pendings[0].scan_ids == (UUID(int=10), UUID(int=11))
    accepted = hours(one, rulings=Rulings({one.key: True}))
    assert (accepted.minutes_verified, accepted.minutes_pending) == (60, 0)
    refused = hours(one, rulings=Rulings({one.key: False}))
    assert (refused.minutes_total, refused.minutes_pending, refused.taken) == (0, 0, ())


def test_a_decision_is_on_that_pair_alone():
    one = presence(1, 0, 60, **WEAK)
    longer = replace(one, key=one.key._replace(out_scan=UUID(int=99)), out_at=at(90))
    assert hours(longer, rulings=Rulings({one.key: True})).minutes_pending == 90


def test_an_accepted_roll_call_is_granted_and_a_verified_scan_goes_before_it():
    one = presence(1, 0, 60, roll_call=True, **WEAK)
    result = hours(one, presence(2, 30, 90), rulings=Rulings({one.key: True}))
    assert lines(result) == [(1, 20, "service", "granted", 30), (1, 20, "service", "verified", 60)]
    assert (result.minutes_granted, result.minutes_verified, result.minutes_total) == (30, 60, 90)


def test_weak_evidence_waits_only_for_minutes_that_nothing_else_proves():
    result = hours(presence(1, 0, 60, **WEAK), presence(2, 30, 90), presence(3, 50, 100, **WEAK))
    assert waiting(result) == [("weak_evidence", "keeper", 1, 20, 30), ("weak_evidence", "keeper", 1, 20, 10)]
    assert hours(presence(1, 0, 60, **WEAK), presence(2, 0, 60)).pendings == ()


def test_pending_evidence_ahead_of_time_waits_with_all_its_minutes():
    result = hours(presence(1, 0, 60, review=PendingKind.LATE_EVIDENCE), now=at(10))
    assert (result.minutes_total, result.minutes_pending) == (0, 60)


# Tiers


@pytest.mark.parametrize(
    ("worked", "counted", "tiers"),
    [
        (479, 479, []),
        (480, 480, []),
        (481, 480, [("keeper", 1)]),
        (720, 480, [("keeper", 240)]),
        (721, 480, [("keeper", 240), ("admin", 1)]),
        (900, 480, [("keeper", 240), ("admin", 180)]),
    ],
)
def test_a_day_counts_480_at_once_then_waits_for_a_keeper_then_for_an_admin(worked, counted, tiers):
    result = hours(presence(1, 0, worked))
    assert result.minutes_total == counted
    assert [(p.level, p.minutes) for p in sorted(result.pendings, key=lambda p: p.spans)] == tiers
    assert all(p.kind is PendingKind.OVER_CAP and p.source is None for p in result.pendings)


def test_the_limit_is_for_the_site_day_over_all_shifts_and_begins_again_at_midnight():
    result = hours(presence(1, 0, 840), presence(2, 840, 1080, NIGHT))
    assert lines(result) == [(1, 20, "service", "verified", 480), (2, 21, "service", "verified", 120)]
    assert waiting(result) == [
        ("over_cap", "admin", 1, 20, 120),
        ("over_cap", "keeper", 1, 20, 240),
        ("over_cap", "admin", 2, 20, 120),
    ]


def test_accepting_weak_evidence_does_not_lift_the_limit_and_pending_uses_none_of_it():
    weak, strong = presence(1, 0, 300, **WEAK), presence(2, 300, 700)
    assert hours(weak, strong).minutes_total == 400
    result = hours(weak, strong, rulings=Rulings({weak.key: True}))
    assert result.minutes_total == 480
    assert waiting(result) == [("over_cap", "keeper", 1, 20, 220)]


def over(result: Hours, level: Level, accepted: bool, by: Level | None = None) -> tuple[OverCapRuling, ...]:
    return tuple(OverCapRuling(p.shift_id, by or level, p.spans, accepted) for p in result.pendings if p.level is level)


def test_a_keeper_decides_the_keepers_tier_and_an_admin_both():
    one = presence(1, 0, 900)
    asked = hours(one)
    keeper, admin = over(asked, Level.KEEPER, True), over(asked, Level.ADMIN, True)
    assert hours(one, rulings=Rulings(over_cap=keeper)).minutes_total == 720
    assert hours(one, rulings=Rulings(over_cap=keeper + admin)).minutes_total == 900
    too_low = over(asked, Level.ADMIN, True, by=Level.KEEPER)
    assert hours(one, rulings=Rulings(over_cap=too_low)).minutes_total == 480
    from_above = over(asked, Level.KEEPER, True, by=Level.ADMIN)
    assert hours(one, rulings=Rulings(over_cap=from_above)).minutes_total == 720


def test_refused_minutes_keep_their_place_and_stay_taken():
    one = presence(1, 0, 600)
    refused = over(hours(one), Level.KEEPER, False)
    result = hours(one, presence(2, 600, 660), rulings=Rulings(over_cap=refused))
    assert (result.minutes_total, waiting(result)) == (480, [("over_cap", "keeper", 1, 20, 60)])
    assert total(result.taken) == 660
    changed_mind = Rulings(over_cap=refused + over(hours(one), Level.KEEPER, True))
    assert hours(one, rulings=changed_mind).minutes_total == 600


def test_an_accepted_stretch_stays_accepted_when_more_evidence_arrives():
    one = presence(1, 60, 600)
    accepted = over(hours(one), Level.KEEPER, True)
    result = hours(one, presence(2, 0, 60), rulings=Rulings(over_cap=accepted))
    assert (result.minutes_total, result.minutes_pending) == (540, 60)


def test_a_ruling_is_on_its_own_shift():
    one = presence(1, 0, 600)
    elsewhere = tuple(replace(r, shift_id=OTHER.id) for r in over(hours(one), Level.KEEPER, True))
    assert hours(one, rulings=Rulings(over_cap=elsewhere)).minutes_total == 480


# Make-ups


def make_up(number: int, start: float, end: float, where: ShiftTimes = DAYLONG) -> MakeUp:
    return MakeUp(UUID(int=number), where.id, at(start), at(end))


def test_a_make_up_is_granted_for_what_no_scan_proves():
    result = hours(presence(1, 30, 60), make_ups=[make_up(1, 0, 90), make_up(2, 80, 100), make_up(1, 0, 90)])
    assert lines(result) == [(1, 20, "make_up", "granted", 70), (1, 20, "service", "verified", 30)]
    make_up_line = result.credits[0]
    assert make_up_line.kind is CreditKind.MAKE_UP
    assert make_up_line.sources == (UUID(int=1), UUID(int=2))


def test_scans_come_before_make_ups_in_the_tiers_whenever_they_were():
    result = hours(presence(1, 300, 700), make_ups=[make_up(1, 0, 200)])
    assert lines(result) == [(1, 20, "make_up", "granted", 80), (1, 20, "service", "verified", 400)]
    assert waiting(result) == [("over_cap", "keeper", 1, 20, 120)]
    assert result.pendings[0].scan_ids == ()


def test_a_make_up_is_clipped_to_its_shift_and_to_what_has_passed():
    assert hours(make_ups=[make_up(1, 880, 1000)]).minutes_granted == 20
    assert hours(make_ups=[make_up(1, 950, 1000)]).minutes_total == 0
    assert hours(make_ups=[make_up(1, 0, 100)], now=at(40)).minutes_granted == 40
    assert hours(make_ups=[make_up(1, 50, 100)], now=at(40)).minutes_total == 0


def test_a_pending_pair_under_an_approved_make_up_is_not_asked_about_and_wins_when_accepted():
    weak = presence(1, 0, 60, **WEAK)
    assert hours(weak, make_ups=[make_up(1, 0, 60)]).pendings == ()
    result = hours(weak, make_ups=[make_up(1, 0, 60)], rulings=Rulings({weak.key: True}))
    assert lines(result) == [(1, 20, "service", "verified", 60)]


@pytest.mark.parametrize(
    ("start", "end", "faults"),
    [
        (0, 60, []),
        (60, 0, ["ends-before-start"]),
        (5.1, 5.9, ["ends-before-start"]),
        (-1, 60, ["outside-shift"]),
        (890, 901, ["outside-shift"]),
        (90, 101, ["already-credited"]),
        (60, 100, []),
        (130, 160, []),
        (870, 1900, ["future", "outside-shift"]),
    ],
)
def test_make_up_faults_are_all_named(start, end, faults):
    verdict = make_up_faults(
        at(start),
        at(end),
        DAYLONG,
        now=at(1000),
        zone=ZONE,
        taken=[span(at(100), at(130))],
        published_at=at(-600),
        signed_up_at=at(-500),
    )
    assert [str(f) for f in verdict.faults] == faults
    assert verdict.flags == ()
    assert verdict.minutes == max(int(end) - int(start), 0)


@pytest.mark.parametrize(("now", "late"), [(datetime(2026, 12, 4, 23, 59), False), (datetime(2026, 12, 5), True)])  # noqa: DTZ001 - in the site's zone below
def test_the_deadline_is_the_end_of_the_tenth_working_day(now, late):
    now = now.replace(tzinfo=ZONE)
    known = {"published_at": at(-9), "signed_up_at": at(-9)}
    verdict = make_up_faults(at(0), at(60), DAYLONG, now=now, zone=ZONE, **known)
    assert verdict.deadline == Deadline(date(2026, 12, 4), False)
    assert (MakeUpFault.DEADLINE in verdict.faults) is late
    given = Deadline(date(2026, 12, 31), True)
    assert make_up_faults(at(0), at(60), DAYLONG, now=now, zone=ZONE, deadline=given, **known).faults == ()


def test_time_before_publication_or_sign_up_is_flagged():
    def flags(published: datetime | None, signed: datetime | None) -> tuple[MakeUpFlag, ...]:
        return make_up_faults(
            at(10), at(60), DAYLONG, now=at(90), zone=ZONE, published_at=published, signed_up_at=signed
        ).flags

    both = (MakeUpFlag.BEFORE_PUBLICATION, MakeUpFlag.BEFORE_SIGN_UP)
    assert flags(at(10.9), at(10)) == ()
    assert flags(at(11), at(10)) == both[:1]
    assert flags(at(10), at(11)) == both[1:]
    assert flags(None, None) == both


@pytest.mark.parametrize(
    ("ends_on", "wanted", "provisional"),
    [
        (date(2026, 11, 20), date(2026, 12, 4), False),
        (date(2026, 9, 24), date(2026, 10, 15), False),  # Mid-Autumn, National Day, a working Saturday
        (date(2026, 12, 24), date(2027, 1, 7), True),  # past the official list: Monday to Friday
        (date(2027, 3, 1), date(2027, 3, 15), True),
    ],
)
def test_ten_working_days(ends_on, wanted, provisional):
    assert make_up_deadline(ends_on) == (wanted, provisional)


def test_an_official_list_goes_before_every_guess():
    listed = {date(2027, 3, 1) + timedelta(days=n): n % 2 == 0 for n in range(40)}
    assert make_up_deadline(date(2027, 3, 1), 10, listed) == (date(2027, 3, 21), False)
    assert make_up_deadline(date(2027, 3, 1), 0) == (date(2027, 3, 1), False)
    with pytest.raises(ValueError, match="negative"):
        make_up_deadline(date(2027, 3, 1), -1)


# Policy and explanation


@pytest.mark.parametrize(
    ("minutes", "stars"),
    [(0, 0), (5999, 0), (6000, 1), (17999, 1), (18000, 2), (36000, 3), (60000, 4), (89999, 4), (90000, 5), (10**7, 5)],
)
def test_stars(minutes, stars):
    assert star_level(minutes) == stars


@pytest.mark.parametrize(
    "bad",
    [{"at_once_minutes": 721}, {"at_once_minutes": -1}, {"in_early_minutes": -1}, {"star_minutes": (1, 1)}],
)
def test_a_policy_that_cannot_be_is_refused(bad):
    with pytest.raises(ValueError, match=r"ascend|negative"):
        replace(POLICY, **bad)


def test_the_numbers_come_from_the_policy():
    result = hours(presence(1, 0, 100), policy=Policy(version=2, at_once_minutes=10, keeper_minutes=20))
    assert result.minutes_total == 10
    assert sorted((str(p.level), p.minutes) for p in result.pendings) == [("admin", 80), ("keeper", 10)]
    assert result.explanation.policy_version == 2


def test_an_explanation_shows_every_step_and_recomputes_to_the_line():
    weak = presence(3, 700, 720, **WEAK)
    result = hours(presence(1, -20, 500), presence(2, 450, 600), weak, make_ups=[make_up(1, 600, 620)])
    whole = result.explanation
    assert recompute(whole) == result.credits
    assert [(s.standing, s.clipped and s.clipped.minutes) for s in whole.pairs] == [
        (Standing.CREDITED, 500),
        (Standing.CREDITED, 150),
        (Standing.PENDING, 20),
    ]
    assert [(p.span.minutes, p.credit_class) for p in whole.union] == [
        (500, CreditClass.VERIFIED),
        (100, CreditClass.VERIFIED),
        (20, CreditClass.GRANTED),
    ]
    assert [(p.position, p.span.minutes, p.level) for p in whole.tiers] == [
        (0, 480, None),
        (480, 20, Level.KEEPER),
        (500, 100, Level.KEEPER),
        (600, 20, Level.KEEPER),
    ]
    line = explain_line(result, DAYLONG.id, DAY)
    assert recompute(line) == tuple(c for c in result.credits if c.site_day == DAY)
    assert explain_line(result, OTHER.id, date(2026, 11, 21)).pairs == ()
