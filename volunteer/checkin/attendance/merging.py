"""How evidence follows a merge of two records: scans stay as they are and are read as one person's, then all is folded.

What comes of it is what one person with the scans of both would have: who was at two places at once was at one.
Source: decisions 1; peers.md T28 (overlapping presence counts once), T38.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.checkin.attendance import lives, projection
from volunteer.checkin.models import ATTENDANCES, SCANS, UNMATCHED_SCANS
from volunteer.errors import Worded
from volunteer.registration.merging import Merger, Moved, Turn, reassign, reassigning


class PresenceNote(Worded):
    """What meets in a merge of evidence; the value is the permanent code."""

    SAME_SHIFT = "same-presence", "两份记录在同一个班次都有签到。合并后按全部扫码重新计算,同一时间只算一次。"
    AT_TWO_PLACES = "two-places", "两份记录在同一时间出现在不同的班次,请先核对是不是同一个人。合并后只算先到的一处。"


def _count_scans(session: Session, from_id: uuid.UUID, _into_id: uuid.UUID, _now: dt.datetime) -> Moved:
    """Say how many scans are read as the survivor's from now on; none is changed."""
    count = session.scalar(sa.select(sa.func.count()).where(SCANS.c.person_id == from_id))
    return Moved(count or 0)


def _merge_attendances(session: Session, from_id: uuid.UUID, into_id: uuid.UUID, _now: dt.datetime) -> Moved:
    """Let the survivor have the attendances, one a shift, and fold all scans anew; hours are settled after."""
    notes = _notes(session, from_id, into_id)
    done = reassign(session, ATTENDANCES, from_id, into_id, unique=("shift_id",))
    life = lives.whole(session, into_id)
    projection.write(session, [life], {into_id: life.folded()})
    return Moved(done.moved, done.ended, notes=notes)


def _notes(session: Session, from_id: uuid.UUID, into_id: uuid.UUID) -> tuple[PresenceNote, ...]:
    """Return what is told of presences that meet."""
    query = sa.select(ATTENDANCES.c.person_id, ATTENDANCES.c.shift_id, ATTENDANCES.c.pairs).where(
        ATTENDANCES.c.person_id.in_((from_id, into_id)), ATTENDANCES.c.pair_count > 0
    )
    spans: dict[uuid.UUID, list[tuple[uuid.UUID, str, str]]] = {from_id: [], into_id: []}
    for row in session.execute(query):
        spans[row.person_id] += [(row.shift_id, pair["in"], pair["out"] or pair["in"]) for pair in row.pairs]
    met = [
        theirs[0] == ours[0]
        for theirs in spans[from_id]
        for ours in spans[into_id]
        if theirs[0] == ours[0] or (theirs[1] < ours[2] and ours[1] < theirs[2])
    ]
    found = {PresenceNote.SAME_SHIFT: any(met), PresenceNote.AT_TWO_PLACES: not all(met)}
    return tuple(note for note, is_so in found.items() if is_so)


TABLES: Final[Mapping[str, Merger]] = {
    "scans": Merger("扫码记录", _count_scans, frozenset({"person_id"})),
    "unmatched_scans": reassigning(UNMATCHED_SCANS, "待匹配的签退"),
    "attendances": Merger("签到记录", _merge_attendances, turn=Turn.EVIDENCE),
}
