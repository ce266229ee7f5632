"""How hours follow a merge of two records: the ledger is never changed, so what counted is taken back and counted anew.

Every live line of the merged record is reversed in its own chain; requests and decisions become the survivor's, and the
survivor is settled from the evidence of both. Each line keeps the unit at which the time was served; minutes proved
elsewhere are written again. So no minute is counted twice, every chain stays whole, and the sum is what one person with
all of the evidence would have. Source: decisions 1, 2, 14; ADR on merging; peers.md T28, T38.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.errors import Worded
from volunteer.hours import external, ledger
from volunteer.hours.models import HourRequest, LedgerLine, LineClass, LineKind, RequestKind, RequestState
from volunteer.hours.postings import groups_of
from volunteer.hours.reckoning import correction_key
from volunteer.hours.settling import Served, settle_again
from volunteer.registration.merging import Merger, Moved, Turn, reassign, staying
from volunteer.registration.service import account_ids_of


class HoursNote(Worded):
    """What meets in a merge of hours; the value is the permanent code."""

    BOTH_SERVED = "both-have-minutes", "两份记录都有时长。合并后按全部签到重新计算,过去的服务仍计在当时的单位。"
    FEWER = "fewer-minutes", "合并后的时长少于两份之和:重叠的时间只算一次,超过每日上限的部分等待审核。"
    BOTH_EXTERNAL = "both-external", "两份记录都有其他系统的时长。请核对是不是同一段服务,重复的请更正。"
    CORRECTION_ENDED = "correction-ended", "有一份更正申请所指的记录已经变化,申请随合并撤回,需要时请重新申请。"
    DECIDED_OWN = "decided-own", "其中一份记录的账号审核过另一份记录的时长。请先核对这些审核是否有效。"


def merge_requests(session: Session, from_id: uuid.UUID, into_id: uuid.UUID, _now: dt.datetime) -> Moved:
    """Let the survivor have the requests; of two open ones about the same, the survivor's stays."""
    theirs, ours = _open_keys(session, from_id), _open_keys(session, into_id)
    twice = sorted(theirs.keys() & ours.keys())
    for key in twice:
        _withdraw(theirs[key])
    session.flush()
    notes = (HoursNote.DECIDED_OWN,) if _decided_own(session, from_id, into_id) else ()
    done = reassign(session, HourRequest.__table__, from_id, into_id)
    session.expire_all()
    return Moved(done.moved - len(twice), len(twice), notes=notes)


def merge_lines(session: Session, from_id: uuid.UUID, into_id: uuid.UUID, now: dt.datetime) -> Moved:
    """Take back what counts in the merged chain, and settle the survivor from the evidence of both."""
    theirs = ledger.lines_of_person(session, from_id)
    live = {key: group for key, group in groups_of(theirs).items() if group.is_live and group.base and group.minutes}
    before = _sum(theirs), _sum(ledger.lines_of_person(session, into_id))
    served: Served = {(key.shift_id, key.site_day): group.base.unit_id for key, group in live.items() if group.base}
    settle_again(session, from_id, now)
    settle_again(session, into_id, now, served)
    moved, also_ours = _carry_external(session, from_id, into_id, now)
    ended = _mend_corrections(session, into_id, {line.id for line in theirs})
    found = {
        HoursNote.BOTH_SERVED: all(before),
        HoursNote.FEWER: _sum(ledger.lines_of_person(session, into_id)) < sum(before),
        HoursNote.BOTH_EXTERNAL: bool(moved and also_ours),
        HoursNote.CORRECTION_ENDED: bool(ended),
    }
    return Moved(len(live) + moved, notes=tuple(note for note, is_so in found.items() if is_so))


def _open_keys(session: Session, person_id: uuid.UUID) -> dict[str, HourRequest]:
    """Return a person's open requests by their lasting names."""
    query = sa.select(HourRequest).where(HourRequest.person_id == person_id, HourRequest.state == RequestState.OPEN)
    return {row.key: row for row in session.scalars(query)}


def _withdraw(row: HourRequest) -> None:
    """End a request about which nothing is left to decide."""
    row.state, row.pending_minutes = RequestState.WITHDRAWN.value, 0


def _decided_own(session: Session, *people: uuid.UUID) -> bool:
    """Whether an account of these people decided about the time of one of them."""
    accounts = frozenset[uuid.UUID]().union(*(account_ids_of(session, one) for one in people))
    query = sa.select(sa.literal(1)).where(HourRequest.person_id.in_(people), HourRequest.decided_by.in_(accounts))
    return session.scalar(query.limit(1)) is not None


def _sum(lines: Sequence[LedgerLine]) -> int:
    """Return what lines count in totals."""
    return sum(line.minutes for line in lines if line.class_ != LineClass.EXTERNAL)


def _carry_external(session: Session, from_id: uuid.UUID, into_id: uuid.UUID, now: dt.datetime) -> tuple[int, bool]:
    """Write minutes proved elsewhere into the survivor's chain; return how many lines, and whether they have others."""
    lines = ledger.lines_of_person(session, from_id)
    reversed_ids = {line.reverses for line in lines}
    also_ours = any(line.kind == LineKind.EXTERNAL for line in ledger.lines_of_person(session, into_id))
    carried = [line for line in lines if line.kind == LineKind.EXTERNAL and line.id not in reversed_ids]
    for line in carried:
        ledger.append(session, from_id, _like(line, LineKind.REVERSAL, -line.minutes, line.id), now)
        ledger.append(session, into_id, _like(line, LineKind.EXTERNAL, line.minutes, None), now)
    return len(carried), also_ours


def _like(line: LedgerLine, kind: LineKind, minutes: int, reverses: uuid.UUID | None) -> ledger.NewLine:
    """Return a line that says of the same time what another says."""
    return ledger.NewLine(
        kind=kind,
        class_=LineClass.EXTERNAL,
        minutes=minutes,
        shift_id=line.shift_id,
        site_day=line.site_day,
        policy_version=line.policy_version,
        unit_id=line.unit_id,
        station_id=line.station_id,
        request_id=line.request_id,
        reverses=reverses,
    )


def _mend_corrections(session: Session, into_id: uuid.UUID, taken_back: set[uuid.UUID]) -> int:
    """Let corrections that wait speak of the line that took the place of theirs; end those that find no such line."""
    groups = groups_of(ledger.lines_of_person(session, into_id))
    by_name = {correction_key(key): group for key, group in groups.items() if group.is_live}
    query = sa.select(HourRequest).where(
        HourRequest.person_id == into_id,
        HourRequest.kind == RequestKind.CORRECTION,
        HourRequest.state == RequestState.OPEN,
        HourRequest.entry_id.in_(taken_back),
    )
    ended = 0
    for row in session.scalars(query):
        group = by_name.get(row.key)
        if group is not None and group.base is not None and group.minutes == row.base_minutes:
            row.entry_id = group.base.id
        else:
            _withdraw(row)
            ended += 1
    session.flush()
    return ended


TABLES: Final[Mapping[str, Merger]] = {
    "hour_requests": Merger("补录、更正和复核", merge_requests),
    "ledger_lines": Merger("时长记录", merge_lines, frozenset({"person_id"}), Turn.HOURS),
    "external_records": external.MERGER,
    "ledger_chains": staying("时长记录的校验链", "person_id"),
    "ledger_head_chains": staying("时长记录的每日签名", "person_id"),
}
