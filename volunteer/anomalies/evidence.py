"""A finding's evidence as whoever decides sees it: scans, requests and lines, people masked. Nothing in full."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from volunteer.access import Actor
from volunteer.accounts import directory
from volunteer.activities import service as activities
from volunteer.anomalies import queries, service
from volunteer.anomalies.models import Finding
from volunteer.checkin.reasons import Mode
from volunteer.config import settings
from volunteer.database import reading
from volunteer.registration import service as registration
from volunteer.stations import service as stations

MOST = 100
Names = Mapping[uuid.UUID, str]
WAYS = {
    Mode.LIVE.value: "现场扫码",
    Mode.BATCH.value: "离线补传",
    Mode.ROLL_CALL.value: "纸质名单",
    Mode.SELF.value: "本人手机",
}


@dataclass(frozen=True, slots=True)
class ScanLine:
    """A scan: of whom, when, where, how, by whom."""

    id: uuid.UUID
    person: str
    direction: str
    at: dt.datetime
    exact: str
    station_id: uuid.UUID | None
    station: str
    way: str
    by: str
    is_voided: bool


@dataclass(frozen=True, slots=True)
class RequestLine:
    """A request that was agreed to: for whom, how much, who asked and who agreed."""

    person: str
    minutes: int
    asker: str
    decider: str
    decided_at: dt.datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class CreditLine:
    """A line that counts today."""

    id: uuid.UUID
    person: str
    shift: str
    on: dt.date
    minutes: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of it; `left_out`: how many scans and requests are not listed."""

    scans: list[ScanLine]
    requests: list[RequestLine]
    lines: list[CreditLine]
    left_out: int


def shown(actor: Actor, row: Finding) -> Evidence:
    """Return the evidence of a finding, masked for the caller."""
    session = reading()
    scan_ids, request_ids = service.evidence_ids(row, "scan_ids"), service.evidence_ids(row, "request_ids")
    scans = queries.scans_by_id(session, scan_ids[:MOST])
    requests = queries.requests_by_id(session, request_ids[:MOST])
    lines = service.lines_of(row)[:MOST]
    people = registration.display_names(session, {*service.people_of(row.id), *_set(scan.person_id for scan in scans)})
    accounts = {scan.account_id for scan in scans} | {one.asker_account_id for one in requests}
    names = directory.names_of(actor, _set([*accounts, *(one.decided_by for one in requests)]))
    left_out = max(0, len(scan_ids) - MOST) + max(0, len(request_ids) - MOST)
    return Evidence(_scans(scans, people, names), _requests(requests, people, names), _lines(lines, people), left_out)


def scans_of(actor: Actor, scan_ids: Sequence[uuid.UUID]) -> list[ScanLine]:
    """Return scans as evidence, masked for the caller, by time."""
    session = reading()
    scans = queries.scans_by_id(session, scan_ids[:MOST])
    people = registration.display_names(session, _set(scan.person_id for scan in scans))
    return _scans(scans, people, directory.names_of(actor, _set(scan.account_id for scan in scans)))


def _set(ids: Iterable[uuid.UUID | None]) -> set[uuid.UUID]:
    """Return those that are there."""
    return {one for one in ids if one}


def _scans(scans: Sequence[Any], people: Names, names: Names) -> list[ScanLine]:
    """Return scans in words."""
    places = stations.station_briefs(_set(scan.station_id for scan in scans))
    void = queries.voided(reading(), [scan.id for scan in scans])
    return [
        ScanLine(
            id=one.id,
            person=people.get(one.person_id, ""),
            direction=one.direction,
            at=one.judged_at,
            exact=f"{one.judged_at.astimezone(settings().zone):%Y-%m-%d %H:%M:%S}",
            station_id=one.station_id,
            station=places[one.station_id].name if one.station_id else "",
            way=WAYS.get(one.mode, one.mode),
            by=names.get(one.account_id, "") if one.account_id else "门口设备",
            is_voided=one.id in void,
        )
        for one in scans
    ]


def _requests(requests: Sequence[Any], people: Names, names: Names) -> list[RequestLine]:
    """Return requests in words."""
    return [
        RequestLine(
            person=people.get(one.person_id, ""),
            minutes=one.minutes,
            asker=names.get(one.asker_account_id, ""),
            decider=names.get(one.decided_by, ""),
            decided_at=one.decided_at,
            reason=one.reason or "",
        )
        for one in requests
    ]


def _lines(lines: Sequence[Mapping[str, Any]], people: Names) -> list[CreditLine]:
    """Return lines in words."""
    shifts = activities.shifts_of(reading(), [line["shift_id"] for line in lines])
    return [
        CreditLine(
            line["id"],
            people[line["person_id"]],
            shifts[line["shift_id"]].activity_title,
            line["on"],
            line["minutes"],
        )
        for line in lines
    ]
