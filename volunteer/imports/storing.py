"""Keeps an uploaded file sealed, in parts, and erases it. Source: decisions 9."""

import base64
import datetime as dt
import uuid
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.config import settings
from volunteer.database import new_id, reading, transaction
from volunteer.imports.models import Import, ImportPart
from volunteer.imports.rules_states import State

PART: Final = 128 * 1024
KEPT: Final = dt.timedelta(days=7)
TABLE: Final = "import_parts"


def keep(session: Session, import_id: uuid.UUID, data: bytes) -> None:
    """Store a file."""
    ring = settings().keyring
    for position, start in enumerate(range(0, len(data), PART)):
        part_id = new_id()
        text = base64.b64encode(data[start : start + PART]).decode()
        sealed = ring.seal(text, TABLE, "body_sealed", part_id)
        session.add(ImportPart(id=part_id, import_id=import_id, position=position, body_sealed=sealed))
    session.flush()


def content_of(import_id: uuid.UUID) -> bytes:
    """Return the stored file; nothing where it was erased."""
    ring, parts = settings().keyring, []
    query = sa.select(ImportPart).where(ImportPart.import_id == import_id).order_by(ImportPart.position)
    for part in reading().scalars(query.execution_options(yield_per=8)):
        parts.append(base64.b64decode(ring.open(part.body_sealed, TABLE, "body_sealed", part.id)))
    return b"".join(parts)


def erase(session: Session, found: Import) -> None:
    """Erase the file of an import, and its name."""
    session.execute(sa.delete(ImportPart).where(ImportPart.import_id == found.id))
    found.erase_after = found.filename_sealed = None


def erase_due(now: dt.datetime) -> int:
    """Erase the files whose time is over; return how many. What was not committed can then no longer be."""
    with transaction() as session:
        query = sa.select(Import).where(Import.erase_after <= now).with_for_update()
        due = list(session.scalars(query))
        for found in due:
            erase(session, found)
            if found.state != State.COMMITTED:
                found.state = State.EXPIRED.value
        return len(due)
