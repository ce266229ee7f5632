"""Registers people through the API, with computed identity numbers; for this room and the rooms above."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from tests.conftest import Answer, Api

PASSWORD = "Volunteer-2026"
CONSENT = "2026-03-01"
ADULT = dt.date(1990, 5, 1)
CHILD = dt.date(2014, 6, 1)
_numbers: Iterator[int] = count(1)


@dataclass(frozen=True)
class Volunteer:
    """A registered person with their sign-in."""

    id: str
    no: str
    phone: str
    token: str
    id_number: str


def resident_id(birth: dt.date = ADULT) -> str:
    """Return a well-formed resident number, new at each call within 1000 a birth date and area; never a real lookup."""
    number = next(_numbers)
    body = f"{110101 + number // 1000:06d}{birth:%Y%m%d}{number % 1000:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, weights, strict=True)) % 11]


def new_phone() -> str:
    """Return a phone that no test has used."""
    return f"150{next(_numbers):08}"


def form(api: Api, *, proved: bool = True, birth: dt.date = ADULT, **more: Any) -> dict[str, Any]:
    """Return a sound application; with `proved`, the phone's code is in it. None takes a field out."""
    phone = more.pop("phone", None) or new_phone()
    body = {
        "name": "张三丰",
        "id_type": "resident_id",
        "id_number": resident_id(birth),
        "phone": phone,
        "password": PASSWORD,
        "consent_version": CONSENT,
    }
    if proved and "phone_code" not in more:
        body["phone_code"] = api.code(phone, "register")
    return {key: value for key, value in (body | more).items() if value is not None}


def guardian(api: Api, phone: str | None = None, **more: Any) -> dict[str, Any]:
    """Return a guardian with a proved phone."""
    number = phone or new_phone()
    body = {"name": "李秀英", "phone": number, "phone_code": api.code(number, "guardian"), "relation": "mother"}
    return body | more


def add_volunteer(api: Api, unit_id: str | None = None, **more: Any) -> Volunteer:
    """Register an adult with a proved phone, perhaps in a unit; return them signed in."""
    body = form(api, unit_id=unit_id, **more)
    made = api("POST", "/volunteers", body, expect=201).body
    assert made["status"] == "registered"
    token = api.login(body["phone"], PASSWORD)
    return Volunteer(made["id"], made["volunteer_no"], body["phone"], token, body["id_number"])


def add_unproven(api: Api, unit_id: str | None = None, **more: Any) -> Volunteer:
    """Register an adult without proof of the phone; there is no account, so no token."""
    body = form(api, proved=False, unit_id=unit_id, **more)
    made = api("POST", "/volunteers", body, expect=201).body
    assert made["status"] == "unproven"
    return Volunteer(made["id"], made["volunteer_no"], body["phone"], "", body["id_number"])


def add_child(api: Api, parent: Volunteer, birth: dt.date = CHILD, **more: Any) -> Volunteer:
    """Register a child by a signed-in parent, who proves their phone as guardian; the token is the parent's."""
    more.setdefault("guardian", guardian(api, parent.phone))
    body = form(api, proved=False, birth=birth, phone=parent.phone, password=None, **more)
    made = api("POST", "/volunteers", body, parent.token, expect=201).body
    return Volunteer(made["id"], made["volunteer_no"], parent.phone, parent.token, body["id_number"])


def on_paper(api: Api, token: str, **more: Any) -> Answer:
    """Register somebody without a phone, by staff, with a signed paper."""
    more.setdefault("paper_consent_reference", "档案 2026-0012 张三丰")
    body = form(api, proved=False, **more)
    del body["phone"], body["password"]
    return api("POST", "/volunteers", body, token)


def paper_volunteer(api: Api, token: str, **more: Any) -> str:
    """Register on paper and confirm at once; return the id."""
    person_id: str = on_paper(api, token, **more).body["id"]
    api("POST", f"/volunteers/{person_id}/confirm", {}, token, expect=200)
    return person_id
