"""Findings: written down once, decided by a second person, followed by proposals on the paths that are there already.

Nothing here changes an hour: upholding says that it was so, and a correction is then asked for like any other and
agreed to by somebody else. Source: PIPL 24 (no automatic decision); decisions 14; domain.md g1 F1, F13.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.anomalies import queries, rules, searching, telling
from volunteer.anomalies.models import AnomalyPolicy, Finding, FindingParty, FindingPerson
from volunteer.anomalies.rules import FindingState, Found, Thresholds
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import lock_name, new_id, reading, transaction
from volunteer.errors import Forbidden, IllegalTransition, InvalidInput, NotFound, invalid
from volunteer.hours import asking
from volunteer.hours import queries as hour_queries
from volunteer.registration import service as registration

LONGEST_DAYS = 31
MOST_EVIDENCE = 400
AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which findings; what is None is not asked."""

    kind: str | None = None
    state: str | None = None
    station_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search came to: how many things look wrong, and how many of them are new."""

    found: int
    fresh: int


def policy() -> tuple[int, Thresholds]:
    """Return the thresholds in force and their version; 0 before anything was saved."""
    query = sa.select(AnomalyPolicy).order_by(AnomalyPolicy.version.desc()).limit(1)
    newest = reading().scalars(query).first()
    return (newest.version, rules.thresholds_of(newest.thresholds)) if newest else (0, Thresholds())


def policy_of(version: int) -> Thresholds:
    """Return the thresholds of a version: those that a finding was found by."""
    row = reading().get(AnomalyPolicy, version)
    return rules.thresholds_of(row.thresholds) if row else Thresholds()


def set_policy(actor: Actor, wanted: Thresholds, now: dt.datetime) -> int:
    """Save thresholds as a new version; the same again saves nothing. Returns the version in force.

    Raises:
        Forbidden: no admin. InvalidInput: `out-of-range`.
    """
    actor.require_admin()
    faults = rules.threshold_faults(wanted)
    if faults:
        raise InvalidInput(faults)
    with transaction() as session:
        lock_name(session, "anomaly policy")
        version, current = policy()
        if wanted == current and version:
            return version
        values = rules.as_values(wanted)
        session.add(AnomalyPolicy(version=version + 1, thresholds=values, set_by=actor.account_id, set_at=now))
        changed = sorted(name for name, value in values.items() if value != getattr(current, name))
        audit.record(session, actor, now, "anomaly.policy", ("site", None), fields=changed)
        return version + 1


def policy_changes(limit: int = 20) -> list[tuple[AnomalyPolicy, dict[str, tuple[int, int]]]]:
    """Return the last versions of the thresholds, newest first, each with what it changed: name, before, after."""
    rows = policy_history(limit + 1)
    before = [rules.thresholds_of(row.thresholds) for row in rows[1:]]
    pairs = zip(rows, [*before, Thresholds()], strict=True)
    return [
        (row, {name: (old, new) for name, old, new in _changes(earlier, rules.thresholds_of(row.thresholds))})
        for row, earlier in list(pairs)[:limit]
    ]


def _changes(earlier: Thresholds, later: Thresholds) -> list[tuple[str, int, int]]:
    """Return the thresholds that differ: name, before, after."""
    old, new = rules.as_values(earlier), rules.as_values(later)
    return [(name, old[name], new[name]) for name in rules.NAMES if old[name] != new[name]]


def policy_history(limit: int = 20) -> list[AnomalyPolicy]:
    """Return the last versions of the thresholds, newest first."""
    return list(reading().scalars(sa.select(AnomalyPolicy).order_by(AnomalyPolicy.version.desc()).limit(limit)))


def look(actor: Actor, from_on: dt.date, to_on: dt.date, now: dt.datetime) -> Searched:
    """Search these days on demand.

    Raises:
        Forbidden: no admin. InvalidInput: `to-before-from`, `too-long` on `to`.
    """
    actor.require_admin()
    if to_on < from_on:
        raise invalid("to", "to-before-from", "结束日期不能早于开始日期。")
    if (to_on - from_on).days >= LONGEST_DAYS:
        raise invalid("to", "too-long", f"一次最多检查 {LONGEST_DAYS} 天,请分几次检查。")
    return _searched(actor, from_on, to_on, now)


def look_nightly(now: dt.datetime) -> int:
    """Search the last days, as the thresholds say; return how many findings are new: a job of housekeeping."""
    to_on = site_day(now, settings().zone)
    days = policy()[1].lookback_days
    return _searched("system", to_on - dt.timedelta(days=days), to_on, now).fresh


def _searched(actor: Actor | str, from_on: dt.date, to_on: dt.date, now: dt.datetime) -> Searched:
    """Search, and write down what is new."""
    with transaction() as session:
        lock_name(session, "anomalies")
        version, limits = policy()
        ground = searching.Ground(session, searching.period_of(from_on, to_on), limits)
        found = {one.key: one for one in searching.search(ground)}
        known = {
            row.key: row
            for part in queries.portions(found)
            for row in session.scalars(sa.select(Finding).where(Finding.key.in_(part)))
        }
        fresh = []
        for key in sorted(found):
            one, row = _standing(session, found[key], known.get(key))
            if row is None:
                fresh.append(one)
            elif row.state == FindingState.OPEN:
                _grow(session, row, one, version, now)
        _write(session, fresh, version, now)
        if fresh or not isinstance(actor, str):
            audit.record(session, actor, now, "anomaly.search", ("site", None), count=len(fresh))
        return Searched(len(found), len(fresh))


def _standing(session: Session, one: Found, row: Finding | None) -> tuple[Found, Finding | None]:
    """Return what was found, and what was written of it: None where it is to be told, perhaps once more.

    A month that was decided is told again when as much again has come; of one phone's crowd a part is no other crowd.
    """
    if one.series is None or (row is not None and row.state == FindingState.OPEN):
        return one, row
    is_one = sa.or_(Finding.key == one.series, Finding.key.startswith(f"{one.series}:", autoescape=True))
    earlier = list(session.scalars(sa.select(Finding).where(is_one).order_by(Finding.id)))
    if one.amount is None:
        scans = set(one.scan_ids)
        same = [known for known in earlier if scans & set(evidence_ids(known, "scan_ids"))]
        return one, same[-1] if same else None
    waiting = [known for known in earlier if known.state == FindingState.OPEN]
    told = max((one.amount if known.amount is None else known.amount for known in earlier), default=None)
    if waiting or told is None or one.amount - told < one.step:
        return one, waiting[0] if waiting else row
    return replace(one, key=f"{one.series}:{one.amount}"), None


def _grow(session: Session, row: Finding, one: Found, version: int, now: dt.datetime) -> None:
    """Bring a finding that waits up to what came since: words, evidence, whom it is about, who may not decide."""
    values = _row(one, row.id, version, now)
    if not _ids_in(row.evidence) < _ids_in(values["evidence"]):
        return
    for name in ("said", "evidence", "amount", "on_day", "policy_version"):
        setattr(row, name, values[name])
    people = one.people.difference(people_of(row.id))
    query = sa.select(FindingParty.account_id).where(FindingParty.finding_id == row.id)
    accounts = searching.parties_of(session, [one])[0].difference(session.scalars(query))
    session.add_all(FindingPerson(finding_id=row.id, person_id=who) for who in sorted(people))
    session.add_all(FindingParty(finding_id=row.id, account_id=account) for account in sorted(accounts))
    session.flush()
    if row.asked_at is not None:
        telling.tell_asked(session, row, now, people)


def _ids_in(evidence: Mapping[str, Any]) -> set[str]:
    """Return every id of a finding's evidence."""
    return {one for ids in evidence.values() for one in ids}


