"""The authorisation matrix: every route and page, for every role, on real things of ours.

What a foreign role gets holds no byte of ours, and every route has its line. Source: peers.md T5, T41.
"""

import datetime as dt
import re
import uuid
from typing import Any

from flask import Flask

from tests import world
from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Answer, Api
from tests.hardening import matrix
from tests.hardening.matrix import LINES, TOKENS, Line
from tests.world import World
from volunteer.app import PAGES, routes
from volunteer.web.pages import COOKIE

STATUS = {"1": 401, "3": 403, "4": 404}


def shape(method: str, path: str) -> tuple[str, ...]:
    """Return a route's method and path with its parameters left open."""
    return method, re.sub(
        r"[<{][^>}]*[>}]|(?<=/targets/)2026|(?<=/code-tables/)\w+|(?<=/station/shell/)\w+", "*", path.partition("?")[0]
    )


def test_t5_every_route_has_a_line_and_every_line_a_route() -> None:
    served = {shape(route.method, route.path) for route in routes()}
    assert {shape(one.method, one.path) for one in LINES} == served


class Asker:
    """Fills the lines' requests with the ids of one world."""

    def __init__(self, api: Api, found: World) -> None:
        self.api, self.found = api, found
        self.now: dt.datetime = api.now()
        staff = found.staff["spare"]
        self.names = found.ids | {"spare_phone": staff[0], "password": staff[1]}

    def ask(self, one: Line, role: str) -> Answer:
        """Send the line's request in a role."""
        token = self.found.tokens[TOKENS[role]] if role in TOKENS else None
        path, body = self.fill(one.path), self.body(one.body)
        return self.api(one.method, path, body, token)

    def fill(self, text: str) -> str:
        """Put ids in the place of names."""
        names = self.names | {"phone": world.new_phone()}
        return re.sub(r"\{(\w+)\}", lambda name: names[name[1]], text)

    def body(self, body: Any) -> Any:
        """Return the body to send; a few are made anew for each role."""
        if not isinstance(body, dict):
            return body
        for kind, make in self.made().items():
            if kind in body:
                return make(body[kind])
        return {key: self.value(value) for key, value in body.items()}

    def value(self, value: Any) -> Any:
        """Fill in one value."""
        if isinstance(value, list):
            return [self.value(one) for one in value]
        return self.fill(value) if isinstance(value, str) else value

    def made(self) -> dict[str, Any]:
        """Return what makes the bodies that hold more than ids."""
        return {
            "known": self.known,
            "claim": self.claim,
            "activity": self.activity,
            "proposal": lambda unit: self.activity("station") | {"organizer_unit_id": self.names[unit]},
            "shift": lambda _: self.shift(),
            "scan": self.scan,
            "batch": self.batch,
            "roll": self.roll,
            "make_up": self.make_up,
        }

    def at(self, minutes: int) -> str:
        """Return an instant some minutes from now."""
        return (self.now + dt.timedelta(minutes=minutes)).isoformat()

    def known(self, role: str) -> dict[str, Any]:
        """Return an application of somebody who is registered."""
        person = self.found.people[role]
        consent = self.api("GET", "/privacy-notice", expect=200).body["version"]
        body = {"name": person.name, "id_type": "resident_id", "id_number": person.id_number}
        return body | {"phone": world.new_phone(), "consent_version": consent}

    def claim(self, role: str) -> dict[str, Any]:
        """Return a claim with a wrong code."""
        person = self.found.people[role]
        return {"id_type": "resident_id", "id_number": person.id_number, "phone": person.phone, "phone_code": "0"}

    def activity(self, station: str) -> dict[str, Any]:
        """Return a sound activity."""
        texts = {name: "值守" for name in ("title", "summary", "risk_notice", "leader_name")}
        body = {"station_id": self.names[station], "category": "traffic_guidance", "leader_phone": "13900000000"}
        return body | texts | {"shifts": [self.shift()]}

    def shift(self) -> dict[str, Any]:
        """Return a sound shift."""
        return {"post": "某岗", "starts_at": self.at(1100), "ends_at": self.at(1160), "capacity": 3}

    def scan(self, shift: str) -> dict[str, Any]:
        """Return a scan of the volunteer's living code; signed in already, so that nothing changes."""
        code = self.api("GET", "/me/code", token=self.found.tokens["volunteer"], expect=200).body["payload"]
        return {"volunteer_code": code, "shift_id": self.names[shift], "direction": "in"}

    def batch(self, shift: str) -> dict[str, Any]:
        """Return a batch of one such scan."""
        event = self.scan(shift) | {"id": str(uuid.uuid4()), "scanned_at": self.at(0)}
        return {"sent_at": self.at(0), "events": [event]}

    def roll(self, role: str) -> dict[str, Any]:
        """Return a paper list."""
        return {"direction": "in", "volunteer_ids": [self.names[role]], "reason": "断网"}

    def make_up(self, role: str) -> dict[str, Any]:
        """Return a make-up of time that is credited already."""
        body = {"shift_id": self.names["shift"], "volunteer_id": self.names[role], "reason": "停电"}
        return body | {"from": self.at(-190), "to": self.at(-150)}


#: What anybody may see of the world: places and what is published, and the other volunteer's own.
OPEN = {
    *("area", "bureau", "school", "foreign_unit", "center", "station", "foreign_station"),
    *("open", "choosy", "spare_open", "foreign", "shift", "later_shift", "choosy_shift", "spare_shift"),
    *("spare_shift2", "foreign_shift", "other", "other_signup", "foreign_device", "consent", "deed", "format", "rule"),
    *("team", "foreign_team", "spare_team", "official", "zone", "pairing"),
}
#: What is the shift leader's own, as a volunteer.
LEADERS = ("leader", "team_request", "leader_signup", "pending_signup2", "review", "review2")


