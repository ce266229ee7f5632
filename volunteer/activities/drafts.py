"""What is typed into the form of an activity: texts, rows of shifts, and the body that the API would take for them.

A field is called as its fault is (`shifts.0.ends_at`), so that a fault finds its row. Rows are added, copied and taken
away by the server, so the form needs no scripts. Source: ux.md A7, AC8, AC17; contract, `POST /activities`.
"""

import datetime as dt
import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from volunteer.activities import checks
from volunteer.activities.schemas import ActivityIn, ShiftIn
from volunteer.clock import Instant
from volunteer.database import new_id, reading
from volunteer.errors import Fault
from volunteer.web import forms

MOST_SHIFTS = 200
MOST_DAYS = 31
WORDS = ("station_id", "title", "category", "summary", "risk_notice", "leader_name", "leader_phone", "insurance_policy")
TEXTS = (*WORDS, "address", "kind", "latitude", "longitude", "checkin_radius_m", "signup_opens_at", "signup_closes_at")
TRUTHS = ("needs_approval", "walk_ins", "hazardous")
ROW = ("id", "post", "place", "starts_at", "ends_at", "capacity", "min_age", "latitude", "longitude", "waitlist")
WHOLE = frozenset({"capacity", "min_age", "checkin_radius_m"})
DECIMAL = frozenset({"latitude", "longitude"})
TIMES = frozenset({"starts_at", "ends_at", "signup_opens_at", "signup_closes_at"})
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
LOCAL = "%Y-%m-%dT%H:%M"
Typed = dict[str, Any]


def blank() -> Typed:
    """Return the form as it is opened: one shift, everybody may walk in."""
    texts: Typed = dict.fromkeys((*TEXTS, *TRUTHS, "organizer"), "")
    texts |= {"walk_ins": "1", "checkin_radius_m": "300", "kind": "volunteering", "form_id": str(new_id())}
    return texts | {"shifts": [_row({"waitlist": "1"})]}


def typed(form: Mapping[str, str], skills: Mapping[int, Sequence[str]]) -> Typed:
    """Return what a form sent, blanks around cut off; `skills` are those ticked in each row."""
    found: Typed = {name: form.get(name, "").strip() for name in (*TEXTS, *TRUTHS, "organizer", "form_id")}
    count = form.get("rows", "")
    rows = min(int(count), MOST_SHIFTS) if re.fullmatch(r"[0-9]{1,3}", count) else 0
    found["shifts"] = [
        {name: form.get(f"shifts.{index}.{name}", "").strip() for name in ROW} | {"skills": list(skills.get(index, ()))}
        for index in range(rows)
    ]
    return found


def of_activity(activity: Mapping[str, Any], organizer: str) -> Typed:
    """Return the form of an activity that there is; its cancelled shifts are left out."""
    found: Typed = {name: shown(name, activity.get(name)) for name in (*TEXTS, *TRUTHS)} | {"organizer": organizer}
    found["shifts"] = [of_shift(shift) for shift in activity["shifts"] if not shift["cancelled"]]
    return found


def of_shift(shift: Mapping[str, Any]) -> Typed:
    """Return the row of a shift."""
    return _row({name: shown(name, shift.get(name)) for name in ROW} | {"skills": list(shift["skills"])})


