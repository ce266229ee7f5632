"""What people are told of a finding that is about them: that they are asked, and how it was decided. No names.

Source: PIPL 24, 44; domain.md h H4 (every change: reason, notice, appeal).
"""

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.anomalies.models import Finding, FindingPerson
from volunteer.anomalies.rules import FindingState
from volunteer.notifications.service import tell

ASKED: Final = "anomaly-asked"
DECIDED: Final = "anomaly-decided"


def tell_asked(session: Session, row: Finding, now: dt.datetime, people: Collection[uuid.UUID] | None = None) -> None:
    """Ask everybody whom a finding is about (or these of them) to say what happened."""
    text = f"有一条记录需要核查:{row.said}这只是疑问,处理之前不改变您的时长。请说明当时的情况。"
    _tell(session, row, ASKED, text, now, people)


def tell_decided(session: Session, row: Finding, now: dt.datetime) -> None:
    """Tell whom a finding is about how it was decided: if they were asked, or if it was upheld."""
    is_upheld = row.state == FindingState.UPHELD
    if row.asked_at is None and not is_upheld:
        return
    if is_upheld:
        then = "这不会直接改变您的时长;如果提出更正,由另一人审核。不同意可以写明。"
        text = f"一条记录经核查属实:{row.said}{then}"
    else:
        text = f"一条记录经核查没有问题:{row.said}您的时长不变。"
    _tell(session, row, DECIDED, text, now)


def _tell(
    session: Session,
    row: Finding,
    kind: str,
    text: str,
    now: dt.datetime,
    people: Collection[uuid.UUID] | None = None,
) -> None:
    """Tell everybody whom a finding is about, or these of them."""
    if people is None:
        people = session.scalars(sa.select(FindingPerson.person_id).where(FindingPerson.finding_id == row.id)).all()
    for person_id in sorted(people):
        tell(session, person_id, kind, text, now)
