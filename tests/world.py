"""A whole small world, built through the API: places, staff, people, activities, scans, requests, proofs.

It speaks to the app in this process (`conftest.Api`) or to a service that runs (`hardening.services.Service`), so it
takes from the rooms' `making.py` only what both can do. Everything of ours hangs below one unit and one station; beside
it stand a foreign unit and a foreign station, so that a test can ask what the neighbours see of us.
"""

import datetime as dt
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

from tests.conftest import Answer
from tests.registration.making import resident_id
from tests.stations.making import HERE

PASSWORD = "World-2026-pass"
CHILD_BIRTH = dt.date(2016, 6, 1)
#: What every phone of a world looks like.
PHONES = rb"1777\d{7}"
_numbers = count(1)


class Caller(Protocol):
    """What can call the API: the test client's `Api` or a running `Service`."""

    now: Any

    def __call__(
        self, method: str, path: str, body: Any = None, token: str | None = None, expect: int | None = None
    ) -> Answer: ...

    def upload(self, path: str, name: str, data: bytes, token: str, expect: int | None = None) -> Answer: ...

    def login(self, phone: str, password: str) -> str: ...

    def code(self, phone: str, purpose: str) -> str: ...


@dataclass
class Person:
    """A volunteer with all that is known of them."""

    id: str
    no: str
    name: str
    phone: str
    id_number: str
    token: str = ""


@dataclass
class World:
    """Ids by a telling name, tokens by role, and what must never be found in a dump."""

    ids: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    staff: dict[str, tuple[str, str]] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)


def new_phone() -> str:
    """Return a phone that nobody has."""
    return f"1777{next(_numbers):07}"


