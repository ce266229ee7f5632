"""The ledger's chains: lines are appended to a person's chain, each bound to the one before it.

`hash` = SHA-256 over the previous hash and the line's canonical bytes: anybody can check it. `mac` = HMAC of that hash
under a key that is not in the database, so a chain that was computed anew after a change does not pass. The chain's end
(`LedgerChain`) carries a MAC too and moves in the same transaction, so a missing last line does not pass either.
`heads.py` signs the ends daily and verifies all of it; it says what is found and what is not.
Source: decisions 1, 2; peers.md T13, T35.
"""

import datetime as dt
import hashlib
import hmac
import json
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.config import settings
from volunteer.database import Base, new_id
from volunteer.hours.models import LedgerChain, LedgerLine, LineClass, LineKind
from volunteer.prepared import Insert, Later, Query, Update

GENESIS = bytes(32)
_ENCODER = json.JSONEncoder(separators=(",", ":"))
LINES, CHAINS = (Base.metadata.tables[model.__tablename__] for model in (LedgerLine, LedgerChain))
#: What a line says, in the order in which it is hashed: attributes of `LedgerLine`.
_SAID = (
    "id",
    "person_id",
    "sequence",
    "shift_id",
    "site_day",
    "kind",
    "class_",
    "minutes",
    "policy_version",
    "unit_id",
    "station_id",
    "request_id",
    "reverses",
    "corrects",
    "created_at",
)
_END = ("entries", "last_hash", "mac", "resettle_at")
_ADD_LINES, _ADD_ENDS, _MOVE_ENDS = Insert(LINES), Insert(CHAINS), Update(CHAINS, "person_id", _END)
_LOCK = Query(
    lambda among: (
        sa.select(CHAINS.c.person_id, CHAINS.c.entries, CHAINS.c.last_hash, CHAINS.c.resettle_at)
        .where(among(CHAINS.c.person_id, "people"))
        .order_by(CHAINS.c.person_id)
        .with_for_update()
    )
)
_SAYING = sa.select(*(LINES.c[name.rstrip("_")].label(name) for name in _SAID)).order_by(
    LINES.c.person_id, LINES.c.sequence
)
_LINES = Query(lambda among: _SAYING.where(among(LINES.c.person_id, "people")))
_LINES_ON = Query(lambda among: _SAYING.where(among(LINES.c.person_id, "people"), among(LINES.c.site_day, "days")))


@dataclass(frozen=True, slots=True)
class NewLine:
    """What a line says; the ledger adds number, time and seals. `reverses` and `corrects` name earlier lines."""

    kind: LineKind
    class_: LineClass
    minutes: int
    shift_id: uuid.UUID | None
    site_day: dt.date
    policy_version: int
    unit_id: uuid.UUID | None = None
    station_id: uuid.UUID | None = None
    request_id: uuid.UUID | None = None
    reverses: uuid.UUID | None = None
    corrects: uuid.UUID | None = None


@dataclass(slots=True)
class Chain:
    """Where a person's chain ends while lines are linked to it; the caller has locked the person."""

    person_id: uuid.UUID
    entries: int = 0
    last_hash: bytes = GENESIS
    resettle_at: dt.datetime | None = None
    is_stored: bool = False
    is_changed: bool = False

    def link(self, new: NewLine, now: dt.datetime) -> dict[str, Any]:
        """Return the next line as columns, and let the chain end with it."""
        self.entries += 1
        said = {
            "id": new_id(),
            "person_id": self.person_id,
            "sequence": self.entries,
            "shift_id": new.shift_id,
            "site_day": new.site_day,
            "kind": new.kind.value,
            "class": new.class_.value,
            "minutes": new.minutes,
            "policy_version": new.policy_version,
            "unit_id": new.unit_id,
            "station_id": new.station_id,
            "request_id": new.request_id,
            "reverses": new.reverses,
            "corrects": new.corrects,
            "created_at": now,
        }
        line_hash = _hash(self.last_hash, said.values())
        row = said | {"prev_hash": self.last_hash, "hash": line_hash, "mac": keyed(b"line", line_hash)}
        self.last_hash, self.is_changed = line_hash, True
        return row

    def resettle(self, at: dt.datetime | None) -> None:
        """Note when the person must be settled again."""
        self.is_changed = self.is_changed or self.resettle_at != at
        self.resettle_at = at


def lock_chains(session: Session, people: Collection[uuid.UUID]) -> dict[uuid.UUID, Chain]:
    """Return the chains of these people, locked; they have locked the people, so nobody else begins one meanwhile."""
    return locking_chains(session, people)()


def locking_chains(session: Session, people: Collection[uuid.UUID]) -> Later[dict[uuid.UUID, Chain]]:
    """Ask what `lock_chains` returns, together with what else is asked; return what gives it."""
    asked = _LOCK.later(session, people=list(people))

    def found() -> dict[uuid.UUID, Chain]:
        chains = {person_id: Chain(person_id) for person_id in people}
        for row in asked():
            chains[row.person_id] = Chain(row.person_id, row.entries, row.last_hash, row.resettle_at, is_stored=True)
        return chains

    return found


