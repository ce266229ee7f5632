"""Who was invited, as a sheet: the list that the page shows, masked and on record.

Source: ux.md U2, U3, §9.
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Final

from volunteer import audit
from volunteer.access import Actor
from volunteer.config import settings
from volunteer.database import transaction
from volunteer.exports import service as exports
from volunteer.exports.rules import ExportKind, Format, Stamp
from volunteer.registration import invitees
from volunteer.registration.invitees import InvitationState, InvitedView
from volunteer.reports.people_lists import BATCH, MOST_EXPORTED
from volunteer.reports.sheets import Cell, Column, to_xlsx
from volunteer.units import service as units

COLUMNS: Final = (
    Column("姓名", width=12),
    Column("手机号", width=16),
    Column("邀请单位", width=28),
    Column("状态", width=14),
    Column("邀请日期", width=12),
    Column("提醒日期", width=12),
    Column("提醒人", width=12),
)


def export(actor: Actor, unit_id: uuid.UUID, state: InvitationState | None, now: dt.datetime) -> tuple[bytes, Stamp]:
    """Return those whom a unit invited as a workbook, and its mark; who refused is a number in its head.

    Raises:
        NotFound: outside the scope.
    """
    whole, _ = invitees.numbers_of(actor, unit_id, now)
    found = list(_all(actor, unit_id, state, now))
    local = now.astimezone(settings().zone)
    title = f"{units.unit_briefs((unit_id,))[unit_id].name}:邀请名单"
    told = f"待确认 {whole.invited} 人,本人已注册 {whole.claimed} 人,"
    told += f"其他系统转入 {whole.counted} 人,不同意 {whole.refused} 人"
    note = f"{told};姓名和手机号已隐去部分内容;制表时间 {local:%Y-%m-%d %H:%M}"
    words = f"{title};{state.label if state else '所有状态'}"
    with transaction() as session:
        ids = [one.id for one in found]
        stamp = exports.record(actor, exports.Taken(ExportKind.INVITED, Format.XLSX, words, len(found), ids), now)
        said = {"people": len(found), "by_words": False, "number": stamp.number}
        audit.record(session, actor, now, "people.export", ("unit", unit_id), None, **said)
    return to_xlsx("邀请名单", (title, note), COLUMNS, [_row(one) for one in found], stamp), stamp


def _all(actor: Actor, unit_id: uuid.UUID, state: InvitationState | None, now: dt.datetime) -> Iterator[InvitedView]:
    """Yield everybody of the list, page by page."""
    before, left = None, MOST_EXPORTED
    while left > 0:
        rows = invitees.list_invited(actor, unit_id, state, BATCH, before, now)
        yield from rows[: min(BATCH, left)]
        if len(rows) <= BATCH:
            return
        before, left = rows[BATCH - 1].id, left - BATCH


def _row(one: InvitedView) -> list[Cell]:
    """Return the cells of one person."""
    reminded = one.reminded_at.astimezone(settings().zone).date().isoformat() if one.reminded_at else None
    return [
        one.display_name,
        one.phone,
        one.unit,
        one.state.label,
        one.invited_on.isoformat(),
        reminded,
        one.reminded_by,
    ]
