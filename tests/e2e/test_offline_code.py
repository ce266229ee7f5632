"""A phone that loses the network on the page of the code, in a real browser."""

import re

from playwright.sync_api import Route

from tests.e2e.conftest import World
from tests.e2e.test_offline import forgive_offline, until
from tests.e2e.test_volunteer import sign_in
from tests.e2e.visitor import Visitor
from tests.registration.making import add_volunteer

CODE = "document.getElementById('code').src"


def test_a_phone_without_a_network_shows_codes_ahead_and_then_the_offline_code(visitor: Visitor, world: World) -> None:
    person = add_volunteer(world.api)
    page = visitor.page
    sign_in(visitor, person.phone)
    page.clock.install()
    visitor.tap("我的码")
    page.locator("#code[src^='data:image/svg']").wait_for()  # the codes of the next steps are kept
    page.context.set_offline(True)
    offline = page.locator("#offline")
    due = int(page.locator("#code").get_attribute("data-refresh") or 0)
    shown = [page.evaluate(CODE)]
    for seconds, is_offline in ((due + 1, False), (30, False), (30, True)):
        page.clock.run_for(seconds * 1000)
        page.wait_for_function(f"before => {CODE} !== before", arg=shown[-1])
        shown.append(page.evaluate(CODE))
        assert offline.is_visible() == is_offline
    with page.expect_event("requestfailed"):
        page.clock.run_for(30_000)
    assert page.evaluate(CODE) == shown[-1]
    assert len(set(shown)) == 4
    assert offline.is_visible()
    assert page.evaluate("document.getElementById('code').naturalWidth") > 0
    visitor.look()
    # A network that answers with a page of its own is no network.
    told: list[str] = []

    def portal(route: Route) -> None:
        told.append(route.request.url)
        route.fulfill(content_type="text/html", body="<p>Wi-Fi")

    page.route("**/*.svg*", portal)
    page.context.set_offline(False)
    until(page, lambda: len(told) >= 4)
    page.evaluate("async () => { for (let n = 0; n < 5; n += 1) await fetch('/healthz'); }")
    assert offline.is_visible()
    page.unroute("**/*.svg*")
    page.evaluate("dispatchEvent(new Event('online'))")
    offline.wait_for(state="hidden")
    assert re.search(r"\d+ 秒后换新码", visitor.text)
    forgive_offline(visitor)
    visitor.trouble[:] = [one for one in visitor.trouble if "policy '' of" not in one]
