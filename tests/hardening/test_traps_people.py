"""Traps of people and places that other systems fell into, sprung over HTTP. Source: peers.md §5, T8."""

from collections import Counter

from tests.conftest import Api
from tests.registration.making import form
from tests.servers import at_once


def test_t8_a_double_submit_makes_one_person(api: Api, admin: str) -> None:
    """One identity sent many times at once, with a key and without: one person, and a friendly answer for the rest."""
    keyed, plain = form(api), form(api, proved=False)
    key = {"Idempotency-Key": "double-click"}
    again = at_once([lambda: api("POST", "/volunteers", keyed, headers=key)] * 6)
    assert {one.status for one in again} == {201}
    assert len({one.body["id"] for one in again}) == 1
    bare = at_once([lambda: api("POST", "/volunteers", plain)] * 6)
    assert Counter(one.status for one in bare) == {201: 1, 409: 5}
    assert {one.body["code"] for one in bare if one.status == 409} == {"already-registered"}
    assert len(api("GET", "/volunteers", token=admin, expect=200).body["items"]) == 2
