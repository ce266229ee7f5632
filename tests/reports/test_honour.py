"""The public list of honour and the photo list: who agreed and nobody else, gone with the next read when taken back."""

import datetime as dt
from typing import Any

import pytest
from flask import Flask

from tests.conftest import Api
from tests.pages import Browser
from tests.registration.making import CONSENT, Volunteer, add_child, add_volunteer, guardian
from tests.reports.making import credit
from tests.units.making import make_unit
from volunteer.registration.rules_consents import ConsentKind, is_theirs_to_give

DAY = dt.date(2026, 3, 20)


@pytest.mark.parametrize(
    ("kind", "by_guardian", "minor", "holds"),
    [
        ("public_names", True, True, True),
        ("public_names", True, False, False),
        ("public_names", False, False, True),
        ("public_names", False, True, False),
        ("registration", True, False, True),
    ],
)
def test_whose_yes_holds(kind: str, by_guardian: bool, minor: bool, holds: bool) -> None:
    assert is_theirs_to_give(ConsentKind(kind), is_by_guardian=by_guardian, is_minor=minor) is holds


def agree(api: Api, person: Volunteer, kind: str = "public_names", **whose: str) -> None:
    """Say yes to one thing."""
    api("PUT", f"/me/consents/{kind}", {"version": CONSENT} | whose, person.token, expect=200)


def shown(api: Api, **query: Any) -> list[tuple[int, str, int]]:
    """Return rank, name and minutes of the list, as a stranger reads it."""
    tail = "&".join(f"{name}={value}" for name, value in query.items())
    found = api("GET", f"/honour-list?{tail}", expect=200).body
    return [(one["rank"], one["name"], one["minutes"]) for one in found["items"]]


def test_only_who_agreed_stands_there_and_who_takes_it_back_is_gone_at_once(api: Api, admin: str, app: Flask) -> None:
    school, bureau = make_unit(api, admin, code="A"), make_unit(api, admin, code="B")
    first = add_volunteer(api, school, name="欧阳修远")
    second, third = add_volunteer(api, bureau, name="王小明"), add_volunteer(api, school, name="沉默者")
    parent = add_volunteer(api, name="李秀英")
    child = add_child(api, parent, unit_id=school, name="赵小朋友")
    for person, minutes in ((first, 90), (second, 90), (third, 400), (child, 30)):
        credit(app, person.id, school, DAY, minutes)
    credit(app, first.id, school, dt.date(2025, 3, 20), 6000)
    assert shown(api) == []
    agree(api, first)
    agree(api, second)
    agree(api, parent, volunteer_id=child.id)
    both = [(1, "欧阳修远", 90), (1, "王小明", 90)]
    assert sorted(shown(api)) == [*both, (3, "赵**友", 30)]
    assert shown(api, unit_id=bureau) == [(1, "王小明", 90)]
    assert shown(api, **{"from": "2025-01-01", "to": "2025-12-31"}) == [(1, "欧阳修远", 6000)]
    page = api("GET", "/honour-list?limit=2", expect=200).body
    rest = api("GET", f"/honour-list?limit=2&cursor={page['next_cursor']}", expect=200).body["items"]
    assert [(one["rank"], one["is_masked"]) for one in rest] == [(3, True)]
    by_name = {one["name"]: one for one in page["items"]}
    assert by_name["欧阳修远"]["star_level"] == 1
    assert str(first.id) not in str(page)
    wrong = api("GET", "/honour-list?from=2020-01-01&to=2026-01-01", expect=422)
    assert wrong.codes == {"to": "too-long"}
    api("GET", f"/honour-list?station_id={school}", expect=404)

    seen = Browser(app).get("/honour")
    assert ("王小明" in seen.text, "沉默者" in seen.text, "赵小朋友" in seen.text) == (True, False, False)
    assert seen.headers["Cache-Control"] == "no-store"
    assert "noindex" in seen.headers["X-Robots-Tag"]
    api("DELETE", "/me/consents/public_names", None, second.token, expect=200)
    api("POST", f"/volunteers/{first.id}/suspend", {"reason": "核查"}, admin, expect=200)
    assert shown(api) == [(1, "赵**友", 30)]
    assert "王小明" not in Browser(app).get("/honour").text
    api("DELETE", f"/me?volunteer_id={child.id}", None, parent.token, expect=200)
    assert shown(api) == []


def test_a_place_is_found_by_typing_and_a_guardians_yes_ends_on_the_18th_birthday(
    api: Api, admin: str, app: Flask
) -> None:
    for code, name in (("A", "望江中学"), ("B", "望江小学"), ("C", "城南街道")):
        make_unit(api, admin, code=code, name=name)
    desk = Browser(app)
    both = desk.get("/honour", where="望江")
    assert "您要看哪一个" in both.text
    assert "光荣榜: 城南街道" in desk.get("/honour", where="城南").source
    assert desk.get("/honour", where="没有的地方", expect=422).faults.keys() == {"where"}
    parent = add_volunteer(api, name="李秀英")
    teen = add_child(api, parent, birth=dt.date(2008, 3, 30), name="赵小朋友", guardian=guardian(api, parent.phone))
    agree(api, parent, volunteer_id=teen.id)
    credit(app, teen.id, None, DAY, 30)
    assert shown(api) == [(1, "赵**友", 30)]
    clock: Any = app.extensions["clock"]
    clock.set(api.now() + dt.timedelta(days=9))
    assert shown(api) == []
