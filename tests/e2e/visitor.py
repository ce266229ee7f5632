"""Somebody who uses the pages by clicking and typing, and looks at every page and state on the way.

Each page and state is looked at once, at a phone's, a desk's and the narrowest width (ux.md §12: AC1 to AC7). Taps are
counted as ux.md §6.6 does: a touch or a click is one, a text field is one.
"""

import gzip
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, Response

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "assets" / "node_modules" / "axe-core" / "axe.min.js"
LOOK = (Path(__file__).parent / "look.js").read_text("utf-8")
#: Where to leave a picture of every page and state; nowhere if unset.
SHOTS = os.environ.get("SHOTS", "")
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
NARROW = {"width": 320, "height": 640}
#: How long anything may take before a test gives up; a machine that does other things too is slow, not wrong.
PATIENCE_MS = 30_000
#: A scan that is not answered within four seconds is kept instead, which these tests ask for by cutting the network.
PATIENT = """{ const wait = globalThis.setTimeout;
  globalThis.setTimeout = (call, ms, ...more) => wait(call, ms === 4000 ? PATIENCE : ms, ...more); }"""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: An id or number in an address is not a page of its own.
NUMBER = re.compile(r"/[0-9a-f-]{36}|/[A-Z0-9-]{8,}")
#: A file for each page and state that was looked at, shared by the workers of a run; conftest names the folder.
LOOKED: list[Path] = []
#: Every title, and the page that was first seen with it (AC5).
_titles: dict[str, str] = {}


