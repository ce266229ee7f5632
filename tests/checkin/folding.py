"""Shifts and scans in a few words, and what the fold says of them; for the tests of the fold."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from volunteer.checkin.attendance.fold import fold
from volunteer.checkin.reasons import Direction, Flag, Mode
from volunteer.checkin.rules import Scan, ShiftFacts

NINE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
IN, OUT = Direction.IN, Direction.OUT


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def shift(number: int, start: float, end: float, station: int = 1, path: str | None = None) -> ShiftFacts:
    path = path or f"/c/{station}/"
    return ShiftFacts(UUID(int=number), UUID(int=1000 + station), f"站{station}", path, at(start), at(end))


A = shift(1, 0, 120)  # 09:00 to 11:00 at station 1
NEXT = shift(2, 120, 240)  # right after it, same station
TWIN = shift(3, 0, 120)  # same time, same station
ELSE = shift(4, 60, 180, station=2)
NIGHT = shift(5, 780, 1020)  # 22:00 to 02:00
SHIFTS = {one.id: one for one in (A, NEXT, TWIN, ELSE, NIGHT)}


def scan(number: int, direction: Direction, minute: float, where: ShiftFacts | None = A, **more) -> Scan:
    more.setdefault("strong", True)
    return Scan(UUID(int=number), direction, at(minute), where.id if where else None, **more)


def outcomes(*scans: Scan) -> list[str]:
    decisions = fold(scans, SHIFTS).decisions
    return [str(decisions[one.id].reason or decisions[one.id].outcome) for one in scans]


def pairs(*scans: Scan) -> dict[int, list[tuple[int, int | None]]]:
    return {
        shift_id.int: [
            (minutes(pair.in_at), None if pair.out_at is None else minutes(pair.out_at)) for pair in attendance.pairs
        ]
        for shift_id, attendance in fold(scans, SHIFTS).attendances.items()
    }


def minutes(instant: datetime) -> int:
    return int((instant - NINE).total_seconds()) // 60


ON_PAPER = {"mode": Mode.SELF, "strong": False, "flags": frozenset({Flag.PAPER})}
UNCONFIRMED = {"held": True, "flags": frozenset({Flag.PAPER, Flag.NO_LOCATION, Flag.UNCONFIRMED})}
