"""Bodies and answers about a station's sheet of paper."""

from marshmallow import fields

from volunteer.web.schemas import BaseSchema, Day, Instant, Text, Whole


class PaperIn(BaseSchema):
    """Why a new sheet takes the place of the old one; needed where there is a good one."""

    reason = Text(500, allow_none=True)


class SheetOut(BaseSchema):
    """A station's sheet of paper: its code is fixed, the word that goes with it is of one site day."""

    version = Whole(1, 1_000_000)
    code = fields.String()
    url = fields.String()
    issued_at = Instant()
    word = fields.String()
    word_aloud = fields.String()
    word_on = Day()


class RevokedOut(BaseSchema):
    """A sheet that is good no more."""

    version = Whole(1, 1_000_000)
    issued_at = Instant()
    revoked_at = Instant()
    reason = fields.String()


class PaperOut(BaseSchema):
    """The good sheet, if there is one, and those before it, the last first."""

    sheet = fields.Nested(SheetOut, allow_none=True)
    earlier = fields.List(fields.Nested(RevokedOut))