class Visitor:
    """A person at a browser."""

    def __init__(self, page: Page, base: str, *, scripted: bool) -> None:
        self.page, self.base, self.scripted = page, base, scripted
        self.taps = 0
        self.opened_by = "GET"
        self.trouble: list[str] = []

    @classmethod
    @contextmanager
    def arrive(cls, browser: Browser, base: str, **more: Any) -> Iterator["Visitor"]:
        """Open a browser of one's own at the landing page; afterwards nothing may have gone wrong."""
        context = browser.new_context(viewport=PHONE, locale="zh-CN", reduced_motion="reduce", **more)
        somebody = cls(context.new_page(), base, scripted=more.get("java_script_enabled", True))
        context.on("request", somebody._on_request)
        context.on("response", somebody._on_response)
        somebody.page.on("console", somebody._on_console)
        somebody.page.set_default_timeout(PATIENCE_MS)
        context.add_init_script(PATIENT.replace("PATIENCE", str(PATIENCE_MS)))
        somebody.page.goto(base + "/")
        somebody.look()
        try:
            yield somebody
            assert somebody.trouble == []
        finally:
            context.close()

    def tap(self, name: str, role: str = "", *, nth: int = 0, exact: bool = True) -> None:
        """Click the link or button of that name, and look at what comes."""
        self._tap(self._named(name, role, exact=exact).nth(nth))

    def choose(self, label: str) -> None:
        """Tick a box or a radio by its label."""
        self.page.get_by_label(label, exact=True).check()
        self.taps += 1

    def pick(self, label: str, option: str) -> None:
        """Pick an option of a list."""
        self.page.get_by_label(label).select_option(label=option)
        self.taps += 1

    def type(self, label: str, text: str) -> None:
        """Fill a field found by its label."""
        self.page.get_by_label(label).fill(text)
        self.taps += 1

    def walk_to(self, name: str | re.Pattern[str]) -> None:
        """Press Tab until a link or button of that name has the focus, which must be seen; press Enter (AC28)."""
        self.tab_to(name)
        before = self.page.url
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda url: url != before)
        self.page.wait_for_load_state()

    def tab_to(self, name: str | re.Pattern[str]) -> None:
        """Press Tab until a link or button of that name has the focus, which must be seen."""
        for _ in range(60):
            self.page.keyboard.press("Tab")
            said = self.page.evaluate("document.activeElement.innerText || ''").strip()
            if said == name or (isinstance(name, re.Pattern) and name.match(said)):
                break
        else:
            raise AssertionError(f"{name} is not reached by Tab")
        assert self.page.evaluate(
            """() => {
              const one = document.activeElement, box = one.getBoundingClientRect();
              const seen = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
              return parseFloat(getComputedStyle(one).outlineWidth) >= 3 && (one === seen || one.contains(seen));
            }"""
        ), f"the focus on {name} is not seen"

    def switch_user(self) -> None:
        """Come back as somebody else at the same browser."""
        self.page.context.clear_cookies()
        self.page.goto(self.base + "/")

    @property
    def heading(self) -> str:
        """The page's one heading."""
        return self.page.locator("h1").inner_text()

    @property
    def text(self) -> str:
        """What is to be read on the page."""
        return self.page.locator("main").inner_text()

    @property
    def weight(self) -> int:
        """Bytes of this page with its sheets, scripts and pictures (some are in their address), each compressed."""
        named = "all => all.map(one => one.href || one.src)"
        addresses = self.page.locator("link[rel=stylesheet], script[src], img").evaluate_all(named)
        inside = [address.encode() for address in addresses if address.startswith("data:")]
        fetched = [address for address in (self.page.url, *addresses) if not address.startswith("data:")]
        bodies = inside + [self.page.request.get(address).body() for address in fetched]
        return sum(len(gzip.compress(body)) for body in bodies)

    def look(self) -> None:
        """Look at this page in this state, if nobody has in this run."""
        if not self.scripted:
            return
        self.page.wait_for_load_state()
        self.page.locator("h1").first.wait_for(state="attached")  # between two documents there is none to ask
        path = NUMBER.sub("/…", urlsplit(self.page.url).path)
        large = self.page.evaluate("document.documentElement.className")
        side = self.page.locator(".side").count()
        wrong = ",".join(self.page.locator("[aria-invalid]").evaluate_all("all => all.map(one => one.id)"))
        kinds = ",".join(self.page.locator("[data-k]").evaluate_all("all => all.map(one => one.dataset.k)"))
        key = " ".join(filter(None, (path, self.page.title(), large, f"side{side}", wrong, kinds)))
        try:
            (LOOKED[0] / hashlib.sha256(key.encode()).hexdigest()).touch(exist_ok=False)
        except FileExistsError:
            return
        self._look(key, path, "large" in large)

    def _look(self, key: str, path: str, large: bool) -> None:
        """Assert all that is true of every page, at every width."""
        title = self.page.title()
        if self.page.locator("h1").count() != 1:
            raise AssertionError(f"{key}: one h1, please")
        # What answers a form stands at the address that it was sent to.
        if self.opened_by == "GET" and not self.page.locator("[data-problem]").count():
            first = _titles.setdefault(title, path)
            assert first == path, f"{path} and {first} have the same title, {title}"
        for size in (PHONE, DESK, NARROW):
            self.page.set_viewport_size(size)
            faults = self.page.evaluate(LOOK, {"least": 24 if large else 18, "target": 60 if large else 44})
            assert faults == [], f"{key} at {size['width']}: {faults}"
            if size is not NARROW:
                self.ask_axe(f"{key} at {size['width']}")
                self._picture(key, size["width"])
        self.page.evaluate("document.documentElement.style.fontSize = '32px'")
        spill = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        self.page.evaluate("document.documentElement.style.fontSize = ''")
        assert spill == 0, f"{key}: {spill} px too wide at 320 px with a root of 32 px"
        self.page.set_viewport_size(PHONE)
        self.page.evaluate("scrollTo(0, 0)")

    def ask_axe(self, where: str) -> None:
        """Assert that axe finds nothing; at the page's end, where the tabs cover nothing that one could scroll to."""
        if self.page.evaluate("typeof axe === 'undefined'"):
            self.page.evaluate(AXE.read_text("utf-8"))
        self.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        only = {"runOnly": {"type": "tag", "values": TAGS}}
        found = self.page.evaluate("only => axe.run(document, only)", only)["violations"]
        assert found == [], [(where, one["id"], [node["html"] for node in one["nodes"]]) for one in found]

    def _picture(self, key: str, width: int) -> None:
        """Leave a picture."""
        if SHOTS:
            name = re.sub(r"[^\w,]+", "_", key).strip("_")[:90]
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png", full_page=True)

    def _named(self, name: str, role: str, *, exact: bool) -> Locator:
        """Return the link or button of that name."""
        if role:
            return self.page.get_by_role(role, name=name, exact=exact)  # type: ignore[arg-type]
        link = self.page.get_by_role("link", name=name, exact=exact)
        return link.or_(self.page.get_by_role("button", name=name, exact=exact))

    def _tap(self, target: Locator) -> None:
        """Click, wait for the next page, look."""
        target.click()
        self.taps += 1
        self.page.wait_for_load_state()
        self.look()

    def _on_request(self, request: Request) -> None:
        """Nothing leaves the house (AC6)."""
        if request.is_navigation_request():
            self.opened_by = request.method
        if not request.url.startswith((self.base + "/", "data:")):
            self.trouble.append(f"request to {request.url}")

    def _on_response(self, response: Response) -> None:
        """Every answer has its policy, and none of it is loose (AC7)."""
        policy = response.headers.get("content-security-policy", "")
        if response.url.startswith(self.base) and ("default-src 'self'" not in policy or "unsafe" in policy):
            self.trouble.append(f"policy {policy!r} of {response.url}")

    def _on_console(self, message: ConsoleMessage) -> None:
        """No errors in the console, but that a form was refused."""
        if message.type == "error" and not re.search(r"status of 4\d\d", message.text):
            self.trouble.append(message.text)