def copied(texts: Typed, now: Instant) -> Typed:
    """Return a form as a new one: its shifts on the same weekdays, whole weeks later, so that all lie ahead."""
    begins = [at for row in texts["shifts"] if (at := _local(row["starts_at"]))]
    weeks = 0
    if begins:
        behind = _local(forms.local(now)) or min(begins)
        weeks = max(0, (behind - min(begins)).days // 7 + 1)
    rows = [_moved(row, dt.timedelta(weeks=weeks)) | {"id": ""} for row in texts["shifts"]]
    return texts | {
        "shifts": rows or blank()["shifts"],
        "signup_opens_at": "",
        "signup_closes_at": "",
        "form_id": str(new_id()),
    }


def shown(name: str, value: Any) -> str:
    """Return a value as its field shows it."""
    if isinstance(value, dt.datetime):
        return forms.local(value)
    if isinstance(value, bool):
        return "1" if value else ""
    return "" if value is None else str(value)


def with_row(texts: Typed) -> Typed:
    """Return the form with one more shift: the place in the list of the last, after it, for as long."""
    rows = texts["shifts"]
    if len(rows) >= MOST_SHIFTS:
        return texts
    last = rows[-1] if rows else _row({"waitlist": "1"})
    new = _row({"waitlist": last["waitlist"], "capacity": last["capacity"]})
    begin, end = _local(last["starts_at"]), _local(last["ends_at"])
    if begin and end and end > begin:
        new |= {"starts_at": last["ends_at"], "ends_at": (end + (end - begin)).strftime(LOCAL)}
    return texts | {"shifts": [*rows, new]}


def without_row(texts: Typed, index: int) -> Typed:
    """Return the form without one of its shifts; the last one stays, empty."""
    rows = [row for number, row in enumerate(texts["shifts"]) if number != index]
    return texts | {"shifts": rows or blank()["shifts"]}


def spread(texts: Typed, index: int, places: str, days: str, *, weekdays: bool) -> Typed:
    """Return the form with a shift copied to these places (one a line) and to days after its own.

    Without places only the days multiply it, and the other way round. A roster of crossings is one shift a crossing.
    """
    rows = texts["shifts"]
    if not 0 <= index < len(rows):
        return texts
    one = rows[index]
    where = list(dict.fromkeys(line.strip() for line in places.splitlines() if line.strip())) or [one["place"]]
    count = min(int(days), MOST_DAYS) if re.fullmatch(r"[0-9]{1,2}", days) else 0
    steps = [0, *(number for number in range(1, count + 1) if not weekdays or _is_weekday(one, number))]
    made = [_moved(one, dt.timedelta(days=step)) | {"place": place, "id": ""} for step in steps for place in where]
    made[0]["id"] = one["id"]
    return texts | {"shifts": [*rows[:index], *made, *rows[index + 1 :]][:MOST_SHIFTS]}


def body(texts: Typed) -> dict[str, Any]:
    """Return what the API would be sent: fields that hold something, numbers as numbers, times with the zone."""
    sent = {name: _value(name, texts[name]) for name in TEXTS if texts[name]}
    sent |= {name: bool(texts[name]) for name in TRUTHS}
    return sent | {"shifts": [shift_body(row) for row in texts["shifts"]]}


def shift_body(row: Typed) -> dict[str, Any]:
    """Return a row as the API takes a shift."""
    sent = {name: _value(name, row[name]) for name in ROW if row[name] and name not in ("id", "waitlist")}
    return sent | {"waitlist": bool(row["waitlist"]), "skills": row["skills"]}


def whole(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return loaded values with None for what was left empty, so that emptying a field is a change."""
    return {name: values.get(name) for name in names}


def load(texts: Typed, now: Instant) -> tuple[dict[str, Any], list[Fault]]:
    """Return what the schema makes of a form, and all that is wrong with it: fields and times of every row at once."""
    values, faults = forms.load(ActivityIn(), body(texts))
    if faults:
        for index, row in enumerate(texts["shifts"]):
            one, bad = forms.load(ShiftIn(), shift_body(row))
            faults += [] if bad else checks.shift_faults(reading(), one, now, f"shifts.{index}.")
    return values, [for_people(fault) for fault in faults]


def load_shift(row: Typed, now: Instant) -> tuple[dict[str, Any], list[Fault]]:
    """Return what the schema makes of one shift, and all that is wrong with it."""
    values, faults = forms.load(ShiftIn(), shift_body(row))
    return values, [for_people(fault) for fault in faults]


def form_id(texts: Typed) -> uuid.UUID | None:
    """Return the id that the form was given when it was opened, if it still is one of ours (UUIDv7)."""
    text = texts.get("form_id", "")
    found = uuid.UUID(text) if re.fullmatch(UUID, text) else None
    return found if found and found.version == 7 else None


def kept(texts: Typed) -> list[uuid.UUID | None]:
    """Return which shift each row was before."""
    return [uuid.UUID(row["id"]) if re.fullmatch(UUID, row["id"]) else None for row in texts["shifts"]]


def for_people(fault: Fault) -> Fault:
    """Return a fault as the form means it: its times have no zone, its ticks are one field."""
    field, message = re.sub(r"(^|\.)skills\.[0-9]+$", r"\1skills", fault.field), fault.message
    if fault.code == "invalid-instant":
        message = "请填写日期和时间,例如 2026-03-05T09:00。"
    return Fault(field, fault.code, message)


def _row(known: Typed) -> Typed:
    """Return a row with every field."""
    return dict.fromkeys(ROW, "") | {"skills": []} | known


def _value(name: str, text: str) -> Any:
    """Return a text as JSON would carry it; what is no number stays a text, and the schema says so."""
    if name in TIMES:
        return forms.instant(text)
    if name in WHOLE and re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    if name in DECIMAL and re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{1,12})?", text):
        return float(text)
    return text


def _local(text: str) -> dt.datetime | None:
    """Return the time of a field, without a zone; None for anything else."""
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


def _moved(row: Typed, by: dt.timedelta) -> Typed:
    """Return a row some time later."""
    moved = dict(row)
    for name in ("starts_at", "ends_at"):
        at = _local(row[name])
        moved[name] = (at + by).strftime(LOCAL) if at and at.year < 8000 else row[name]
    return moved


def _is_weekday(row: Typed, days: int) -> bool:
    """Whether a row, some days later, begins from Monday to Friday."""
    at = _local(row["starts_at"])
    return at is None or (at + dt.timedelta(days=days)).weekday() < 5
