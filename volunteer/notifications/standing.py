"""Which text messages are not out, why, and what to do about it; for administrators, with numbers masked.

What is over keeps neither number nor words (`outbox`), so it cannot be sent again: the person finds the same message in
the app, and a code is asked for anew. What still waits can be tried at once, as after the account was topped up.
Source: domain.md §g F4 (whoever loses an account learns of it); PIPL 19, 51.
"""

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa

from volunteer import audit, jobs
from volunteer.access import Actor
from volunteer.config import settings
from volunteer.database import after_commit, reading, transaction
from volunteer.errors import Worded
from volunteer.notifications import aliyun, rules
from volunteer.notifications.models import OutboxMessage
from volunteer.notifications.outbox import TABLE
from volunteer.notifications.rules import Outcome, SmsState
from volunteer.phone import mask_phone


class Why(Worded):
    """Why a message is not out; the value is the permanent code, the sentence says what to do."""

    NOT_TRIED = "not-tried", "还没有发送,稍候会自动发送。"
    SENDING = "sending", "正在发送。"
    NO_TEMPLATE = "no-template", "这类短信没有配置模板编号,请在部署设置中补上,见运维手册。"
    MISSET = "misset", "短信账号、签名、模板或余额有问题。请联系短信服务商处理,之后点“立即重试”。"
    THROTTLED = "throttled", "发得太多,服务商暂时不接受,会自动再试。"
    NO_ANSWER = "no-answer", "没有收到服务商的答复,正在查询是否已发出,不会重复发送。"
    REFUSED = "refused", "服务商拒绝发送,多为空号、停机或被拦截。请与本人核对手机号。"
    EXPIRED = "expired", "过了有效时间,不再发送。本人登录后可以看到同样的消息;验证码请重新获取。"


_BY_OUTCOME = {
    Outcome.THROTTLED: Why.THROTTLED,
    Outcome.MISSET: Why.MISSET,
    Outcome.UNSURE: Why.NO_ANSWER,
    Outcome.NOT_TAKEN: Why.NO_ANSWER,
    Outcome.REFUSED: Why.REFUSED,
}
_BY_CODE = {"no-template": Why.NO_TEMPLATE, "no-answer": Why.NO_ANSWER, "nobody-says": Why.NO_ANSWER}


def why(state: SmsState, result: str | None) -> Why:
    """Return why a message in a state is not out; `result` is what the provider said of the last try."""
    if state is SmsState.EXPIRED:
        return Why.EXPIRED
    if state is SmsState.SENDING:
        return Why.SENDING
    if result is None:
        return Why.NOT_TRIED
    return _BY_CODE.get(result) or _BY_OUTCOME.get(aliyun.classify(400, result), Why.REFUSED)


@dataclass(frozen=True, slots=True)
class Unsent:
    """A text message that is not out. `phone` is masked, None once it is over; `code` is the provider's own word."""

    id: uuid.UUID
    kind: str
    state: SmsState
    phone: str | None
    created_at: dt.datetime
    attempts: int
    due_at: dt.datetime | None
    why: Why
    code: str | None


def list_unsent(actor: Actor, state: SmsState | None, limit: int, before: uuid.UUID | None) -> list[Unsent]:
    """Return up to `limit` + 1 text messages that are not out, the newest first.

    Raises:
        Forbidden: the caller is no administrator.
    """
    actor.require_admin()
    query = sa.select(OutboxMessage).where(
        OutboxMessage.channel == "sms", OutboxMessage.state.not_in([SmsState.SENT.value])
    )
    if state is not None:
        query = query.where(OutboxMessage.state == state.value)
    if before is not None:
        query = query.where(OutboxMessage.id < before)
    return [_view(row) for row in reading().scalars(query.order_by(OutboxMessage.id.desc()).limit(limit + 1))]


def _view(row: OutboxMessage) -> Unsent:
    """Return a row as an administrator reads it."""
    state, sealed = SmsState(row.state), row.to_sealed
    phone = settings().keyring.open(sealed, TABLE, "to_sealed", row.id) if sealed is not None else None
    shown = mask_phone(phone) if phone else None
    told = why(state, row.result)
    return Unsent(row.id, row.kind, state, shown, row.created_at, row.attempts, row.due_at, told, row.result)


def try_now(actor: Actor, now: dt.datetime) -> int:
    """Let everything that waits be tried at once; return how many. What may be out already is asked for as before.

    Raises:
        Forbidden: the caller is no administrator.
    """
    actor.require_admin()
    waiting = sa.update(OutboxMessage).where(
        OutboxMessage.channel == "sms",
        OutboxMessage.state == SmsState.WAITING.value,
        OutboxMessage.due_at > now,
        OutboxMessage.attempts < rules.MOST_TRIES,
    )
    with transaction() as session:
        done = session.execute(waiting.values(due_at=now), execution_options={"synchronize_session": False})
        count = int(done.rowcount)  # type: ignore[attr-defined]
        if count:
            audit.record(session, actor, now, "sms.retry", ("site", None), count=count)
            after_commit(jobs.wake)
        return count
