"""Every link of staff's list stands under one heading: on a desk at the side, on a phone on the menu page."""

from collections import Counter

from volunteer.web.layout import SECTIONS, SIDE


def test_every_link_stands_under_one_heading() -> None:
    named = Counter(endpoint for _, endpoints in SECTIONS for endpoint in endpoints)
    assert [place.endpoint for place in SIDE if named[place.endpoint] != 1] == []
