"""Scans as whoever decides about time should see them: how they came, from whom, and what speaks against them.

Handlers of `hours.seams`. Source: ux.md A8, A9; contract, "GET /reviews"; peers.md T46.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.accounts import devices
from volunteer.checkin.attendance.owners import records_of
from volunteer.checkin.door.marks import FLAGS, MODES
from volunteer.checkin.models import SCANS, CodeForm, ScanRow, ScanVoid
from volunteer.checkin.queries import WORDS
from volunteer.checkin.reasons import MESSAGES, Flag, Mode, Reason
from volunteer.hours.seams import Scan

WAYS = {
    Mode.LIVE: "扫志愿者的码",
    Mode.BATCH: "断网时扫码,后来上传",
    Mode.ROLL_CALL: "工作人员按纸质名单登记",
    Mode.SELF: "本人扫站点的码",
}
CARD = "扫打印的志愿者卡"
MOST_IDS = 500
PAPER = "本人扫站点的纸质海报"


def scans_of(session: Session, scan_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Scan]:
    """Return these scans by id: a handler of `hours.seams.SCANS_OF`."""
    rows = session.scalars(sa.select(ScanRow).where(ScanRow.id.in_(set(scan_ids)))).all()
    return {scan.id: scan for scan in _shown(session, rows)}


def scans_between(session: Session, person_id: uuid.UUID, start: dt.datetime, end: dt.datetime) -> list[Scan]:
    """Return a person's scans between two instants, in order: a handler of `hours.seams.SCANS_BETWEEN`."""
    query = sa.select(ScanRow).where(
        ScanRow.person_id.in_(records_of(person_id)), ScanRow.judged_at >= start, ScanRow.judged_at <= end
    )
    return list(_shown(session, session.scalars(query.order_by(ScanRow.judged_at, ScanRow.id)).all()))


def carrying(mark: str) -> sa.ColumnElement[bool]:
    """Return the condition of scans that carry a mark, as it was judged on arrival."""
    if mark in MODES:
        return SCANS.c.mode == MODES[mark].value
    text = sa.cast(SCANS.c.flags, sa.Text)
    return sa.or_(*(text.contains(f'"{flag.value}"') for flag in FLAGS[mark]))


def marked(session: Session, scan_ids: Collection[uuid.UUID], mark: str) -> frozenset[uuid.UUID]:
    """Return those of these scans that carry a mark: a handler of `hours.seams.MARKED`."""
    ids, found = list(scan_ids), set[uuid.UUID]()
    for start in range(0, len(ids), MOST_IDS):
        query = sa.select(SCANS.c.id).where(SCANS.c.id.in_(ids[start : start + MOST_IDS]), carrying(mark))
        found.update(session.scalars(query))
    return frozenset(found)


def _shown(session: Session, rows: Collection[ScanRow]) -> Iterator[Scan]:
    """Yield rows as they are shown; two more statements."""
    voids = sa.select(ScanVoid.scan_id, ScanVoid.reason).where(ScanVoid.scan_id.in_([row.id for row in rows]))
    voided = {scan_id: reason for scan_id, reason in session.execute(voids)} if rows else {}
    names = devices.device_names(session, [row.device_id for row in rows if row.device_id])
    for row in rows:
        yield Scan(
            id=row.id,
            direction=row.direction,
            at=row.judged_at,
            received_at=row.received_at,
            shift_id=row.shift_id,
            station_id=row.station_id,
            way=_way(row),
            device=names.get(row.device_id, "") if row.device_id else "",
            account_id=row.account_id,
            distance_m=row.distance_m,
            reason=row.reason,
            notes=tuple(_notes(row, voided.get(row.id))),
            counts=not row.refusals and row.id not in voided,
        )


def _way(row: Any) -> str:
    """Return how a scan came."""
    if row.code_form == CodeForm.CARD:
        return CARD
    return PAPER if Flag.PAPER in row.flags else WAYS[Mode(row.mode)]


def _notes(row: Any, voided_because: str | None) -> Iterable[str]:
    """Yield what speaks against a scan."""
    if voided_because is not None:
        yield f"已作废:{voided_because}"
    for reason in row.refusals:
        yield MESSAGES[Reason(reason)]
    for flag in row.flags:
        yield WORDS[Flag(flag)]