class Builder:
    """Builds a world step by step; each step needs the ones before it."""

    def __init__(self, api: Caller, admin: str) -> None:
        self.api, self.admin = api, admin
        self.world = World()
        self.world.tokens["admin"] = admin
        self.now: dt.datetime = api.now()

    def make(self, name: str, path: str, body: Any, token: str | None = None) -> dict[str, Any]:
        """Create something under a name; keep its id."""
        made: dict[str, Any] = self.api("POST", path, body, token or self.admin, expect=201).body
        self.world.ids[name] = made["id"]
        return made

    def at(self, minutes: int) -> str:
        """Return an instant some minutes from the beginning."""
        return (self.now + dt.timedelta(minutes=minutes)).isoformat()

    def places(self) -> None:
        """Areas, units with a task, stations: ours and the neighbours'."""
        n, ids = next(_numbers), self.world.ids
        self.make("area", "/areas", {"code": f"WA{n}", "name": f"望江街道{n}", "level": "street"})
        for side, parent in (("bureau", None), ("school", "bureau"), ("foreign_unit", None)):
            body = {"code": f"WU{side}{n}", "name": f"单位{side}{n}", "kind": "government", "area_id": ids["area"]}
            self.make(side, "/units", body | {"parent_id": ids[parent] if parent else None})
        self.api("PUT", f"/units/{ids['school']}/targets/{self.now.year}", {"target": 3}, self.admin, expect=200)
        places = (("center", "center", None), ("station", "station", "center"), ("foreign_station", "station", None))
        for side, level, parent in places:
            body = {"code": f"WS{side}{n}", "name": f"站{side}{n}", "level": level, "unit_id": ids["bureau"]}
            self.make(side, "/stations", body | HERE | {"parent_id": ids[parent] if parent else None})

    def add_staff(self, role: str, name: str, grant: dict[str, str]) -> str:
        """Add an account with a grant; keep its token under `role`."""
        phone = new_phone()
        made = self.make(f"account_{role}", "/accounts", {"phone": phone, "name": name, "password": PASSWORD})
        given = self.api("POST", f"/accounts/{made['id']}/grants", grant, self.admin, expect=201).body
        self.world.ids[f"grant_{role}"] = given["id"]
        self.world.staff[role] = (phone, PASSWORD)
        self.world.secrets[f"phone of {role}"] = phone
        self.world.tokens[role] = self.api.login(phone, PASSWORD)
        return self.world.tokens[role]

    def staff(self) -> None:
        """One of each role, ours and the neighbours', and a spare one to be taken away."""
        ids = self.world.ids
        self.add_staff("liaison", "陆联络甲", {"role": "unit_liaison", "unit_id": ids["bureau"]})
        self.add_staff("foreign_liaison", "陆联络乙", {"role": "unit_liaison", "unit_id": ids["foreign_unit"]})
        self.add_staff("keeper", "祁站员甲", {"role": "station_keeper", "station_id": ids["station"]})
        self.add_staff("foreign_keeper", "祁站员乙", {"role": "station_keeper", "station_id": ids["foreign_station"]})
        self.add_staff("parent_keeper", "祁站长", {"role": "station_keeper", "station_id": ids["center"]})
        self.add_staff("auditor", "申稽核", {"role": "auditor"})
        self.add_staff("spare", "余备用", {"role": "auditor"})

    def form(self, name: str, birth: dt.date, **more: Any) -> dict[str, Any]:
        """Return a sound application; None takes a field out."""
        body = {
            "name": name,
            "id_type": "resident_id",
            "id_number": resident_id(birth),
            "consent_version": self.api("GET", "/privacy-notice", expect=200).body["version"],
        }
        return {key: value for key, value in (body | more).items() if value is not None}

    def add_person(self, role: str, body: dict[str, Any], token: str | None = None, password: str = "") -> Person:
        """Register somebody; sign them in where they have a password."""
        made = self.api("POST", "/volunteers", body, token, expect=201).body
        person = Person(made["id"], made["volunteer_no"], body["name"], body.get("phone", ""), body["id_number"])
        if password:
            person.token = self.world.tokens[role] = self.api.login(person.phone, password)
        self.world.ids[role], self.world.people[role] = person.id, person
        self.world.secrets[f"id number of {role}"] = person.id_number
        if person.phone:
            self.world.secrets[f"phone of {role}"] = person.phone
        return person

    def add_adult(self, role: str, name: str, unit: str) -> Person:
        """Register an adult who proved a phone, in a unit."""
        phone = new_phone()
        body = self.form(name, dt.date(1988, 2, 29), phone=phone, phone_code=self.api.code(phone, "register"))
        body |= {"password": PASSWORD, "unit_id": self.world.ids[unit]}
        return self.add_person(role, body, password=PASSWORD)

    def people(self) -> None:
        """Adults of ours and of the neighbours', a child with its guardian, one on paper, one unproven."""
        ids, world = self.world.ids, self.world
        volunteer = self.add_adult("volunteer", "欧阳慕白", "school")
        self.add_adult("other", "司徒远航", "foreign_unit")
        self.add_adult("leader", "上官清扬", "school")
        contact = {"name": "欧阳急难", "phone": new_phone(), "relation": "parent"}
        self.api("PATCH", f"/volunteers/{volunteer.id}", {"emergency_contact": contact}, volunteer.token, expect=200)
        world.secrets |= {"emergency phone": contact["phone"], "emergency name": contact["name"]}
        code = self.api.code(volunteer.phone, "guardian")
        guardian = {"name": "欧阳监护", "phone": volunteer.phone, "phone_code": code, "relation": "parent"}
        child = self.form("欧阳稚子", CHILD_BIRTH, guardian=guardian, unit_id=ids["school"], phone=volunteer.phone)
        self.add_person("child", child, volunteer.token)
        world.secrets |= {"guardian's name": "欧阳监护", "a minor's name": "欧阳稚子"}
        paper = self.form("皇甫无机", dt.date(1950, 3, 4), paper_consent_reference="档案 7-12", unit_id=ids["school"])
        self.add_person("paper", paper, world.tokens["keeper"])
        self.api("POST", f"/volunteers/{ids['paper']}/confirm", {}, world.tokens["keeper"], expect=200)
        unproven = self.form("东方未证", dt.date(1999, 9, 9), phone=new_phone(), unit_id=ids["school"])
        self.add_person("unproven", unproven)
        self.add_adult("spare_person", "南宫备用", "school")
        self.deny()
        world.words += [person.name for person in world.people.values()]

    def deny(self) -> None:
        """Somebody on paper who never agreed, and says so."""
        paper = self.form(
            "公孙不知", dt.date(1951, 3, 4), paper_consent_reference="档案 7-13", unit_id=self.world.ids["school"]
        )
        person, phone = self.add_person("denier", paper, self.world.tokens["keeper"]), new_phone()
        body = {"phone": phone, "phone_code": self.api.code(phone, "register"), "id_number": person.id_number}
        proof = self.api("POST", "/registration-checks", body, expect=200).body["proof"]
        self.api("POST", f"/volunteers/{person.id}/deny", {"proof": proof}, expect=200)
        found = self.api("GET", "/denials", token=self.admin, expect=200).body["items"]
        self.world.ids["denial"] = found[-1]["id"]

    def imports(self) -> None:
        """A roster that is checked, with a fault in it, and one that is written: somebody is invited."""
        ids, world = self.world.ids, self.world
        for name, person in (("import", "闻人在册 2"), ("committed_import", "闻人在册")):
            number, phone = resident_id(dt.date(1979, 9, 9)), new_phone()
            data = f"姓名,身份证号,手机号\n{person},{number},{phone}\n".encode()
            world.secrets |= {f"id number in {name}": number, f"phone in {name}": phone}
            path = "/imports/volunteers"
            made = self.api.upload(path, "闻人名单.csv", data, world.tokens["liaison"], 201).body
            ids[name] = made["id"]
        self.api("POST", f"/imports/{ids['committed_import']}/commit", {}, world.tokens["liaison"], expect=200)
        found = self.api("GET", "/volunteers?status=invited", token=self.admin, expect=200).body["items"]
        ids["invitation"] = found[0]["id"]
        draft = {"kind": "photos", "text": "照片使用同意书,另一版", "summary": "另一版"}
        self.make("notice", "/privacy-notices", draft)
        ids |= {"consent": "photos", "deed": "give", "format": "json", "rule": "messages"}
        wanted = {"fields": ["guardian_phone"], "reason": "联系监护人"}
        self.make("unmask_request", f"/volunteers/{ids['child']}/unmask-requests", wanted, self.admin)
        ids["template"] = "volunteers"

    def add_activity(
        self, name: str, station: str, keeper: str, shifts: list[tuple[str, int, int]], **more: Any
    ) -> None:
        """Draft an activity with shifts of (name, start, end in minutes from now)."""
        tokens, ids = self.world.tokens, self.world.ids
        body = self.sound(f"文明劝导 {name}", station, shifts)
        made = self.make(name, "/activities", body | more, tokens[keeper])
        for (post, _, _), shift in zip(shifts, made["shifts"], strict=True):
            ids[post] = shift["id"]

    def sound(self, title: str, station: str, shifts: list[tuple[str, int, int]]) -> dict[str, Any]:
        """Return a sound activity, led by somebody with a new phone."""
        leader_phone = new_phone()
        self.world.secrets[f"leader's phone of {title}"] = leader_phone
        return {
            "station_id": self.world.ids[station],
            "title": title,
            "category": "traffic_guidance",
            "summary": "路口文明劝导。",
            "risk_notice": "路口车流较大,请在安全区内值守。",
            "leader_name": "令狐带队",
            "leader_phone": leader_phone,
            "walk_ins": False,
            "shifts": [
                {"post": post, "starts_at": self.at(start), "ends_at": self.at(end), "capacity": 5}
                for post, start, end in shifts
            ],
        }

    def publish(self, name: str, keeper: str, approver: str) -> None:
        """Submit and approve."""
        path = f"/activities/{self.world.ids[name]}"
        self.api("POST", f"{path}/submit", {}, self.world.tokens[keeper], expect=200)
        self.api("POST", f"{path}/approve", {}, self.world.tokens[approver], expect=200)

    def activities(self) -> None:
        """Published, draft and submitted ones at our station, one at the neighbours', with sign-ups."""
        tokens, ids = self.world.tokens, self.world.ids
        self.add_activity("open", "station", "keeper", [("shift", -240, 60), ("later_shift", 120, 240)])
        self.publish("open", "keeper", "parent_keeper")
        self.add_activity("choosy", "station", "keeper", [("choosy_shift", 300, 420)], needs_approval=True)
        self.publish("choosy", "keeper", "parent_keeper")
        self.add_activity("spare_open", "station", "keeper", [("spare_shift", 500, 600), ("spare_shift2", 700, 800)])
        self.publish("spare_open", "keeper", "parent_keeper")
        self.add_activity("draft", "station", "keeper", [("draft_shift", 900, 960)])
        for name in ("submitted", "submitted2"):
            self.add_activity(name, "station", "keeper", [(f"{name}_shift", 1000, 1060)])
            self.api("POST", f"/activities/{ids[name]}/submit", {}, tokens["keeper"], expect=200)
        self.add_activity("foreign", "foreign_station", "foreign_keeper", [("foreign_shift", -240, 60)])
        self.publish("foreign", "foreign_keeper", "admin")
        self.world.words += ["文明劝导 draft", "文明劝导 submitted"]
        grant = {"role": "shift_leader", "shift_id": ids["shift"]}
        account = self.api("GET", "/me", token=tokens["leader"], expect=200).body["account"]["id"]
        self.api("POST", f"/accounts/{account}/grants", grant, self.admin, expect=201)
        self.sign_up("signup", "shift", "volunteer")
        self.sign_up("later_signup", "later_shift", "volunteer")
        self.sign_up("leader_signup", "shift", "leader")
        self.sign_up("other_signup", "foreign_shift", "other")
        self.sign_up("pending_signup", "choosy_shift", "volunteer")
        self.sign_up("pending_signup2", "choosy_shift", "leader")
        body = {"volunteer_id": ids["paper"]}
        self.make("paper_signup", f"/shifts/{ids['shift']}/signups", body, tokens["keeper"])
        self.make("spare_signup", f"/shifts/{ids['later_shift']}/signups", body, tokens["keeper"])

    def sign_up(self, name: str, shift: str, role: str) -> None:
        """Sign somebody up who can do so."""
        self.make(name, f"/shifts/{self.world.ids[shift]}/signups", {}, self.world.tokens[role])

    def teams(self) -> None:
        """A team of ours with two members, one of the neighbours', one to dissolve; somebody asks to join."""
        tokens, ids = self.world.tokens, self.world.ids
        owners = (("team", "school", "liaison"), ("foreign_team", "foreign_unit", "foreign_liaison"))
        for name, unit, liaison in (*owners, ("spare_team", "school", "liaison")):
            body = {"name": f"志愿服务队 {name}", "kind": "general", "unit_id": ids[unit]}
            self.make(name, "/teams", body | {"station_id": None}, tokens[liaison])
        self.api("PATCH", f"/teams/{ids['team']}", {"station_id": ids["station"]}, self.admin, expect=200)
        for role in ("volunteer", "spare_person"):
            body = {"volunteer_id": ids[role]}
            self.api("POST", f"/teams/{ids['team']}/members", body, tokens["liaison"], expect=201)
        self.make("unit_request", "/me/unit-requests", {"unit_id": ids["bureau"]}, tokens["leader"])
        self.make("team_request", f"/teams/{ids['team']}/requests", {}, tokens["leader"])
        body = {"volunteer_id": ids["child"]}
        self.make("team_request2", f"/teams/{ids['team']}/requests", body, tokens["volunteer"])

    def pairings(self) -> None:
        """A leader and our unit answer for our area; a zone."""
        self.make("official", "/officials", {"name": "鲜于领导", "office": f"副区长{next(_numbers)}"})
        self.make("zone", "/zones", {"code": f"WZ{next(_numbers)}", "name": "望江片区"})
        body = {"kind": "paired", "area_id": self.world.ids["area"], "unit_ids": [self.world.ids["bureau"]]}
        made = self.api("POST", "/pairings", body, self.admin, expect=201).body["items"]
        self.world.ids["pairing"] = made[0]["id"]

    def proposals(self) -> None:
        """What our unit proposes: one is still being written, two lie at our station."""
        tokens, ids = self.world.tokens, self.world.ids
        for number, name in enumerate(("own_proposal", "proposal", "spare_proposal")):
            body = self.sound(f"提议 {name}", "station", [(f"{name}_shift", 2000 + number, 2100)])
            self.make(name, "/activity-proposals", body | {"organizer_unit_id": ids["school"]}, tokens["liaison"])
            if name != "own_proposal":
                self.api("POST", f"/activity-proposals/{ids[name]}/hand-in", {}, tokens["liaison"], expect=200)
        self.world.words += ["提议 own_proposal", "提议 proposal", "提议 spare_proposal"]

    def devices(self) -> None:
        """A scanner of ours, one of the neighbours', and a spare one."""
        for name, station, keeper in (
            ("device", "station", "keeper"),
            ("foreign_device", "foreign_station", "foreign_keeper"),
            ("spare_device", "station", "keeper"),
        ):
            path = f"/stations/{self.world.ids[station]}/devices"
            made = self.make(name, path, {"name": f"平板 {name}"}, self.world.tokens[keeper])
            self.world.tokens[name] = made["device_token"]

    def requests(self) -> None:
        """Make-ups approved and pending, a correction pending, proofs of service."""
        tokens, ids = self.world.tokens, self.world.ids
        spans = (("make_up", -200, -100), ("pending_make_up", -90, -60), ("pending_make_up2", -50, -30))
        for name, start, end in spans:
            body = {"shift_id": ids["shift"], "from": self.at(start), "to": self.at(end), "reason": "停电"}
            self.make(name, "/make-ups", body, tokens["volunteer"])
        self.api("POST", f"/make-ups/{ids['make_up']}/approve", {}, tokens["parent_keeper"], expect=200)
        entries = self.api("GET", "/me/hours/entries", token=tokens["volunteer"], expect=200).body["items"]
        ids["entry"] = next(entry["id"] for entry in entries if entry["state"] == "effective")
        body = {"minutes": 90, "reason": "提前离开"}
        self.make("correction", f"/hours/{ids['entry']}/corrections", body, tokens["volunteer"])
        day = self.now.astimezone(dt.timezone(dt.timedelta(hours=8))).date()
        for name, first in (("certificate", 1), ("spare_certificate", 2)):
            body = {"from": (day - dt.timedelta(days=first)).isoformat(), "to": day.isoformat()}
            made = self.api("POST", "/me/certificates", body, tokens["volunteer"], expect=201).body
            ids[name], ids[f"{name}_token"] = made["number"], made["token"]

        for name in ("qualification", "spare_qualification"):
            self.make(name, "/me/qualifications", {"kind": "first_aid", "issuer": "红十字会"}, tokens["volunteer"])

    def scans(self) -> None:
        """One is here, signed in by the scanner; two were on a paper list, which waits for a review."""
        tokens, ids = self.world.tokens, self.world.ids
        code = self.api("GET", "/me/code", token=tokens["volunteer"], expect=200).body["payload"]
        scan = {"volunteer_code": code, "shift_id": ids["shift"], "direction": "in"}
        made = self.api("POST", "/checkins", scan, tokens["device"], expect=201).body
        ids |= {"scan": made["id"], "attendance": made["attendance_id"]}
        for direction, minutes in (("in", -120), ("out", -30)):
            listed = {"direction": direction, "at": self.at(minutes), "reason": "断网"}
            listed["volunteer_ids"] = [ids["leader"], ids["paper"]]
            path = f"/shifts/{ids['shift']}/roll-call"
            self.api("POST", path, listed, tokens["keeper"], expect=200)
        reviews = self.api("GET", "/reviews", token=tokens["parent_keeper"], expect=200).body["items"]
        ids["review"], ids["review2"] = (one["id"] for one in reviews if one["kind"] == "weak_evidence")
        self.world.secrets["a personal code"] = code

    def anomalies(self) -> None:
        """A presence that is longer than the thresholds allow: whoever was on the paper list came in one minute."""
        limits = {"identical_people": 3, "pair_requests": 2, "granted_hours": 1}
        self.api("PATCH", "/anomaly-policy", limits, self.admin, expect=200)
        today = self.now.astimezone(dt.timezone(dt.timedelta(hours=8))).date()
        days = {"from": str(today - dt.timedelta(days=1)), "to": str(today)}  # soon after midnight it was yesterday
        self.api("POST", "/findings/search", days, self.admin, expect=200)
        found = self.api("GET", "/findings", token=self.admin, expect=200).body["items"]
        self.world.ids["finding"] = found[0]["id"]
        body = {"title": "抽查", **days, "size": 3}
        made = self.make("spot_check", "/spot-checks", body)
        items = self.api("GET", f"/spot-checks/{made['id']}/items", token=self.admin, expect=200).body["items"]
        self.world.ids["spot_item"] = items[0]["id"]

    def build(self) -> World:
        """Build all of it."""
        self.places()
        self.staff()
        self.people()
        self.imports()
        self.activities()
        self.teams()
        self.pairings()
        self.proposals()
        self.devices()
        self.requests()
        self.scans()
        self.anomalies()
        return self.world


def build(api: Caller, admin: str) -> World:
    """Return a whole world."""
    return Builder(api, admin).build()
