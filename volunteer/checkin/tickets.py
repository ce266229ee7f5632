"""Tickets: what opening a station's code gives to one browser, so that whoever must sign in first need not run.

A ticket is signed, holds the code that was live when the page was opened, and writes nothing; it works for 10 minutes,
in that browser, once (its id is claimed like the id of a scan). Source: contract, "GET /stations/{id}/code"; T14.
"""

import hashlib
import uuid
from dataclasses import dataclass

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from itsdangerous.timed import TimestampSigner

from volunteer.checkin.codes import ReadStationCode
from volunteer.clock import Instant
from volunteer.config import settings
from volunteer.database import new_id

LIFE_S = 600


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket says: the station (and shift) whose live code was seen, and the id that makes it work once."""

    id: uuid.UUID
    station_id: uuid.UUID
    shift_id: uuid.UUID | None


class ExpiredTicket(ValueError):
    """The ticket was ours and is older than ten minutes."""


def issue(code: ReadStationCode, browser: str, now: Instant) -> str:
    """Return a ticket for a station code that was judged live, bound to the browser's secret."""
    held = [str(new_id()), str(code.station_id), str(code.shift_id or ""), _digest(browser)]
    return _serializer(now).dumps(held)


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
    ticket_id, station_id, shift_id, digest = held
    if digest != _digest(browser):
        return None
    return Ticket(uuid.UUID(ticket_id), uuid.UUID(station_id), uuid.UUID(shift_id) if shift_id else None)


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
