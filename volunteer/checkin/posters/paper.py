"""A keeper's sheets of paper: issue one, put a new one in its place, revoke it, and the word of the day.

One sheet a station is good at a time; each deed is one transaction and on record. Source: ux.md §5a; threat-model.md.
"""

import datetime as dt
import secrets
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit, pdf
from volunteer.access import Actor, Permission
from volunteer.checkin.credentials import cards
from volunteer.checkin.door import door
from volunteer.checkin.models import PaperSheet
from volunteer.checkin.posters import paper_codes, sheets
from volunteer.checkin.posters.sheets import Sheet
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import lock_name, new_id, reading, transaction
from volunteer.errors import IllegalTransition, NotFound, invalid
from volunteer.site import service as site
from volunteer.stations import service as stations

RUN = Permission.RUN_ACTIVITIES


@dataclass(frozen=True, slots=True)
class Revoked:
    """A sheet that is good no more, and why."""

    version: int
    issued_at: dt.datetime
    revoked_at: dt.datetime
    reason: str


def tell(actor: Actor, station_id: uuid.UUID, root: str, now: dt.datetime) -> dict[str, Any]:
    """Return a station's good sheet with its code and today's word, and the sheets before it, the last first.

    For whoever scans at the station; a scanner has no use for the word and is not told it.

    Raises:
        NotFound: no such station, or not the caller's to scan at.
    """
    _require_teller(actor, station_id)
    session = reading()
    return {"sheet": _told(sheets.find(session, station_id), root, now), "earlier": _earlier(session, station_id)}


def word_today(actor: Actor, station_id: uuid.UUID, now: dt.datetime) -> str | None:
    """Return today's word at a station that has a good sheet, for whoever scans there; None for all others."""
    try:
        _require_teller(actor, station_id)
    except NotFound:
        return None
    sheet = sheets.find(reading(), station_id)
    return sheet.word(now) if sheet else None


def issue(actor: Actor, station_id: uuid.UUID, reason: str | None, root: str, now: dt.datetime) -> dict[str, Any]:
    """Make a station's sheet; one that is good is revoked with `reason` in the same transaction, so that it dies.

    Raises:
        NotFound: no such station in the caller's scope.
        InvalidInput: `required` on `reason` where a good sheet is put out of use.
    """
    stations.require_station(actor, RUN, station_id)
    with transaction() as session:
        good = _lock(session, station_id)
        if good is not None:
            if not reason:
                raise invalid("reason", "required", "请写明为什么换新海报,旧的马上作废。")
            _revoke(session, good, reason, now)
        sheet = _add(session, station_id, now)
        deed = "paper.replace" if good else "paper.issue"
        audit.record(session, actor, now, deed, ("station", station_id), reason, version=sheet.version)
        return _told(sheet, root, now) or {}


def revoke(actor: Actor, station_id: uuid.UUID, reason: str, now: dt.datetime) -> None:
    """Put a station's sheet out of use, wherever it hangs and whoever has a picture of it; twice is harmless.

    Raises:
        NotFound: no such station in the caller's scope, or it never had a sheet.
    """
    stations.require_station(actor, RUN, station_id)
    with transaction() as session:
        good = _lock(session, station_id)
        if good is not None:
            _revoke(session, good, reason, now)
            audit.record(session, actor, now, "paper.revoke", ("station", station_id), reason, version=good.version)
        elif not _earlier(session, station_id):
            raise NotFound


def renew_word(actor: Actor, station_id: uuid.UUID, reason: str, now: dt.datetime) -> str:
    """Return another word for today: the one before is good no more, at once.

    Raises:
        NotFound: no such station in the caller's scope. IllegalTransition: it has no good sheet.
    """
    stations.require_station(actor, RUN, station_id)
    with transaction() as session:
        good = _lock(session, station_id)
        if good is None:
            raise IllegalTransition("本站没有启用的纸质海报,也就没有口令。请先启用一张。")
        before = sheets.sheet_of(good).word(now)
        while sheets.sheet_of(good).word(now) == before:  # four digits may fall together
            good.word_serial += 1
        audit.record(session, actor, now, "paper.word", ("station", station_id), reason, version=good.version)
        return sheets.sheet_of(good).word(now)


