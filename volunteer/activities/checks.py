"""What can be wrong with the input for an activity or a shift, all at once; and shifts made from sound input.

Source: contract, `POST /activities`; rules.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from volunteer.activities import rules
from volunteer.activities.models import Shift
from volunteer.clock import to_minute
from volunteer.database import new_id
from volunteer.errors import Fault, InvalidInput
from volunteer.registration import code_tables
from volunteer.teams import service as teams
from volunteer.units import service as units


def activity_faults(session: Session, values: Mapping[str, Any]) -> list[Fault]:
    """Return what is wrong with the fields of an activity that are given."""
    faults = [fault.at("title") for fault in rules.check_title(values.get("title", ""))]
    if "category" in values and values["category"] not in code_tables.labels(session, "categories"):
        faults.append(code_tables.unknown_code("category"))
    unit_id, team_id = values.get("organizer_unit_id"), values.get("team_id")
    if unit_id and not units.unit_exists(unit_id):
        faults.append(Fault("organizer_unit_id", "unknown", "没有找到所选的单位,请重新选择。"))
    if team_id and not teams.team_exists(team_id):
        faults.append(Fault("team_id", "unknown", "没有找到所选的队伍,请重新选择。"))
    elif team_id and unit_id:
        faults.append(Fault("team_id", "one-organizer", "主办单位和队伍只能选择一个。"))
    opens_at, closes_at = values.get("signup_opens_at"), values.get("signup_closes_at")
    if opens_at and closes_at and closes_at <= opens_at:
        faults.append(rules.ActivityFault.ENDS_BEFORE_START.at("signup_closes_at"))
    return faults + point_faults(values)


def shift_faults(session: Session, values: Mapping[str, Any], now: dt.datetime, prefix: str = "") -> list[Fault]:
    """Return what is wrong with a shift: its times, half a point, skills that are not in the table."""
    times = rules.check_shift_times(values["starts_at"], values["ends_at"], now)
    faults = [fault.at(f"{prefix}ends_at") for fault in times]
    faults += point_faults(values, prefix)
    return faults + skill_faults(session, values, prefix)


def skill_faults(session: Session, values: Mapping[str, Any], prefix: str = "") -> list[Fault]:
    """Return a fault for each skill that is not in the table."""
    if not values.get("skills"):
        return []
    return code_tables.unknown_codes(session, "skills", values["skills"], f"{prefix}skills")


def require_sound(session: Session, values: Mapping[str, Any], now: dt.datetime) -> None:
    """Raise InvalidInput with all that is wrong with a whole draft: the activity and each of its `shifts`."""
    faults = activity_faults(session, values)
    for index, shift in enumerate(values["shifts"]):
        faults += shift_faults(session, shift, now, f"shifts.{index}.")
    if faults:
        raise InvalidInput(faults)


def point_faults(values: Mapping[str, Any], prefix: str = "") -> list[Fault]:
    """Return a fault for half a pair of coordinates."""
    if (values.get("latitude") is None) == (values.get("longitude") is None):
        return []
    missing = "latitude" if values.get("latitude") is None else "longitude"
    return [Fault(prefix + missing, "required", "经度和纬度要同时填写。")]


def new_shift(activity_id: uuid.UUID, position: int, values: Mapping[str, Any]) -> Shift:
    """Return a shift of sound input, its times cut to their minutes."""
    times = {name: to_minute(values[name]) for name in ("starts_at", "ends_at")}
    return Shift(id=new_id(), activity_id=activity_id, position=position, **{**values, **times})