def ours(found: World, role: str) -> set[str]:
    """Return what a stranger must not read: ids of our people and of what they did, names, phones, secrets."""
    own = LEADERS if role == "sl" else ()
    ids = {
        value
        for name, value in found.ids.items()
        if name not in OPEN and name not in own and not name.startswith("account")
    }
    people = [found.people["other"], *([found.people["leader"]] if role == "sl" else [])]
    theirs = {text for person in people for text in (person.name, person.phone, person.id_number)}
    return (ids | set(found.secrets.values()) | set(found.words)) - theirs


#: Where people stand in full: what was lifted with a reason, and to an admin the names of staff.
IN_FULL = {("/volunteers/{volunteer}/unmask", role) for role in matrix.ROLES}
IN_FULL |= {("/accounts", "ad"), ("GET /manage/accounts", "ad"), ("GET /manage/audit", "ad")}


def in_full(found: World) -> set[str]:
    """Return what is masked for everybody but the person, staff included."""
    theirs = {text for one in found.people.values() for text in (one.name, one.phone, one.id_number) if text}
    return theirs | {text for name, text in found.secrets.items() if not name.startswith(("leader", "a personal"))}


def judge(one: Line, role: str, answer: Answer, marks: set[str], personal: set[str]) -> str | None:
    """Return what is wrong with an answer, or None; `marks` are ours, `personal` those masked for staff too."""
    want = one.expected[role]
    told = f"{one.method} {one.path} as {matrix.ROLES[role]}: {answer.status}"
    if want == ".":
        good = answer.status < 300 or answer.status == 409 or answer.status in one.also
        marks = set() if role == "vo" or (one.path, role) in IN_FULL else marks & personal
    else:
        good = answer.status < 300 if want == "o" else answer.status == STATUS[want]
    if not good:
        return f"{told}, wanted {want}: {answer.raw[:200].decode(errors='replace')}"
    seen = sorted(mark for mark in marks if mark.encode() in answer.raw)
    return f"{told} shows what is ours: {seen[:3]}" if seen else None


def test_t41_each_role_gets_what_the_contract_gives_it_and_no_byte_more(api: Api, admin: str) -> None:
    found = world.build(api, admin)
    found.tokens["dead"] = dead_token(api, found)
    asker, wrong, personal = Asker(api, found), [], in_full(found)
    for one in LINES:
        # What the request itself names is no secret to the asker.
        named = set(re.findall(r"\{(\w+)\}", one.path + str(one.body)))
        for role in matrix.ROLES:
            marks = ours(found, role) - {found.ids.get(name, "") for name in named}
            fault = judge(one, role, asker.ask(one, role), marks, personal)
            if fault:
                wrong.append(fault)
    assert not wrong, "\n".join(wrong)


def dead_token(api: Api, found: World) -> str:
    """Return a token that has ended."""
    token = api.login(*found.staff["keeper"])
    api("POST", "/auth/logout", {}, token, expect=204)
    return token


def test_t5_every_page_has_a_line_and_every_line_a_page() -> None:
    served = {shape(method, page.rule) for room in PAGES for page in room.routes for method in page.methods}
    assert {shape(*one.split(" ", 1)) for one in matrix.PAGES} == served


def test_each_role_gets_the_pages_that_are_for_it(app: Flask, api: Api, admin: str) -> None:
    found = world.build(api, admin)
    cookies = {role: "" for role in matrix.PAGE_ROLES}
    phones = {role: found.people[TOKENS[role]].phone for role in ("vo", "ot")}
    phones |= {role: found.staff[TOKENS[role]][0] for role in ("ke", "au")}
    for role, phone in phones.items():
        cookies[role] = session_of(app, phone, world.PASSWORD)
    cookies["ad"] = session_of(app, ADMIN_PHONE, ADMIN_PASSWORD)
    cookies["be"] = found.tokens["volunteer"]
    cookies["de"] = "ended"
    wrong, strangers, personal = [], ours(found, "ot"), in_full(found)
    for one, codes in matrix.PAGES.items():
        method, path = Asker(api, found).fill(one).split(" ", 1)
        named = {found.ids[name] for name in re.findall(r"\{(\w+)\}", one)}
        for role, want in zip(matrix.PAGE_ROLES, codes.replace(" ", ""), strict=True):
            client = app.test_client()
            if cookies[role]:
                client.set_cookie(COOKIE, cookies[role])
            answer = client.open(path, method=method)
            if page_code(answer.status_code, answer.headers.get("Location", "")) != want:
                wrong.append(f"{one} as {matrix.PAGE_ROLES[role]}: {answer.status_code}, wanted {want}")
            hidden = (
                set()
                if role == "vo" or (one, role) in IN_FULL
                else personal
                if role in ("ke", "au", "ad")
                else strangers
            )
            shown = [mark for mark in strangers & hidden - named if mark.encode() in answer.get_data()]
            wrong += [f"{one} as {matrix.PAGE_ROLES[role]} shows {shown[:3]}"] if shown else []
    assert not wrong, "\n".join(wrong)


def page_code(status: int, target: str) -> str:
    """Return the letter of a page's answer."""
    if status == 302 and target.startswith("/login"):
        return "L"
    return "." if status < 400 else str(status)[-1]


def session_of(app: Flask, phone: str, password: str) -> str:
    """Sign in by the form; return the session's cookie."""
    client = app.test_client()
    form = client.get("/login").get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    assert token
    client.post("/login", data={"csrf_token": token[1], "phone": phone, "password": password})
    cookie = client.get_cookie(COOKIE)
    assert cookie
    return cookie.value
