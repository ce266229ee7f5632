"""What a proof says about a person's services, from the ledger and the shifts, and how it is kept and printed."""

import datetime as dt
import io
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import qrcode
from qrcode.image.svg import SvgPathImage
from sqlalchemy.orm import Session

from volunteer import pdf
from volunteer.activities import service as activities
from volunteer.certificates import rules
from volunteer.certificates.models import Certificate
from volunteer.certificates.rules import State
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.registration import service as registration
from volunteer.site import service as site
from volunteer.units import service as units

TABLE = "certificates"
TEMPLATE = "certificates/certificate.typ"
NOTICES = {
    State.VALID: "",
    State.SUPERSEDED: "本证明所列记录已有更正，不再有效，请重新开具。",
    State.REVOKED: "本证明已被撤销，不再有效。",
}


def content(session: Session, person_id: uuid.UUID, lines: Sequence[rules.Line]) -> dict[str, Any]:
    """Return what the paper says: the person in full, each service (place, content, unit, leader), who issues it."""
    done = rules.services(lines)
    shifts = activities.shifts_of(session, {one.shift_id for one in done})
    organizers = units.unit_briefs({shift.organizer_unit_id for shift in shifts.values() if shift.organizer_unit_id})
    facts = registration.facts_of(session, [person_id])[person_id]
    rows = []
    for one in done:
        shift = shifts[one.shift_id]
        organizer = organizers.get(shift.organizer_unit_id) if shift.organizer_unit_id else None
        rows.append(
            {
                "date": one.on.isoformat(),
                "name": shift.activity_title,
                "place": shift.place or shift.station_name,
                "content": rules.short(f"{shift.post}：{shift.summary}"),
                "minutes": one.minutes,
                "made_up": one.is_made_up,
                "unit": organizer.name if organizer else shift.station_name,
                "leader": shift.leader_name,
            }
        )
    person = {"name": registration.full_name(session, person_id), "volunteer_no": facts.volunteer_no}
    return {"person": person, "services": rows, "issuer": site.facts().issuer}


def issuer_of(said: Mapping[str, Any]) -> str:
    """Return who issued a proof, as it said then; the site's name for one from before this was kept."""
    return said.get("issuer") or settings().site_name


def says_the_same(one: Mapping[str, Any] | None, other: Mapping[str, Any]) -> bool:
    """Whether two contents tell the same of the same person; who issues them may have another name since."""
    return one is not None and all(one[part] == other[part] for part in ("person", "services"))


def seal_content(certificate_id: uuid.UUID, said: dict[str, Any]) -> bytes:
    """Return the content sealed for its row."""
    text = json.dumps(said, ensure_ascii=False, sort_keys=True)
    return settings().keyring.seal(text, TABLE, "content_sealed", certificate_id)


def open_content(row: Certificate) -> dict[str, Any] | None:
    """Return what the paper says, or None where erasure has emptied it."""
    if row.content_sealed is None:
        return None
    said: dict[str, Any] = json.loads(settings().keyring.open(row.content_sealed, TABLE, "content_sealed", row.id))
    return said


def open_token(row: Certificate) -> str:
    """Return the token that verifies a proof."""
    return settings().keyring.open(row.token_sealed, TABLE, "token_sealed", row.id)


def verify_url(root: str, number: str, token: str) -> str:
    """Return the address that the QR code leads to."""
    return f"{root}/v/{number}?token={token}"


def printed(row: Certificate, said: dict[str, Any], state: State, root: str) -> bytes:
    """Return the PDF: the same row in the same state gives the same bytes."""
    return pdf.render(TEMPLATE, paper(row, said, state, root), qr_files(row, root))


def pictured(row: Certificate, said: dict[str, Any], state: State, root: str) -> list[bytes]:
    """Return the same pages as PNG pictures."""
    return pdf.pictures(TEMPLATE, paper(row, said, state, root), qr_files(row, root))


def paper(row: Certificate, said: dict[str, Any], state: State, root: str) -> dict[str, Any]:
    """Return the data of the template."""
    heading = {
        "number": row.number,
        "notice": NOTICES[state],
        "period": f"{rules.spoken_day(row.from_on)} 至 {rules.spoken_day(row.to_on)}",
        "verify_url": verify_url(root, row.number, open_token(row)),
        "issuer": issuer_of(said),
        "issued_on": issued_words(row.issued_at),
    }
    return rules.paper(said, heading)


def qr_files(row: Certificate, root: str) -> dict[str, bytes]:
    """Return the pictures of the template: the QR code, error correction M so that a stamp may cover a corner."""
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=4)
    code.add_data(verify_url(root, row.number, open_token(row)))
    picture = io.BytesIO()
    code.make_image(image_factory=SvgPathImage).save(picture)
    return {"qr.svg": picture.getvalue()}


def issued_on(issued_at: dt.datetime) -> dt.date:
    """Return the site's day of issue."""
    return site_day(issued_at, settings().zone)


def issued_words(issued_at: dt.datetime) -> str:
    """Return the day of issue as the paper has it."""
    return rules.spoken_day(issued_on(issued_at))
