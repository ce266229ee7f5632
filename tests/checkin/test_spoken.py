"""The four digits that one may say: derived, unique on one station's list of a day, nobody's anywhere else."""

import datetime as dt
import re
from typing import Any
from uuid import UUID

import pytest

from tests.checkin.making import Post, make_post
from tests.conftest import Api
from tests.pages import Browser
from tests.registration.making import PASSWORD, Volunteer
from volunteer.checkin.credentials import codes
from volunteer.checkin.credentials.codes import CodeKeys
from volunteer.checkin.door import door

KEYS = CodeKeys({3: b"k" * 32}, 3)
HERE, THERE, DAY = UUID(int=1), UUID(int=2), dt.date(2026, 3, 22)


@pytest.fixture
def post(api: Api, admin: str) -> Post:
    return make_post(api, admin)


def digits_of(api: Api, who: Volunteer) -> list[str]:
    """Return what a volunteer's page says to say."""
    source = Browser(api.app, who.phone, PASSWORD).get("/me/code").source
    return re.findall(r'class="spoken num">(\d{4})<', source)


def test_the_digits_are_of_one_station_day_person_and_attempt() -> None:
    first = codes.spoken_digits(KEYS, HERE, DAY, "912345678", 0)
    others = [
        codes.spoken_digits(KEYS, THERE, DAY, "912345678", 0),
        codes.spoken_digits(KEYS, HERE, DAY + dt.timedelta(days=1), "912345678", 0),
        codes.spoken_digits(KEYS, HERE, DAY, "912345679", 0),
        codes.spoken_digits(KEYS, HERE, DAY, "912345678", 1),
        codes.spoken_digits(CodeKeys({3: b"x" * 32}, 3), HERE, DAY, "912345678", 0),
    ]
    assert re.fullmatch(r"\d{4}", first)
    assert first == codes.spoken_digits(KEYS, HERE, DAY, "912345678", 0)
    assert len({first, *others}) == 6


def test_two_who_fall_together_get_two_codes_and_who_came_first_keeps_theirs(
    post: Post, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "spoken_digits", lambda *of: f"{of[-1]:04}")
    shift = post.shift(-10, 120)
    people = [post.volunteer(shift) for _ in range(3)]

    assert [digits_of(api, who) for who in people] == [["0000"], ["0001"], ["0002"]]
    with api.app.app_context():
        station, now = UUID(post.scene.station), api.now()
        for n, who in enumerate(people):
            said: Any = [other.id for other in people if door.is_said_by(station, UUID(other.id), f"{n:04}", now)]
            assert said == [who.id]


def test_only_who_is_expected_today_has_a_code(post: Post, api: Api) -> None:
    today, tomorrow = post.shift(-10, 120), post.shift(24 * 60, 26 * 60)
    assert len(digits_of(api, post.volunteer(today))) == 1
    assert digits_of(api, post.volunteer(tomorrow)) == []
    gone = post.volunteer(today)
    api("POST", f"/shifts/{today}/cancel", {"reason": "暴雨"}, post.scene.keeper, expect=200)
    assert digits_of(api, gone) == []


def test_a_code_ends_with_the_time_for_signing_out(post: Post, api: Api) -> None:
    who = post.volunteer(post.shift(-10, 30))
    post.go(90)
    assert len(digits_of(api, who)) == 1
    post.go(91)
    assert digits_of(api, who) == []
