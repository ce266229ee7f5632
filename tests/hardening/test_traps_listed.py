"""The traps that other systems fell into, and the test that springs each: none may lose its test. peers.md §5."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
#: Where the tests stand, and which trap each springs: its number begins its name.
TRAPS = {
    "activities/test_seat_race.py": (
        "test_t1_exactly_as_many_winners_as_seats",
        "test_t1_the_control_without_lock_shows_the_race",
        "test_t2_the_database_itself_refuses_one_seat_too_many",
    ),
    "activities/test_signups.py": (
        "test_t3_every_reason_is_told_at_once_and_the_rules_stand_on_the_server",
        "test_t4_staff_sign_up_others_under_the_same_rules",
        "test_t6_over_full_is_still_full",
        "test_t7_a_cancelled_sign_up_stays_cancelled",
        "test_t8_a_repeated_post_with_its_key_is_the_same_place",
        "test_t9_a_freed_seat_is_freed_once_and_goes_to_the_first_who_still_can",
    ),
    "hardening/test_matrix.py": (
        "test_t5_every_route_has_a_line_and_every_line_a_route",
        "test_t5_every_page_has_a_line_and_every_line_a_page",
        "test_t41_each_role_gets_what_the_contract_gives_it_and_no_byte_more",
    ),
    "hardening/test_traps_people.py": ("test_t8_a_double_submit_makes_one_person",),
    "activities/test_activities.py": ("test_t9_seats_never_fall_below_who_is_confirmed_and_new_ones_go_to_who_waits",),
    "hardening/test_traps_checkin.py": (
        "test_t10_two_scanners_at_once_open_one_attendance",
        "test_t14_no_get_writes_and_a_link_preview_checks_nobody_in",
        "test_t14_a_photographed_code_is_worthless_after_ninety_seconds",
        "test_t16_a_place_is_graded_by_the_server_and_never_taken_at_its_word",
        "test_t46_every_scan_names_its_scanner_and_an_ended_one_scans_no_more",
    ),
    "hardening/test_traps_hours.py": (
        "test_t25_an_end_before_its_start_is_a_fault_and_never_a_day_less_ten_minutes",
        "test_t26_a_shift_over_midnight_is_one_shift_with_a_line_a_day",
        "test_t27_a_night_shift_is_signed_out_of_after_midnight",
        "test_t28_credit_is_the_overlap_with_the_shift",
        "test_t29_times_have_an_offset_and_days_are_those_of_the_site",
        "test_t31_hours_come_from_being_there_not_from_signing_up",
        "test_t32_overlapping_presence_counts_once",
        "test_t32_a_make_up_and_a_late_scan_of_the_same_time_count_once",
        "test_t32_no_day_has_more_than_eight_hours_without_a_decision",
        "test_t33_minutes_are_whole_and_every_total_is_the_sum_of_its_lines",
    ),
    "test_config.py": (
        "test_t43_no_key_stands_in_the_source",
        "test_t44_the_first_admin_has_no_default_password",
    ),
    "hardening/test_dump.py": ("test_t43_a_dump_names_nobody_and_opens_nothing",),
}
WANTED = {*range(1, 11), 14, 16, *range(25, 30), 31, 32, 33, 41, 43, 44, 46}


@pytest.mark.parametrize("path", TRAPS)
def test_each_trap_still_has_its_tests(path: str) -> None:
    tree = ast.parse((TESTS / path).read_text("utf-8"))
    assert set(TRAPS[path]) <= {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_no_trap_is_forgotten() -> None:
    names = [name for tests in TRAPS.values() for name in tests]
    assert {int(name.split("_")[1].removeprefix("t")) for name in names} == WANTED