def sheet_pdf(actor: Actor, station_id: uuid.UUID, root: str, now: dt.datetime) -> bytes:
    """Return the sheet for printing, and put that on record.

    Raises:
        NotFound: no such station in the caller's scope, or it has no good sheet.
    """
    station = stations.require_station(actor, RUN, station_id)
    sheet = sheets.find(reading(), station_id)
    if sheet is None:
        raise NotFound
    with transaction() as session:
        audit.record(session, actor, now, "paper.print", ("station", station_id), version=sheet.version)
    facts = site.facts()
    issued = sheet.issued_at.astimezone(settings().zone)
    data = {
        "site": facts.name,
        "station": station.name,
        "helpline": facts.helpline,
        "helpline_hours": facts.helpline_hours,
        "digits": paper_codes.grouped(sheet.digits),
        "address": f"{root}/s".partition("://")[2],
        "version": sheet.version,
        "issued": f"{issued.year} 年 {issued.month} 月 {issued.day} 日",
    }
    return pdf.render("checkin/sheet.typ", data, {"qr.svg": cards.picture_of(_url(sheet, root))})


def _require_teller(actor: Actor, station_id: uuid.UUID) -> None:
    """Raise NotFound unless the caller is a person who scans at a station."""
    door.scanned_at(actor, station_id)
    if actor.is_device:
        raise NotFound


def _lock(session: Session, station_id: uuid.UUID) -> PaperSheet | None:
    """Let one deed at a station's sheets follow the other; return the good one."""
    lock_name(session, f"paper {station_id}")
    query = sa.select(PaperSheet).where(PaperSheet.station_id == station_id, PaperSheet.revoked_at.is_(None))
    return session.scalar(query)


def _revoke(session: Session, row: PaperSheet, reason: str, now: dt.datetime) -> None:
    """Put a sheet out of use."""
    row.revoked_at, row.revoked_because = now, reason
    session.flush()


def _add(session: Session, station_id: uuid.UUID, now: dt.datetime) -> Sheet:
    """Add the next sheet of a station under a number that no sheet ever had."""
    last = session.scalar(sa.select(sa.func.max(PaperSheet.version)).where(PaperSheet.station_id == station_id))
    number = secrets.choice(paper_codes.NUMBERS)
    while session.scalar(sa.select(PaperSheet.id).where(PaperSheet.number == number)):
        number = secrets.choice(paper_codes.NUMBERS)
    row = PaperSheet(
        id=new_id(), number=number, station_id=station_id, version=(last or 0) + 1, word_serial=0, issued_at=now
    )
    session.add(row)
    session.flush()
    return sheets.sheet_of(row)


def _told(sheet: Sheet | None, root: str, now: dt.datetime) -> dict[str, Any] | None:
    """Return a good sheet as its keepers see it."""
    if sheet is None:
        return None
    word = sheet.word(now)
    return {
        "version": sheet.version,
        "code": sheet.digits,
        "url": _url(sheet, root),
        "issued_at": sheet.issued_at,
        "word": word,
        "word_aloud": paper_codes.aloud(word),
        "word_on": site_day(now, settings().zone),
    }


def _earlier(session: Session, station_id: uuid.UUID) -> list[Revoked]:
    """Return the sheets of a station that are good no more, the last first."""
    query = sa.select(PaperSheet).where(PaperSheet.station_id == station_id, PaperSheet.revoked_at.is_not(None))
    rows = session.scalars(query.order_by(PaperSheet.version.desc()))
    return [
        Revoked(row.version, row.issued_at, row.revoked_at, row.revoked_because or "") for row in rows if row.revoked_at
    ]


def _url(sheet: Sheet, root: str) -> str:
    """Return the address in the sheet's QR code."""
    return root + paper_codes.path_of(sheet.station_id, sheet.digits)
