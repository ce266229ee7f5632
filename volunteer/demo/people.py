"""The people: staff with their grants, and the volunteers who register week by week.

Who counts in which unit stands in data/units.json (`people`). Two in five come in the first three days, the others
evenly until yesterday, so that a trend line rises. Names, birth dates and identity numbers are made up by arithmetic;
the numbers begin with 990000, a place that no paper names.
"""

import datetime as dt
import uuid
from typing import Any

from volunteer.access import NOBODY, Actor, Role
from volunteer.accounts import service as accounts
from volunteer.accounts import sign_in
from volunteer.demo.roles import PASSWORD
from volunteer.demo.story import Person, Story, read, rows_of
from volunteer.registration import consenting, notices, registering, standing
from volunteer.registration.rules import ADULT_AGE, born_by_for
from volunteer.registration.rules_consents import ConsentKind
from volunteer.registration.schemas import RegisterIn

FIRST_DAY, EARLY_DAYS, EARLY = -84, 3, 0.4
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
#: Ages by kind of unit: the youngest and how many years from there on. Papers and pupils are apart.
AGES = {"community": (19, 61), "school": (23, 35), "social_organization": (24, 52)}
WORKING_AGES = (22, 38)
PAPER_AGES, PUPIL_AGES = (71, 9), (15, 3)
PUPILS = ("ZX1", 4)
PAPERS = 2


def begin(story: Story) -> None:
    """Note who is employed on the first day, and when everybody registers."""
    data = read("people")
    story.at(story.when(-90, "10:00"), lambda: _staff(story, data))
    for person in _planned(story, data):
        story.people.append(person)
        story.at(person.joins_at, lambda person=person: join(story, person))  # type: ignore[misc]
    story.at(story.when(-70, "10:00"), lambda: _child(story, data["child"]))
    story.at(story.when(-21, "15:00"), lambda: _suspend(story))
    story.at(story.when(-16, "15:00"), lambda: _transfer(story))
    story.at(story.when(-9, "15:00"), lambda: _contest(story, data["contested_in"]))


def resident_id(birth: dt.date, order: int) -> str:
    """Return a made-up, well-formed identity number; its order code is odd for men (GB 11643)."""
    body = f"990000{birth:%Y%m%d}{order:03d}"
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, WEIGHTS, strict=True)) % 11]


def signed_in(story: Story, phone: str, password: str | None = None) -> Actor:
    """Return who signs in with a password, or else with a code to their phone."""
    code = None if password else sign_in.request_code(phone, "login", story.present, "127.0.0.1")
    token = sign_in.login(phone, password, code, story.present).token
    actor = sign_in.authenticate(token, story.present)
    if actor is None:
        raise LookupError(f"{phone} cannot sign in")
    return actor


def _staff(story: Story, data: dict[str, Any]) -> None:
    """Make the people who work here, with their grants."""
    admin = story.staff["admin"]
    for row in data["staff"]:
        account_id = accounts.create_account(admin, row["phone"], row["name"], PASSWORD, story.present)
        scope: dict[str, uuid.UUID | None] = {
            f"{kind}_id": story.ids[f"{kind} {row[kind]}"] for kind in ("unit", "station") if kind in row
        }
        accounts.add_grant(admin, account_id, Role(row["role"]), scope, story.present)
        story.staff[row["key"]] = signed_in(story, row["phone"], PASSWORD)


