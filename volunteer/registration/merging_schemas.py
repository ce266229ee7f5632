"""Bodies and answers about records that may be one person."""

from marshmallow import fields

from volunteer.registration.rules_merging import Likeness, MergeReason, MergeWarning
from volunteer.registration.schemas import PersonOut
from volunteer.web.schemas import BaseSchema, Choice, Id, Secret, Text, Truth


class AlikeOut(BaseSchema):
    """Somebody who may be the same person, masked, and why."""

    person = fields.Nested(PersonOut)
    because = fields.List(Choice(Likeness))


class MergeLookIn(BaseSchema):
    """Which record is to be merged into the one of the address.

    `is_paper_seen`: a paper proves that two different resident numbers are one person's.
    """

    from_id = Id(required=True)
    is_paper_seen = Truth(load_default=False)


class MergeIn(MergeLookIn):
    """The same, with the digest of the preview that was looked at, and why."""

    digest = Secret(required=True, most=16)
    reason = Text(200, required=True)


class RecordOut(BaseSchema):
    """One of two records, masked; `id_number` is its first and last character."""

    person = fields.Nested(PersonOut)
    id_type = fields.String(allow_none=True)
    id_number = fields.String(allow_none=True)
    has_account = Truth()
    minutes = fields.Integer()


class MovedOut(BaseSchema):
    """What becomes of one kind of rows."""

    word = fields.String()
    moved = fields.Integer()
    ended = fields.Integer()
    kept = fields.Integer()


class NoteOut(BaseSchema):
    """Something to know beforehand."""

    code = fields.String()
    message = fields.String()


class MergeOut(BaseSchema):
    """What a merge does, or why it may not be done (`reasons`; then nothing else is told)."""

    kept = fields.Nested(RecordOut)
    merged = fields.Nested(RecordOut)
    reasons = fields.List(Choice(MergeReason))
    warnings = fields.List(Choice(MergeWarning))
    notes = fields.List(fields.Nested(NoteOut))
    tables = fields.List(fields.Nested(MovedOut))
    minutes = fields.Integer()
    digest = fields.String()
