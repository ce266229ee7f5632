"""Many at once: one check-in wins, and a scan costs a handful of statements."""

import threading
import uuid
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import event

from tests.checkin.making import Post, make_post, told
from tests.conftest import Answer, Api
from tests.meetings import meeting
from volunteer.database import db
from volunteer.registration import facts

THREADS = 8


@pytest.fixture
def post(api: Api, admin: str) -> Post:
    return make_post(api, admin)


def at_once(calls: list[Any]) -> list[Any]:
    """Make all calls at the same moment; return what they gave."""
    gate, found = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number: int) -> None:
        gate.wait()
        found[number] = calls[number]()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_of_many_check_ins_at_once_exactly_one_checks_in(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    code = post.code(who)
    answers = at_once([lambda: post.scan(code, "in", shift, id=str(uuid.uuid4()))] * THREADS)
    assert Counter(told(a) for a in answers) == {(201, "checked_in"): 1, (200, "already_checked_in"): THREADS - 1}
    assert len({a.body["attendance_id"] for a in answers}) == 1
    assert len(post.attendances(shift)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
@pytest.mark.parametrize("is_locked", [True, False], ids=["locked", "control"])
def test_the_persons_lock_is_what_lets_one_check_in(
    post: Post, is_locked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_locked:
        monkeypatch.setattr(facts, "_LOCKED_BY_PASS", facts._BY_PASS)
    shift = post.shift(0, 60)
    code = post.code(post.volunteer(shift))
    with meeting(post.api.app, 2):
        keepers = post.scene.keeper, post.scene.center_keeper
        answers = at_once([lambda by=by: post.scan(code, "in", shift, by) for by in keepers])
    wanted = {201: 1, 200: 1} if is_locked else {201: 1, 500: 1}  # the index of attendances stops the second too late
    assert Counter(answer.status for answer in answers) == wanted


def test_the_same_scan_at_once_is_stored_once(post: Post) -> None:
    shift = post.shift(0, 60)
    code, mark = post.code(post.volunteer(shift)), str(uuid.uuid4())
    answers = at_once([lambda: post.scan(code, "in", shift, id=mark)] * THREADS)
    assert Counter(a.status for a in answers) == {201: 1, 200: THREADS - 1}
    assert {a.body["outcome"] for a in answers} == {"checked_in"}
    assert len({a.body["scan_id"] for a in answers}) == 1


def test_one_seat_for_many_walk_ins_seats_exactly_one(post: Post) -> None:
    shift = post.shift(0, 60, 1, walk_ins=True)
    codes = [post.code(post.volunteer()) for _ in range(4)]
    answers = at_once([lambda code=code: post.scan(code, "in", shift) for code in codes])
    assert Counter(a.body.get("reason") or a.body["outcome"] for a in answers) == {"checked_in": 1, "full": 3}


def test_two_batches_of_the_same_scans_at_once_come_to_the_same(post: Post) -> None:
    shift = post.shift(0, 60)
    people = [post.volunteer(shift) for _ in range(3)]
    events = [post.event(who, way, shift, at) for who in people for way, at in (("in", 1), ("out", 40))]
    post.go(50)
    both = at_once([lambda: post.batch(events), lambda: post.batch(events[::-1])])
    assert sorted(row["outcome"] for row in both[0]) == ["checked_in"] * 3 + ["checked_out"] * 3
    assert [row["scan_id"] for row in both[0]] == [row["scan_id"] for row in both[1][::-1]]
    assert {post.hours(who)["minutes_verified"] for who in people} == {39}


def test_of_two_sheets_made_at_once_one_is_good(post: Post) -> None:
    path = f"/stations/{post.scene.station}/paper-code"
    post.api("POST", path, {}, post.scene.keeper, 201)
    body = {"reason": "到期更换"}
    answers = at_once([lambda: post.api("POST", path, body, post.scene.keeper)] * 4)
    assert [answer.status for answer in answers] == [201] * 4
    found = post.api("GET", path, token=post.scene.keeper, expect=200).body
    assert sorted(answer.body["version"] for answer in answers) == [2, 3, 4, 5]
    assert found["sheet"]["version"] == 5
    assert [one["version"] for one in found["earlier"]] == [4, 3, 2, 1]


@pytest.mark.parametrize("is_once", [False, True], ids=["plain", "with a key"])
def test_words_said_at_once_are_counted_before_they_are_judged(post: Post, is_once: bool) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    sheet = post.api("POST", f"/stations/{post.scene.station}/paper-code", {}, post.scene.keeper, 201).body
    wrong = f"{(int(sheet['word']) + 1) % 10_000:04d}"
    body = {"code": sheet["code"], "direction": "in", "word": wrong}

    def say() -> Answer:
        headers = {"Idempotency-Key": str(uuid.uuid4())} if is_once else {}
        return post.api("POST", "/me/checkins", body, who.token, headers=headers)

    answers = at_once([say] * THREADS)
    assert Counter(answer.status for answer in answers) == {422: 5, 429: THREADS - 5}


#: What one scan takes, and a batch of any length: statements without BEGIN and COMMIT, the token's look-up included.
MOST_IN, MOST_OUT = 11, 20


def statements(post: Post, call: Any) -> list[str]:
    """Return the statements that a call takes."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    with post.api.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        call()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return [one for one in seen if not one.startswith("BEGIN")]


def test_one_live_scan_takes_a_handful_of_statements(post: Post) -> None:
    shift = post.shift(0, 60)
    who, warm = post.volunteer(shift), post.volunteer(shift)
    post.scan(warm, "in", shift)
    code = post.code(who)
    took = statements(post, lambda: post.scan(code, "in", shift, id=str(uuid.uuid4())))
    assert len(took) <= MOST_IN, took
    post.go(0.5)
    post.scan(warm, "out", shift)
    code = post.code(who)
    took = statements(post, lambda: post.scan(code, "out", shift, id=str(uuid.uuid4())))
    assert len(took) <= MOST_OUT, took


def test_a_batch_takes_no_more_statements_for_more_scans(post: Post) -> None:
    shift = post.shift(0, 60)
    people = [post.volunteer(shift) for _ in range(6)]
    for way, at, most in (("in", 1, MOST_IN), ("out", 30, MOST_OUT)):
        events = [post.event(who, way, shift, at) for who in people]
        post.go(at + 1)
        post.batch([])
        one = statements(post, lambda: post.batch(events[:1]))  # noqa: B023 - called at once
        five = statements(post, lambda: post.batch(events[1:]))  # noqa: B023 - called at once
        assert len(five) == len(one) <= most, five