def _planned(story: Story, data: dict[str, Any]) -> list[Person]:
    """Return everybody who will register: the units' people, who has no unit, who stays unproven, the contested."""
    found: list[Person] = []
    cast = {row["unit"]: row for row in data["cast"]}
    units = rows_of("units")
    for index, unit in enumerate(units):
        pupils, papers = PUPILS[1] if unit["code"] == PUPILS[0] else 0, PAPERS * (unit["code"] in data["on_paper"])
        for k in range(unit["people"] - (unit["code"] == PUPILS[0])):  # one of the pupils is the cast's child
            left = unit["people"] - 1 - k
            way = "pupil" if left <= pupils - 1 and pupils else "paper" if left < papers else "phone"
            person = _made_up(story, data, len(found), unit, way)
            person.joins_at = _joins_at(story, person.number, (k + index * 7 % 10 / 10) / unit["people"])
            found.append(_named(story, person, cast[unit["code"]]) if k == 0 and unit["code"] in cast else person)
    for extra in range(data["without_unit"] + data["unproven"] + 1):
        unit = units[extra * 3 % len(units)]
        way = "phone" if extra <= data["without_unit"] else "unproven"
        person = _made_up(story, data, len(found), unit, way)
        person.joins_at = _joins_at(story, person.number, 0.55 + extra * 0.024)
        if extra < data["without_unit"]:
            person.unit = None
        elif extra == data["without_unit"]:
            person.unit, story.cast["contested"] = data["contested_in"], person
        found.append(person)
    return found


def _joins_at(story: Story, number: int, part: float) -> dt.datetime:
    """Return when somebody registers who is at this part of their unit's people."""
    if part < EARLY:
        day = FIRST_DAY + int(part / EARLY * EARLY_DAYS)
    else:
        day = FIRST_DAY + EARLY_DAYS + int((part - EARLY) / (1 - EARLY) * -(FIRST_DAY + EARLY_DAYS + 1))
    return story.when(min(day, -1), "09:00") + dt.timedelta(minutes=number * 13 % 480)


