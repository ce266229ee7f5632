"""What hours tells people: every decision about their time, and time that does not count yet. No personal data."""

import datetime as dt
import uuid

from sqlalchemy.orm import Session

from volunteer.activities.service import ShiftFacts
from volunteer.config import settings
from volunteer.hours.make_ups import make_up_deadline
from volunteer.hours.models import HourRequest, RequestKind, RequestState
from volunteer.notifications.service import tell

_NAMES = {
    RequestKind.MAKE_UP: "补录申请",
    RequestKind.CORRECTION: "时长更正申请",
    RequestKind.OVER_CAP: "超出每日上限的时长",
    RequestKind.UNMATCHED: "未配对的签退记录",
}


def tell_decision(session: Session, request: HourRequest, shift: ShiftFacts | None, now: dt.datetime) -> None:
    """Tell the person what was decided, and where a refusal can be taken further."""
    name = _NAMES.get(RequestKind(request.kind), "签到记录")
    about = (
        f"「{shift.activity_title}」{request.site_day.isoformat()} " if shift else f"{request.site_day.isoformat()} "
    )
    if request.state == RequestState.ACCEPTED:
        text = f"{about}的{name}已通过,涉及 {request.minutes} 分钟,请在“我的时长”查看。"
    else:
        why = f"原因:{request.decision_reason}。" if request.decision_reason else ""
        text = f"{about}的{name}未通过。{why}如有异议,请联系所在站点或上级实践中心。"
    tell(session, request.person_id, f"hours-{request.kind.replace('_', '-')}", text, now)


def tell_unclosed(
    session: Session, person_id: uuid.UUID, shift: ShiftFacts, now: dt.datetime, why: str | None = None
) -> None:
    """Tell a person that a shift has no check-out and counts 0 minutes for now, and until when to ask for a make-up.

    `why` is a sentence about a check-out that was tried and did not count.
    """
    due = make_up_deadline(shift.ends_at.astimezone(settings().zone).date())
    text = (
        f"「{shift.activity_title}」{why or '没有签退记录,'}这次服务暂记 0 分钟。"
        f"如已完成服务,请在 {due.on.isoformat()} 前在“我的时长”申请补录;设备稍后上传的签退会自动计入。"
    )
    tell(session, person_id, "hours-unclosed", text, now)
