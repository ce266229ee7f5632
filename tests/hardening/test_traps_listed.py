"""The traps that other systems fell into, and the test that springs each: none may lose its test. peers.md §5."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
#: The tests that spring a trap under its number, which begins their names.
NUMBERED = {
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
#: Traps of the door that are sprung where their subject is tested, under names of its own.
ELSEWHERE = {
    10: ("checkin/test_races.py::test_the_persons_lock_is_what_lets_one_check_in",),
    11: ("checkin/test_scans.py::test_the_windows_to_the_minute",),
    12: ("checkin/test_fold.py::test_commands_name_the_target_state_and_repeat_harmlessly",),
    13: (
        "checkin/test_attendances.py::test_scans_and_voids_stay_as_they_are",
        "checkin/test_evidence.py::test_a_void_is_appended_folds_again_and_takes_minutes_back",
    ),
    15: (
        "checkin/test_codes.py::test_a_personal_code_lives_60_seconds_and_is_known_for_30_minutes",
        "checkin/test_scans.py::test_twenty_wrong_codes_a_minute_then_wait",
    ),
    17: (
        "checkin/test_attendances.py::test_another_station_sees_voids_and_lists_nothing_and_its_scans_are_wrong_station",
        "e2e/test_camera.py::test_j4_two_taps_then_the_camera_takes_one_after_the_other",
    ),
    18: ("checkin/test_station_pages.py::test_a_scan_is_taken_back_with_a_reason",),
    19: (
        "checkin/test_batches.py"
        "::test_split_shuffled_repeated_with_crashes_from_two_devices_one_with_a_wrong_clock_it_is_the_same",
        "e2e/test_round_trip.py::test_fifty_people_two_devices_any_order_killed_pages_sent_twice",
    ),
    20: (
        "checkin/test_batches.py::test_late_off_ahead_and_over_capacity_are_held_never_refused",
        "e2e/test_offline.py::test_what_the_service_does_not_take_is_kept_shown_and_handed_over",
    ),
    21: ("checkin/test_batches.py::test_sign_up_and_suspension_are_judged_as_they_stand_when_a_scan_arrives",),
    22: (
        "checkin/test_packs.py::test_an_entry_opens_in_no_other_pack_and_under_no_other_index",
        "e2e/test_offline.py::test_the_list_of_yesterday_names_nobody_today",
    ),
    23: ("checkin/test_pack_script.py::test_the_script_judges_the_vectors_as_we_do",),
    24: (
        "checkin/test_scans.py::test_judged_at_is_scanned_plus_the_clocks_difference",
        "checkin/test_fold_properties.py::test_wrong_clocks_crashes_and_several_devices_change_no_minute",
    ),
    30: ("checkin/test_fold_properties.py::test_pairs_of_one_person_never_overlap_and_every_pair_ends_after_it_began",),
}
WANTED = {*range(1, 34), 41, 43, 44, 46}


def names_in(path: str) -> set[str]:
    """Return the names of a file's tests."""
    tree = ast.parse((TESTS / path).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("path", NUMBERED)
def test_each_trap_still_has_its_tests(path: str) -> None:
    assert set(NUMBERED[path]) <= names_in(path)


@pytest.mark.parametrize("trap", ELSEWHERE)
def test_each_trap_of_the_door_still_has_its_tests(trap: int) -> None:
    for path, _, name in (test.partition("::") for test in ELSEWHERE[trap]):
        assert name in names_in(path)


def test_no_trap_is_forgotten() -> None:
    names = [name for tests in NUMBERED.values() for name in tests]
    assert {int(name.split("_")[1].removeprefix("t")) for name in names} | ELSEWHERE.keys() == WANTED