def _write(session: Session, fresh: Sequence[Found], version: int, now: dt.datetime) -> None:
    """Write findings down, with whom they are about and who may not decide them: as sets, for there may be many."""
    ids = [new_id() for _ in fresh]
    rows = [_row(one, row_id, version, now) for one, row_id in zip(fresh, ids, strict=True)]
    parties = searching.parties_of(session, fresh)
    people = [
        {"finding_id": row_id, "person_id": who}
        for one, row_id in zip(fresh, ids, strict=True)
        for who in sorted(one.people)
    ]
    accounts = [
        {"finding_id": row_id, "account_id": account}
        for those, row_id in zip(parties, ids, strict=True)
        for account in sorted(those)
    ]
    for table, values in ((Finding, rows), (FindingPerson, people), (FindingParty, accounts)):
        for part in range(0, len(values), AT_ONCE):
            session.execute(sa.insert(table), values[part : part + AT_ONCE])


def _row(found: Found, row_id: uuid.UUID, version: int, now: dt.datetime) -> dict[str, Any]:
    """Return a finding as it is stored."""
    return {
        "id": row_id,
        "kind": found.kind,
        "key": found.key,
        "state": FindingState.OPEN,
        "on_day": found.on_day,
        "station_id": found.station_id,
        "said": rules.explained(found.kind, found.figures),
        "evidence": {
            name: [str(one) for one in getattr(found, name)[:MOST_EVIDENCE]]
            for name in ("shift_ids", "scan_ids", "request_ids")
        },
        "policy_version": version,
        "amount": found.amount,
        "found_at": now,
    }


def list_findings(actor: Actor, wanted: Wanted, limit: int, after: tuple[dt.date, uuid.UUID] | None) -> list[Finding]:
    """Return up to `limit` findings, the newest day first.

    Raises:
        Forbidden: the caller neither is an admin nor an auditor.
    """
    _require_reader(actor)
    query = sa.select(Finding).order_by(Finding.on_day.desc(), Finding.id.desc()).limit(limit)
    for name in ("kind", "state", "station_id"):
        if getattr(wanted, name) is not None:
            query = query.where(getattr(Finding, name) == getattr(wanted, name))
    if after:
        day, last = after
        query = query.where(sa.or_(Finding.on_day < day, sa.and_(Finding.on_day == day, Finding.id < last)))
    return list(reading().scalars(query))