def _made_up(story: Story, data: dict[str, Any], number: int, unit: dict[str, Any], way: str) -> Person:
    """Return a person made of a number."""
    sex = "male" if number % 5 in (1, 3) else "female"
    youngest, years = {"pupil": PUPIL_AGES, "paper": PAPER_AGES}.get(way) or AGES.get(unit["kind"], WORKING_AGES)
    birth = _birth(story, youngest + number * 17 % years, number)
    rare = data["rare"]
    name = rare[number // 97 % len(rare)] if number % 97 == 53 else _name(data, number, sex)
    return Person(number, name, sex, birth, unit["code"], str(13800001000 + number), story.now, way)


def _name(data: dict[str, Any], number: int, sex: str) -> str:
    """Return a name of two or three characters."""
    first, second = (part.split("|") for part in data[sex])
    surname: str = data["surnames"][number * 11 % len(data["surnames"])]
    middle = "" if number % 7 == 4 else first[number * 5 // 3 % len(first)]
    return f"{surname}{middle}{second[number * 7 // 4 % len(second)]}"


def _birth(story: Story, age: int, number: int) -> dt.date:
    """Return a birth date of somebody who is `age` today."""
    days = story.today.timetuple().tm_yday - 2 - number * 37 % 330
    return dt.date(story.today.year - age, 1, 1) + dt.timedelta(days=days)


def _named(story: Story, person: Person, row: dict[str, Any]) -> Person:
    """Make somebody one of the cast, whom the landing page lets one be."""
    person.name, person.sex, person.phone, person.way = row["name"], row["sex"], row["phone"], "cast"
    person.birth = _birth(story, row["age"], person.number)
    story.cast[row["key"]] = person
    return person


def join(story: Story, person: Person) -> None:
    """Register somebody the way they come; who will serve signs in."""
    if person.way == "paper":
        _join_on_paper(story, person)
        return
    body = _body(story, person)
    if person.way == "pupil":
        body["guardian"] = _guardian(story, person.phone, f"{person.name[0]}秀英", "mother")
    elif person.way != "unproven":
        body["phone_code"] = sign_in.request_code(person.phone, "register", story.present, "127.0.0.1")
    if person.way == "cast":
        body["password"] = PASSWORD
    channel = "wechat" if person.number % 3 else "browser"
    person.id = registering.register(NOBODY, RegisterIn().load(body), story.present, channel).id
    if person.way == "cast":
        person.actor = signed_in(story, person.phone, PASSWORD)
    elif person.way == "phone" and person.joins_at < story.when(FIRST_DAY + EARLY_DAYS):
        person.actor = signed_in(story, person.phone)
    if person.actor is not None and person.birth <= born_by_for(story.today, ADULT_AGE):
        _agree(story, person, person.actor)


def _agree(story: Story, person: Person, actor: Actor) -> None:
    """Let every other agree to be named in public, some to photos and to being passed on."""
    chosen = ((ConsentKind.PUBLIC_NAMES, 2), (ConsentKind.PHOTOS, 6), (ConsentKind.UPSTREAM, 5))
    for kind, every in chosen:
        if person.number % every == 0:
            consenting.give(actor, None, kind, notices.current_notice(kind).version, story.present, "browser")


def _body(story: Story, person: Person) -> dict[str, Any]:
    """Return an application as the form sends it."""
    body: dict[str, Any] = {
        "name": person.name,
        "id_type": "resident_id",
        "id_number": resident_id(person.birth, (2 * person.number + (person.sex == "male")) % 1000),
        "phone": person.phone,
        "consent_version": notices.current_notice().version,
        "political_status": ("13", "01", "03", "13")[person.number % 4],
    }
    if person.unit:
        body["unit_id"] = str(story.ids[f"unit {person.unit}"])
        if f"area {person.unit}" in story.ids:
            body["area_id"] = str(story.ids[f"area {person.unit}"])
    return body


def _guardian(story: Story, phone: str, name: str, relation: str) -> dict[str, str]:
    """Return a guardian who agrees with a code to their phone."""
    code = sign_in.request_code(phone, "guardian", story.present, "127.0.0.1") or ""
    return {"name": name, "phone": phone, "phone_code": code, "relation": relation}


def _join_on_paper(story: Story, person: Person) -> None:
    """Let a keeper register somebody without a phone from a signed paper, and confirm whom the paper shows."""
    body = _body(story, person)
    del body["phone"], body["consent_version"]
    body["paper_consent_reference"] = f"纸质同意书 {story.present:%Y}-{person.number:04d}"
    _, keeper = story.keeper(f"{(person.unit or 'QH')[:2]}S" if person.unit != "YLH" else "QHS")
    person.id = registering.register(keeper, RegisterIn().load(body), story.present, "keeper").id
    standing.confirm(keeper, person.id, story.present)


def _child(story: Story, row: dict[str, Any]) -> None:
    """Let the cast's parent register their child: the parent's phone is the guardian's and the child's."""
    parent = story.cast["parent"]
    child = Person(999, row["name"], row["sex"], _birth(story, row["age"], 3), row["unit"], parent.phone, story.present)
    body = _body(story, child) | {"relation": "family"}
    body["guardian"] = _guardian(story, parent.phone, parent.name, row["relation"])
    child.id = registering.register(parent.actor or NOBODY, RegisterIn().load(body), story.present, "wechat").id
    story.cast["child"] = child


def _suspend(story: Story) -> None:
    """Suspend somebody who is signed up for nothing; they still count."""
    person = next(one for one in story.people if one.unit == "CZJ" and one.id and one.actor is None)
    standing.suspend(story.staff["admin"], person.id or uuid.UUID(int=0), "冒用他人签到码,正在核实。", story.present)


def _transfer(story: Story) -> None:
    """Move somebody who changed jobs there and back, so that the figures stay: the history shows it."""
    person = next(one for one in story.people if one.unit == "WLJ" and one.id)
    admin, person_id = story.staff["admin"], person.id or uuid.UUID(int=0)
    standing.transfer(admin, person_id, story.ids["unit TSG"], None, story.present)
    back = story.when(-12, "15:00")
    story.at(back, lambda: standing.transfer(admin, person_id, story.ids["unit WLJ"], None, story.present))


def _contest(story: Story, unit: str) -> None:
    """Let the liaison say that somebody does not belong to the unit: they stay registered, without one."""
    person = story.cast["contested"]
    standing.contest(story.staff["liaison"], person.id or uuid.UUID(int=0), "不是本单位职工。", story.present)
