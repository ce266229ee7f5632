"""Tickets: what opening a station's code gives to one browser, so that whoever must sign in first need not run.

A ticket is signed, holds the code that was live when the page was opened, and writes nothing; it works for 10 minutes,
in that browser, once (its id is claimed like the id of a scan). Source: contract, "GET /stations/{id}/code"; T14.
"""

import hashlib
import uuid
from dataclasses import dataclass, replace

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from itsdangerous.timed import TimestampSigner

from volunteer.clock import Instant
from volunteer.config import settings
from volunteer.database import new_id

LIFE_S = 600


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket says: the station (and shift) whose live code was seen, and the id that makes it work once.

    Attributes:
        sheet_id: the sheet of paper whose code was seen, where it was no screen.
        person_id: the one person for whom it works; None for whoever presses first.
    """

    id: uuid.UUID
    station_id: uuid.UUID
    shift_id: uuid.UUID | None
    sheet_id: uuid.UUID | None = None
    person_id: uuid.UUID | None = None


class ExpiredTicket(ValueError):
    """The ticket was ours and is older than ten minutes."""


def issue(
    station_id: uuid.UUID,
    browser: str,
    now: Instant,
    shift_id: uuid.UUID | None = None,
    sheet_id: uuid.UUID | None = None,
) -> str:
    """Return a ticket for a station's code that was judged good, bound to the browser's secret."""
    return _sealed(Ticket(new_id(), station_id, shift_id, sheet_id), browser, now)


def issue_for(text: str, person_id: uuid.UUID, browser: str, now: Instant) -> str:
    """Return the ticket of one person of a family whose phone was given one ticket; it dies when that one dies.

    The same for the same person, however often the page is opened: each of them presses once. What is no good ticket
    is returned as it is, and judged when it is used.
    """
    try:
        held, issued_at = _serializer(now).loads(text, max_age=LIFE_S, return_timestamp=True)
    except (BadSignature, ValueError):
        return text
    ticket = _read(held, browser)
    if ticket is None or ticket.person_id is not None:
        return text
    own = replace(ticket, id=uuid.uuid5(ticket.id, str(person_id)), person_id=person_id)
    return _sealed(own, browser, issued_at)


def read(text: str, browser: str, now: Instant) -> Ticket | None:
    """Return what a ticket says, or None for one that is forged or of another browser.

    Raises:
        ExpiredTicket: it is older than ten minutes.
    """
    try:
        held = _serializer(now).loads(text, max_age=LIFE_S)
    except SignatureExpired as error:
        raise ExpiredTicket from error
    except (BadSignature, ValueError):
        return None
    return _read(held, browser)


def _sealed(ticket: Ticket, browser: str, at: Instant) -> str:
    """Return a ticket as text, signed at an instant."""
    held = [ticket.id, ticket.station_id, ticket.shift_id, ticket.sheet_id, ticket.person_id]
    return _serializer(at).dumps([_digest(browser), *(str(one or "") for one in held)])


def _read(held: list[str], browser: str) -> Ticket | None:
    """Return what a signed list says; None where it is another browser's, or of an older form."""
    if len(held) != 6 or held[0] != _digest(browser):
        return None
    ids = [uuid.UUID(one) if one else None for one in held[1:]]
    ticket_id, station_id, shift_id, sheet_id, person_id = ids
    return Ticket(ticket_id, station_id, shift_id, sheet_id, person_id) if ticket_id and station_id else None


def _digest(browser: str) -> str:
    """Return what a ticket keeps of the browser's secret."""
    return hashlib.sha256(browser.encode("utf-8", "surrogatepass")).hexdigest()


def _serializer(now: Instant) -> URLSafeTimedSerializer:
    """Return the signer, at the time that was passed in."""
    seconds = int(now.timestamp())

    class AtNow(TimestampSigner):
        """A signer that reads no clock."""

        def get_timestamp(self) -> int:
            """Return the time of the use case."""
            return seconds

    return URLSafeTimedSerializer(settings().secret_key, salt="checkin-ticket", signer=AtNow)
