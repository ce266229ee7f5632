"""What a volunteer shows: the living code on a phone, the printed card; and what a station shows.

Source: contract, "GET /me/code", "GET /me/card", "GET /stations/{id}/code"; decisions 12; ux.md D6, D7.
"""

import datetime as dt
import io
import uuid
from typing import Any

import qrcode
from qrcode.constants import ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.image.svg import SvgPathImage

from volunteer import audit, pdf
from volunteer.access import Actor, Permission
from volunteer.activities import service as activities
from volunteer.checkin.credentials import codes, tickets
from volunteer.checkin.credentials.codes import CodeStatus, PersonalCode
from volunteer.checkin.events import keys
from volunteer.checkin.queries import require_scan_station
from volunteer.config import settings
from volunteer.database import reading, transaction
from volunteer.errors import NotFound
from volunteer.registration import service as registration
from volunteer.registration.service import PersonFacts
from volunteer.site import service as site


def own_code(actor: Actor, volunteer_id: uuid.UUID | None, now: dt.datetime) -> dict[str, Any]:
    """Return the caller's living code (or that of one they act for), and those of the next two steps.

    Raises:
        Forbidden: `not-a-volunteer`. NotFound: not theirs.
    """
    person, zone = _own(actor, volunteer_id), settings().zone
    code = codes.issue_personal(keys(), person.pass_no, now, zone)
    ahead = codes.upcoming_personal(keys(), person.pass_no, now, zone)
    return {
        "payload": code.payload,
        "expires_at": code.expires_at,
        "refresh_after_s": _seconds_to(_next_step(code), now),
        "upcoming": [{"payload": one.payload, "valid_from": one.valid_from} for one in ahead],
    }


def own_code_svg(actor: Actor, volunteer_id: uuid.UUID | None, now: dt.datetime, ahead: int = 0) -> bytes:
    """Return the same code as a QR picture, version 1, or that of one of the two steps ahead."""
    code = own_code(actor, volunteer_id, now)
    return version_1([code, *code["upcoming"]][ahead]["payload"])


def own_card(actor: Actor, volunteer_id: uuid.UUID | None) -> dict[str, Any]:
    """Return what stands on the caller's printed card.

    Raises:
        Forbidden: `not-a-volunteer`. NotFound: not theirs.
    """
    return _card(_own(actor, volunteer_id))


def own_card_pdf(actor: Actor, volunteer_id: uuid.UUID | None) -> bytes:
    """Return the caller's card for printing."""
    return _card_pdf(_own(actor, volunteer_id))


def card_pdf(actor: Actor, person_id: uuid.UUID, now: dt.datetime) -> bytes:
    """Return a person's card for printing: for keepers who confirmed them, or at whose station they signed up.

    Raises:
        NotFound: no such person for this caller.
    """
    session = reading()
    if not registration.has_confirmed(session, actor, person_id):
        registration.require_person(actor, Permission.RUN_ACTIVITIES, person_id)
    person = registration.facts_of(session, [person_id]).get(person_id)
    if person is None:
        raise NotFound
    with transaction() as writing:
        audit.record(writing, actor, now, "card.print", ("person", person_id))
    return _card_pdf(person)


def renew_card(actor: Actor, volunteer_id: uuid.UUID | None, now: dt.datetime) -> dict[str, Any]:
    """Make the cards printed before worthless, and return the new one.

    Raises:
        Forbidden: `not-a-volunteer`. NotFound: not theirs.
    """
    person_id = registration.acting_as(actor, volunteer_id)
    with transaction() as session:
        person = registration.renew_card(session, person_id)
        audit.record(session, actor, now, "card.renew", ("person", person_id))
    return _card(person)


def station_code(
    actor: Actor, station_id: uuid.UUID, shift_id: uuid.UUID | None, root: str, now: dt.datetime
) -> dict[str, Any]:
    """Return the code that a station shows for 30 s, good for 90.

    Raises:
        NotFound: no such station in the caller's scope, or no such shift below it.
    """
    station = require_scan_station(actor, station_id)
    if shift_id is not None and not activities.get_shift(reading(), shift_id).station_path.startswith(station.path):
        raise NotFound
    code = codes.issue_station(keys(), station_id, now, shift_id)
    return {
        "code": code.code,
        "url": root + code.path,
        "expires_at": code.expires_at,
        "refresh_after_s": _seconds_to(code.refresh_at, now),
    }


def open_station_code(text: str, browser: str, now: dt.datetime) -> tuple[str, codes.ReadStationCode] | None:
    """Return a ticket for the station code in a URL while it is live, and what it names; None when it is not."""
    code = codes.read_station(text)
    if code is None or codes.judge_station(keys(), code, now).status is not CodeStatus.VALID:
        return None
    return tickets.issue(code.station_id, browser, now, code.shift_id), code


def version_1(payload: str) -> bytes:
    """Return 27 digits as a QR code of version 1, level Q, as SVG."""
    return _svg(payload, 1, ERROR_CORRECT_Q)


def picture_of(url: str) -> bytes:
    """Return a URL as a QR code of the smallest version, level M, as SVG."""
    return _svg(url, None, ERROR_CORRECT_M)


def _svg(data: str, version: int | None, level: int) -> bytes:
    """Draw a QR code."""
    code = qrcode.QRCode(version=version, error_correction=level, border=4)
    code.add_data(data, optimize=0 if version else 20)
    code.make(fit=version is None)
    out = io.BytesIO()
    code.make_image(image_factory=SvgPathImage).save(out)
    return out.getvalue()


def _own(actor: Actor, volunteer_id: uuid.UUID | None) -> PersonFacts:
    """Return the facts of the caller, or of one they act for."""
    person_id = registration.acting_as(actor, volunteer_id)
    return registration.facts_of(reading(), [person_id])[person_id]


def _card(person: PersonFacts) -> dict[str, Any]:
    """Return payload and serial of a person's card."""
    serial = str(person.card_serial)
    return {"payload": codes.issue_card(keys(), person.pass_no, serial), "serial": serial}


def _card_pdf(person: PersonFacts) -> bytes:
    """Print a card: whoever holds it sees the name, the number and the code."""
    card = _card(person)
    data = {
        "site": site.facts().name,
        "name": registration.full_name(reading(), person.id),
        "volunteer_no": person.volunteer_no,
        "serial": card["serial"],
        "payload": card["payload"],
    }
    return pdf.render("checkin/card.typ", data, {"qr.svg": version_1(card["payload"])})


def _next_step(code: PersonalCode) -> dt.datetime:
    """Return when the code of the next step is due."""
    return codes.step_start(code.step + 1)


def _seconds_to(at: dt.datetime, now: dt.datetime) -> int:
    """Return the whole seconds until `at`, at least one."""
    return max(1, -int((now - at).total_seconds() // 1))
