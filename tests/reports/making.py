"""Builds what reports count: registered people in units, and lines in the ledger."""

import datetime as dt
import uuid
from itertools import count

from flask import Flask

from tests.conftest import Api
from volunteer.database import transaction
from volunteer.hours import ledger
from volunteer.hours.ledger import NewLine
from volunteer.hours.models import LineClass, LineKind
from volunteer.registration.service import lock_person

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_numbers = count(1)


def identity(number: int) -> str:
    """Return a sound resident id of an adult, one for each number."""
    body = f"110101{1960 + number // 1000 % 40}0307{number % 1000:03}"
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]


def register(api: Api, unit_id: str | None = None) -> str:
    """Register an adult with a proved phone, in a unit or none; return the person's id."""
    number = next(_numbers)
    phone = f"136{number:08}"
    body = {
        "name": "王小明",
        "id_type": "resident_id",
        "id_number": identity(number),
        "phone": phone,
        "phone_code": api.code(phone, "register"),
        "consent_version": api("GET", "/privacy-notice", expect=200).body["version"],
        "unit_id": unit_id,
    }
    made = api("POST", "/volunteers", body, expect=201).body
    assert made["status"] == "registered"
    person_id: str = made["id"]
    return person_id


def transfer(api: Api, admin: str, person_id: str, unit_id: str | None, on: str) -> None:
    """Put a person into another unit."""
    api("POST", f"/volunteers/{person_id}/transfer", {"unit_id": unit_id, "on": on}, admin, expect=200)


def credit(
    app: Flask, person_id: str, unit_id: str | None, on: dt.date, minutes: int, kind: LineClass = LineClass.VERIFIED
) -> uuid.UUID:
    """Append effective minutes to a person's ledger, served for a unit on a day; return the line's id."""
    line_kind = LineKind.EXTERNAL if kind is LineClass.EXTERNAL else LineKind.MAKE_UP
    return _append(app, person_id, NewLine(line_kind, kind, minutes, None, on, 1, unit_id and uuid.UUID(unit_id)))


def take_back(app: Flask, person_id: str, unit_id: str, on: dt.date, minutes: int, line_id: uuid.UUID) -> None:
    """Append the reversal of a line."""
    unit = uuid.UUID(unit_id)
    _append(
        app,
        person_id,
        NewLine(LineKind.REVERSAL, LineClass.VERIFIED, -minutes, None, on, 1, unit, reverses=line_id),
    )


def _append(app: Flask, person_id: str, line: NewLine) -> uuid.UUID:
    now = app.extensions["clock"].now()
    with app.app_context(), transaction() as session:
        lock_person(session, uuid.UUID(person_id))
        return ledger.append(session, uuid.UUID(person_id), line, now)
