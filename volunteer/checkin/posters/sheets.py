"""Sheets of paper as check-in judges them: is this code one that hangs today, and was the word of the day said.

Nothing here asks who calls; keepers tend their sheets in `paper`. Source: ux.md §5a; threat-model.md.
"""

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.checkin.events import keys
from volunteer.checkin.models import PaperSheet
from volunteer.checkin.posters import paper_codes
from volunteer.checkin.posters.paper_codes import ReadSheetCode
from volunteer.checkin.reasons import Reason
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.errors import InvalidInput, RateLimited, Worded
from volunteer.web import limits


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that is good now."""

    id: uuid.UUID
    number: int
    station_id: uuid.UUID
    version: int
    word_serial: int
    issued_at: dt.datetime

    @property
    def digits(self) -> str:
        """The code that is printed on it."""
        return paper_codes.issue(keys(), self.number, self.station_id, self.version)

    def word(self, now: dt.datetime) -> str:
        """Return the word of the site day of an instant."""
        day = site_day(now, settings().zone)
        return paper_codes.word_of(keys(), self.station_id, day, self.version, self.word_serial)


class WordFault(Worded):
    """What can be wrong with the word of the day; the value is the permanent code."""

    WRONG = "wrong-word", "口令不对。请再问一次站点的工作人员,口令每天都换;也可以不填,先记下来等核对。"
    MISSING = "required", "没有得到您在站点范围内的位置。请填今天的口令;没有口令也可以先记下来,等工作人员核对。"

    def refused(self) -> InvalidInput:
        """Return the error for the field."""
        return InvalidInput([self.at("word")])


class TooManyWords(RateLimited):
    """429: wrong words were said too often, by this person or at this station; going on without one is possible."""


def find(session: Session, station_id: uuid.UUID) -> Sheet | None:
    """Return the sheet that is good at a station, if there is one."""
    query = sa.select(PaperSheet).where(PaperSheet.station_id == station_id, PaperSheet.revoked_at.is_(None))
    row = session.scalar(query)
    return sheet_of(row) if row else None


def judge(session: Session, code: ReadSheetCode) -> Sheet | Reason:
    """Return the sheet whose code this is, or why it is none that is good: `code-invalid`, `code-revoked`."""
    row = _row_of(session, code)
    if row is None:
        return Reason.CODE_INVALID
    return sheet_of(row) if row.revoked_at is None else Reason.CODE_REVOKED


def station_of(session: Session, code: ReadSheetCode) -> uuid.UUID | None:
    """Return the station for which a code was made, good or revoked; None for one that was made up."""
    row = _row_of(session, code)
    return row.station_id if row else None


def still_good(session: Session, sheet_id: uuid.UUID) -> Sheet | Reason:
    """Return the sheet for which a ticket was given, or `code-revoked` where it was revoked since."""
    row = session.get(PaperSheet, sheet_id, populate_existing=True)
    return sheet_of(row) if row and row.revoked_at is None else Reason.CODE_REVOKED


def confirm(session: Session, person_id: uuid.UUID, sheet_id: uuid.UUID, said: str, now: dt.datetime) -> bool:
    """Return whether a person said the word of the day that goes with a sheet.

    Every try is counted before it is judged, for the person and for the station; a right one is given back. With a
    renewed word the station begins anew.

    Raises:
        TooManyWords: 5 wrong words in ten minutes or 20 in a day by this person, or 200 in a day at this station.
    """
    sheet = still_good(session, sheet_id)
    if isinstance(sheet, Reason):
        return False
    who, where = f"{person_id} {sheet.id}", f"{sheet.id} {sheet.word_serial}"
    try:
        hits = limits.take_all([("word", who), ("word-day", who), ("word-station", where)], now)
    except RateLimited as error:
        raise TooManyWords(error.retry_after_s, "口令填错太多次,请稍后再填;也可以不填,先记下来。") from error
    day, word = site_day(now, settings().zone), paper_codes.read_word(said)
    is_right = word is not None and paper_codes.is_word(
        keys(), word, sheet.station_id, day, sheet.version, sheet.word_serial
    )
    if is_right:
        limits.give_back(*hits)
    return is_right


def _row_of(session: Session, code: ReadSheetCode) -> PaperSheet | None:
    """Return the sheet that a genuine code names, good or revoked."""
    query = sa.select(PaperSheet).where(PaperSheet.number == code.number).execution_options(populate_existing=True)
    row = session.scalar(query)
    return row if row and paper_codes.is_genuine(keys(), code, row.station_id, row.version) else None


def sheet_of(row: PaperSheet) -> Sheet:
    """Return a stored sheet."""
    return Sheet(row.id, row.number, row.station_id, row.version, row.word_serial, row.issued_at)
