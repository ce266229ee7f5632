"""Key rotation while serving: every sealed value sealed again, and every blind index made again, under the newest key.

The operator adds a key version, restarts the service (which from then on writes the new one and reads both), runs this,
and takes the old version away. Rows are locked and rewritten in batches, so nobody waits long and nothing is lost if it
stops half-way: it goes on where rows are not yet current. Tests hold the two lists below against the models.
Source: decisions 9.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.config import settings
from volunteer.database import metadata, transaction
from volunteer.registration import refusals, vault
from volunteer.registration.rules import IdType

BATCH: Final = 200

#: (table, column) of every sealed value; the row that it was sealed for is named by the table's primary key.
SEALED: Final = (
    ("accounts", "name_sealed"),
    ("accounts", "phone_sealed"),
    ("activities", "leader_name_sealed"),
    ("activities", "leader_phone_sealed"),
    ("certificates", "content_sealed"),
    ("certificates", "token_sealed"),
    ("consents", "paper_reference_sealed"),
    ("idempotency_keys", "answer"),
    ("import_parts", "body_sealed"),
    ("imports", "filename_sealed"),
    ("imports", "reference_sealed"),
    ("outbox_messages", "body_sealed"),
    ("outbox_messages", "to_sealed"),
    ("person_changes", "values_sealed"),
    ("persons", "emergency_name_sealed"),
    ("persons", "emergency_phone_sealed"),
    ("persons", "guardian_name_sealed"),
    ("persons", "guardian_phone_sealed"),
    ("persons", "id_number_sealed"),
    ("persons", "name_sealed"),
    ("persons", "phone_sealed"),
    ("qualifications", "number_sealed"),
    ("refusals", "digest_sealed"),
)


@dataclass(frozen=True, slots=True)
class Indexed:
    """A blind index: the sealed column that it finds, and how it is made of that text and its row."""

    table: str
    column: str
    source: str
    make: Callable[[str, Any], bytes]


INDEXED: Final = (
    Indexed("accounts", "phone_index", "phone_sealed", lambda text, _: vault.phone_indexes(text)[0]),
    Indexed(
        "certificates",
        "token_digest",
        "token_sealed",
        lambda text, _: settings().keyring.blind_index(text, "certificate"),
    ),
    Indexed(
        "persons",
        "id_number_index",
        "id_number_sealed",
        lambda text, row: vault.identity_indexes(IdType(row.id_type), text)[0],
    ),
    Indexed("persons", "name_index", "name_sealed", lambda text, _: vault.name_indexes(text)[0]),
    Indexed("persons", "phone_index", "phone_sealed", lambda text, _: vault.phone_indexes(text)[0]),
    Indexed("persons", "phone_tail_index", "phone_sealed", lambda text, _: vault.tail_indexes(text)[0]),
    Indexed("refusals", "identity_index", "digest_sealed", lambda text, _: refusals.indexes_of(text)[0]),
)
#: Blind indexes that nothing can make again and that are of no use after a few minutes: codes sent to phones.
SHORT_LIVED: Final = (("phone_codes", "phone_index"),)


def rotate() -> dict[str, int]:
    """Bring every table up to the newest keys; return how many rows of each were rewritten."""
    rewritten = {}
    for name, columns in groupby(SEALED, key=lambda place: place[0]):
        table = metadata.tables[name]
        rewritten[name] = sum(_batches(table, [column for _, column in columns]))
    return rewritten


def _batches(table: sa.Table, sealed: list[str]) -> Iterator[int]:
    """Rewrite a table batch by batch, each in a transaction of its own; yield the rows rewritten."""
    (key,) = table.primary_key.columns
    last = None
    while True:
        query = sa.select(table).order_by(key).limit(BATCH).with_for_update()
        with transaction() as session:
            rows = session.execute(query if last is None else query.where(key > last)).all()
            yield sum(_rewrite(session, table, sealed, row) for row in rows)
        if len(rows) < BATCH:
            return
        last = rows[-1]._mapping[key.name]


def _rewrite(session: Session, table: sa.Table, sealed: list[str], row: Any) -> bool:
    """Seal and index one row under the newest keys; return whether anything was not yet current."""
    ring, values = settings().keyring, {}
    (key,) = table.primary_key.columns
    row_id = _name_of(row._mapping[key.name])
    for column in sealed:
        value = row._mapping[column]
        if value is not None and not ring.is_current(value):
            text = ring.open(value, table.name, column, row_id)
            values[column] = ring.seal(text, table.name, column, row_id)
    for index in INDEXED:
        if index.table != table.name or row._mapping[index.column] is None or row._mapping[index.source] is None:
            continue
        if row._mapping[index.column][:1] != bytes((ring.index_version,)):
            text = ring.open(row._mapping[index.source], table.name, index.source, row_id)
            values[index.column] = index.make(text, row)
    if values:
        session.execute(sa.update(table).where(key == row._mapping[key.name]).values(values))
    return bool(values)


def _name_of(key: uuid.UUID | bytes) -> str:
    """Return the row's name as values were sealed for it: a UUID, or a digest in hexadecimal."""
    return key.hex() if isinstance(key, bytes) else str(key)
