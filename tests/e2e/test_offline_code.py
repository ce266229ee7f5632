"""A phone that loses the network on the page of the code, in a real browser."""

import re

from tests.e2e.conftest import World
from tests.e2e.test_offline import forgive_offline
from tests.e2e.test_volunteer import sign_in
from tests.e2e.visitor import Visitor
from tests.registration.making import add_volunteer

CODE = "document.getElementById('code').src"


def test_a_phone_without_a_network_shows_codes_ahead_and_then_the_offline_code(visitor: Visitor, world: World) -> None:
    person = add_volunteer(world.api)
    page = visitor.page
    sign_in(visitor, person.phone)
    page.clock.install()
    with page.expect_response(re.compile("ahead=2")), page.expect_response(re.compile("offline-code")):
        visitor.tap("我的码")
    page.wait_for_timeout(300)
    page.context.set_offline(True)
    offline = page.locator("#offline")
    shown = []
    due = int(page.locator("#code").get_attribute("data-refresh") or 0)
    for seconds in (due + 1, 30, 30, 30):
        page.clock.run_for(seconds * 1000)
        page.wait_for_timeout(200)
        shown.append((page.evaluate(CODE), offline.is_visible()))
    assert [is_offline for _, is_offline in shown] == [False, False, True, True]
    assert len({src for src, _ in shown}) == 3
    assert page.evaluate("document.getElementById('code').naturalWidth") > 0
    visitor.look()
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    offline.wait_for(state="hidden")
    forgive_offline(visitor)
