"""Whether one phone serves more volunteers than one person would bring: told at the scan, flagged, never refused.

A phone is the browser to which the station's code gave its secret. Kept of it is a keyed digest that is another one
every day and is emptied after two: it says that these scans came from one phone, not which one, nor where else it was.
A station's own tablet and a keeper who scans others' codes are no such phone; whoever deletes cookies between two
people is left to the nightly search, which looks at addresses and accounts.
Source: ux.md §5c (`shared_device`); contract, after "POST /shifts/{id}/roll-call" (flagged is weak); decisions 10.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.checkin.models import SCAN_PLACES, SCANS
from volunteer.checkin.rules import MOST_ON_ONE_PHONE, SHARED_WITHIN
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import lock_name, transaction

KEPT: Final = dt.timedelta(days=2)


def digests_of(browser: str, now: dt.datetime) -> tuple[bytes, ...]:
    """Return what is kept of a browser's secret today; just after midnight yesterday's too. Nothing for none."""
    if not browser:
        return ()
    zone, keyring = settings().zone, settings().keyring
    days = dict.fromkeys((site_day(now, zone), site_day(now - SHARED_WITHIN, zone)))
    return tuple(keyring.blind_index(f"phone {day} {browser}", "scan") for day in days)


def is_shared(session: Session, phones: Sequence[bytes], person_id: uuid.UUID, now: dt.datetime) -> bool:
    """Return whether with this person a phone has served over three people within ten minutes. One look in an index.

    From here until they are stored the scans of one phone come one after the other: those of the same moment would not
    see one another. The person is locked before, a walk-in's shift after: who waits here holds nothing that is waited
    for by whom the phone serves now.
    """
    if not phones:
        return False
    for phone in sorted(phones):
        lock_name(session, f"phone of scans {phone.hex()}")
    query = (
        sa.select(sa.func.count(SCANS.c.person_id.distinct()))
        .select_from(SCAN_PLACES.join(SCANS, SCANS.c.id == SCAN_PLACES.c.scan_id))
        .where(
            SCAN_PLACES.c.phone.in_(phones),
            SCAN_PLACES.c.received_at >= now - SHARED_WITHIN,
            SCANS.c.person_id != person_id,
        )
    )
    return (session.scalar(query) or 0) >= MOST_ON_ONE_PHONE


def forget_phones(now: dt.datetime) -> int:
    """Empty the digests that are older than two days; return how many."""
    where = (SCAN_PLACES.c.phone.is_not(None), SCAN_PLACES.c.received_at < now - KEPT)
    with transaction() as session:
        result = session.execute(sa.update(SCAN_PLACES).where(*where).values(phone=None))
        return int(result.rowcount)  # type: ignore[attr-defined]