def open_counts() -> dict[str, int]:
    """Return how many findings of each kind wait for a decision."""
    query = sa.select(Finding.kind, sa.func.count()).where(Finding.state == FindingState.OPEN).group_by(Finding.kind)
    return {kind: count for kind, count in reading().execute(query)}


def get_finding(actor: Actor, finding_id: uuid.UUID) -> Finding:
    """Return a finding.

    Raises:
        Forbidden: neither admin nor auditor. NotFound: no such finding.
    """
    _require_reader(actor)
    row = reading().get(Finding, finding_id)
    if row is None:
        raise NotFound
    return row


def _require_reader(actor: Actor) -> None:
    """Raise Forbidden unless the caller reads the whole site as admin or auditor."""
    if not actor.has_everywhere(Permission.AUDIT):
        raise Forbidden


def people_of(finding_id: uuid.UUID) -> list[uuid.UUID]:
    """Return whom a finding is about."""
    query = sa.select(FindingPerson.person_id).where(FindingPerson.finding_id == finding_id)
    return list(reading().scalars(query.order_by(FindingPerson.person_id)))


def why_not_decide(actor: Actor, finding_id: uuid.UUID) -> str:
    """Return why the caller may not decide a finding, or ""."""
    if not actor.is_admin:
        return "由管理员处理。"
    session = reading()
    query = sa.select(FindingParty.account_id).where(
        FindingParty.finding_id == finding_id, FindingParty.account_id == actor.account
    )
    # An account may have come to act for somebody since the search: by a merge, a claim, as a guardian.
    concerned = registration.accounts_of(session, set(people_of(finding_id))).values()
    if session.scalar(query) is not None or any(actor.account in accounts for accounts in concerned):
        return "您是其中的签到人、申请人、审批人或志愿者本人,请由另一位管理员处理。"
    return ""


def require_second_person(actor: Actor, finding_id: uuid.UUID) -> None:
    """Raise Forbidden (`second-person-required`) for who is in a finding, or is no admin."""
    refusal = why_not_decide(actor, finding_id)
    if refusal:
        raise Forbidden(refusal, code="second-person-required")


def decide(actor: Actor, finding_id: uuid.UUID, wanted: FindingState, reason: str, now: dt.datetime) -> Finding:
    """Dismiss or uphold a finding, with the reason. The same again changes nothing.

    Raises:
        NotFound: no such finding.
        Forbidden: `second-person-required`: the caller is in it, or is no admin.
        IllegalTransition: it was decided otherwise.
    """
    actor.require_admin()
    with transaction() as session:
        row = session.get(Finding, finding_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise NotFound
        require_second_person(actor, finding_id)
        if row.state == wanted:
            return row
        if row.state != FindingState.OPEN:
            raise IllegalTransition("这条线索已有处理结果,请刷新后查看。")
        row.state, row.reason, row.decided_by, row.decided_at = wanted, reason, actor.account, now
        audit.record(session, actor, now, f"anomaly.{wanted}", ("finding", finding_id), reason)
        session.flush()
        telling.tell_decided(session, row, now)
        return row


def propose(
    actor: Actor, finding_id: uuid.UUID, entry_id: uuid.UUID, minutes: int, reason: str, now: dt.datetime
) -> Any:
    """Ask for a correction of a line that an upheld finding is about; somebody else has to agree to it.

    Raises:
        NotFound: no such finding, or a line that is not of it. Forbidden: as `decide`.
        IllegalTransition: it is not upheld. Else as `hours.asking.ask_correction`.
    """
    actor.require_admin()
    with transaction():
        row = get_finding(actor, finding_id)
        require_second_person(actor, finding_id)
        if row.state != FindingState.UPHELD:
            raise IllegalTransition("先认定这条线索,再提出更正。")
        if entry_id not in {line["id"] for line in lines_of(row)}:
            raise NotFound
        return asking.ask_correction(actor, entry_id, minutes, reason, now)


def lines_of(row: Finding) -> list[dict[str, Any]]:
    """Return the lines that count today for the people and shifts of a finding, to propose a correction of."""
    shift_ids = {uuid.UUID(one) for one in row.evidence.get("shift_ids", ())}
    session = reading()
    shift_ids |= set(queries.shifts_of_requests(session, evidence_ids(row, "request_ids")))
    return [
        {"id": line.id, "person_id": person_id, "shift_id": line.shift_id, "on": line.site_day, "minutes": line.minutes}
        for person_id in people_of(row.id)
        for line in hour_queries.lines_of(session, person_id)
        if line.shift_id in shift_ids
    ]


def evidence_ids(row: Finding, name: str) -> list[uuid.UUID]:
    """Return ids of a finding's evidence: `shift_ids`, `scan_ids` or `request_ids`."""
    return [uuid.UUID(one) for one in row.evidence.get(name, ())]
