"""Carrying the times out, changing them within their bounds, and telling what went when."""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from volunteer import audit
from volunteer.access import Actor
from volunteer.database import new_id, reading, transaction
from volunteer.errors import InvalidInput
from volunteer.retention.models import RetentionRun, RetentionSetting
from volunteer.retention.rules import BY_KEY, RULES, Rule, fault_of

#: Removes what is older than the instant, as of now, and says how much: (before, now) -> count.
Carrier = Callable[[dt.datetime, dt.datetime], int]


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule as it is in force, who set it, and its last run."""

    rule: Rule
    days: int
    set_by: uuid.UUID | None
    set_at: dt.datetime | None
    last_run: dt.datetime | None
    removed: int
    removed_ever: int


def days_of(key: str) -> int:
    """Return for how many days something is kept."""
    query = sa.select(RetentionSetting.days).where(RetentionSetting.key == key)
    said = reading().scalar(query.order_by(RetentionSetting.id.desc()).limit(1))
    return BY_KEY[key].days if said is None else said


def run(carriers: Mapping[str, Carrier], now: dt.datetime) -> dict[str, int]:
    """Carry every rule out and write down how much went; return the counts. May run late, twice or never."""
    counts = {}
    for key, carry in carriers.items():
        counts[key] = carry(now - dt.timedelta(days=days_of(key)), now)
        with transaction() as session:
            session.add(RetentionRun(id=new_id(), at=now, key=key, removed=counts[key]))
    return counts


def set_days(actor: Actor, key: str, days: int, now: dt.datetime) -> None:
    """Keep something for so many days from now on; the same again changes nothing.

    Raises:
        Forbidden: the caller is no admin. InvalidInput: `unknown-rule`, `fixed`, `outside`.
    """
    actor.require_admin()
    fault = fault_of(key, days)
    if fault:
        raise InvalidInput([fault.at("days")])
    with transaction() as session:
        if days_of(key) == days:
            return
        session.add(RetentionSetting(id=new_id(), key=key, days=days, set_by=actor.account, set_at=now))
        audit.record(session, actor, now, "retention.set", ("site", None), None, rule=key, days=days)


def lines() -> list[RuleLine]:
    """Return every rule as it is in force; a handful of statements."""
    session = reading()
    said = {row.key: row for row in session.scalars(sa.select(RetentionSetting).order_by(RetentionSetting.id))}
    newest = sa.select(RetentionRun.key, sa.func.max(RetentionRun.at), sa.func.sum(RetentionRun.removed))
    ever = {key: (at, int(total)) for key, at, total in session.execute(newest.group_by(RetentionRun.key))}
    return [_line(rule, said.get(rule.key), ever.get(rule.key)) for rule in RULES]


def _line(rule: Rule, said: RetentionSetting | None, ever: tuple[dt.datetime, int] | None) -> RuleLine:
    """Return one rule with its setting and its last run."""
    at, total = ever or (None, 0)
    last = sa.select(RetentionRun.removed).where(RetentionRun.key == rule.key).order_by(RetentionRun.id.desc())
    removed = reading().scalar(last.limit(1)) or 0
    set_by, set_at = (said.set_by, said.set_at) if said else (None, None)
    return RuleLine(rule, said.days if said else rule.days, set_by, set_at, at, removed, total)
