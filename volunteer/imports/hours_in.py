"""Compares a list of past hours with who is registered and what is written of them, and writes what is new.

Source: contract, Imports; domain.md F1 (nobody's hours by mistake), H9.
"""

import datetime as dt
import uuid
from collections import defaultdict

from sqlalchemy.orm import Session

from volunteer.access import Actor
from volunteer.bulk import Tick
from volunteer.database import reading
from volunteer.hours import external
from volunteer.hours.external import External
from volunteer.imports.checking import Checked
from volunteer.imports.rules_columns import Row
from volunteer.imports.rules_hours import HoursDraft
from volunteer.registration.matching import Match, Named, match

UNKNOWN = "没有找到这个人的注册记录。请核对号码,或请本人先注册。"
NOT_THEIRS = "姓名与号码不是同一个人,请核对。"
TOO_MUCH = "这个人这一天在其他系统的时长超过 24 小时,请核对。"


def plan(checked: Checked[HoursDraft]) -> dict[str, int]:
    """Add what stands against some rows, and return how many records a list would create and how many are known."""
    records = records_of(checked)
    known = external.known_of(reading(), {record.person_id for _, record in records})
    days = defaultdict(int, known.days)
    seen: dict[tuple[uuid.UUID, str], int] = {}
    counts = {"created": 0, "updated": 0, "unchanged": 0}
    for row, record in records:
        named = (record.person_id, record.key)
        if named in seen:
            row.tell("title", "repeated", f"与第 {seen[named]} 行是同一条记录,请删去一行。")
            continue
        seen[named] = row.number
        if named in known.minutes:
            if known.minutes[named] == record.minutes:
                counts["unchanged"] += 1
            else:
                row.tell("reference", "changed", "这个编号的记录已经录入,时长与这里不同,请核对。")
            continue
        day = (record.person_id, record.on)
        if days[day] + record.minutes > external.MINUTES_A_DAY:
            row.tell("hours", "too-long", TOO_MUCH)
            continue
        days[day] += record.minutes
        counts["created"] += 1
    return counts


def records_of(checked: Checked[HoursDraft]) -> list[tuple[Row, External]]:
    """Return the records of the sound rows; who is not clearly named gets a fault."""
    sound = [(row, draft) for row, draft in checked.rows if draft is not None and not row.faults]
    named = [Named(draft.name, draft.volunteer_no, draft.id_number) for _, draft in sound]
    matches = match(reading(), named)
    found = []
    for (row, draft), matched in zip(sound, matches, strict=True):
        person_id = _clear(row, draft, matched)
        if person_id is not None:
            record = External(person_id, draft.on, draft.minutes, draft.title, draft.source, draft.reference)
            found.append((row, record))
    return found


def _clear(row: Row, draft: HoursDraft, matched: Match) -> uuid.UUID | None:
    """Return who a row names; None with a fault where it is not clear."""
    key = "volunteer_no" if draft.volunteer_no else "id_number"
    if matched.person_id is None:
        row.tell(key, "unknown-person", UNKNOWN)
        return None
    if not matched.is_name:
        row.tell("name", "not-theirs", NOT_THEIRS)
        return None
    return matched.person_id


def write(
    session: Session,
    actor: Actor,
    checked: Checked[HoursDraft],
    import_id: uuid.UUID,
    now: dt.datetime,
    tick: Tick,
) -> None:
    """Write the records of the sound rows in the transaction under way; known ones stay as they are."""
    records = [record for row, record in records_of(checked) if not row.faults]
    external.add_records(session, actor, records, import_id, now, tick)