def write(session: Session, chains: Iterable[Chain], rows: Sequence[dict[str, Any]]) -> None:
    """Insert linked lines and store the ends of their chains: three statements at most, for any number of people."""
    _ADD_LINES.later(session, rows)
    changed = [chain for chain in chains if chain.is_changed or not chain.is_stored]
    new = [_end(chain) for chain in changed if not chain.is_stored]
    old = [_end(chain) for chain in changed if chain.is_stored]
    _ADD_ENDS.later(session, new)
    _MOVE_ENDS.later(session, old)
    for chain in changed:
        chain.is_stored, chain.is_changed = True, False


def append(session: Session, person_id: uuid.UUID, new: NewLine, now: dt.datetime) -> uuid.UUID:
    """Append one line to a person's chain, and return its id; the person must be locked."""
    chain = lock_chains(session, [person_id])[person_id]
    row = chain.link(new, now)
    write(session, [chain], [row])
    line_id: uuid.UUID = row["id"]
    return line_id


def lines_of_person(session: Session, person_id: uuid.UUID, days: Iterable[dt.date] | None = None) -> list[LedgerLine]:
    """Return a person's lines in order, all or those of some site days."""
    query = sa.select(LedgerLine).where(LedgerLine.person_id == person_id).order_by(LedgerLine.sequence)
    if days is not None:
        query = query.where(LedgerLine.site_day.in_(list(days)))
    return list(session.scalars(query))


def finding_lines(
    session: Session, days: Mapping[uuid.UUID, frozenset[dt.date] | None]
) -> Later[dict[uuid.UUID, list[Any]]]:
    """Ask for lines of many people in order, of each those of their site days (None: all); return what gives them."""
    wanted = list(days.values())
    if None in wanted:
        rows = _LINES.later(session, people=list(days))
    else:
        every = list({day for one in wanted if one for day in one})
        rows = _LINES_ON.later(session, people=list(days), days=every)

    def found() -> dict[uuid.UUID, list[Any]]:
        lines: dict[uuid.UUID, list[Any]] = {person_id: [] for person_id in days}
        for row in rows():
            only = days[row.person_id]
            if only is None or row.site_day in only:
                lines[row.person_id].append(row)
        return lines

    return found


def hash_of(line: LedgerLine) -> bytes:
    """Return the hash that a line must have: of the previous hash and everything the line says."""
    return _hash(line.prev_hash, [getattr(line, name) for name in _SAID])


def _hash(prev_hash: bytes, said: Iterable[Any]) -> bytes:
    """Return SHA-256 of the previous hash and a line's canonical form."""
    plain = [_plain(part) for part in said]
    return hashlib.sha256(prev_hash + _ENCODER.encode(plain).encode()).digest()


def _plain(part: Any) -> Any:
    """Return one part of a line as JSON has it: instants in UTC to the microsecond."""
    if isinstance(part, dt.datetime):
        return part.astimezone(dt.UTC).isoformat(timespec="microseconds")
    return part if isinstance(part, int | None) else str(part)


def _end(chain: Chain) -> dict[str, Any]:
    """Return a chain's end as columns."""
    return {
        "person_id": chain.person_id,
        "entries": chain.entries,
        "last_hash": chain.last_hash,
        "mac": end_mac(chain.person_id, chain.entries, chain.last_hash),
        "resettle_at": chain.resettle_at,
    }


def end_mac(person_id: uuid.UUID, entries: int, last_hash: bytes) -> bytes:
    """Return the MAC of a chain's end."""
    return keyed(b"end", end_bytes(person_id, entries, last_hash))


def end_bytes(person_id: uuid.UUID, entries: int, last_hash: bytes) -> bytes:
    """Return a chain's end as bytes of fixed length, for MACs and digests."""
    return person_id.bytes + entries.to_bytes(8) + last_hash


def keyed(purpose: bytes, message: bytes, version: int | None = None) -> bytes:
    """Return key version (1 byte) and HMAC-SHA256 under a key derived from the ledger key of that version."""
    keys = settings().ledger_keys
    chosen = max(keys) if version is None else version
    return bytes((chosen,)) + hmac.digest(_derived(keys[chosen], purpose), message, "sha256")


@lru_cache(maxsize=16)
def _derived(key: bytes, purpose: bytes) -> bytes:
    """Return the key of one purpose."""
    return hmac.digest(key, b"volunteer/ledger/mac/" + purpose, "sha256")


def is_keyed(mac: bytes, purpose: bytes, message: bytes) -> bool:
    """Whether a MAC is ours; a key version that we do not have proves nothing."""
    if not mac or mac[0] not in settings().ledger_keys:
        return False
    return hmac.compare_digest(mac, keyed(purpose, message, mac[0]))
