"""What imports take and give over HTTP."""

from marshmallow import fields

from volunteer.imports.rules_states import Kind, State
from volunteer.web.schemas import BaseSchema, Choice, Id, Instant, Page, Text, Truth, Upload


class ImportUnitsIn(BaseSchema):
    """A file: units, stations or past hours."""

    file = Upload(required=True)


class ImportVolunteersIn(ImportUnitsIn):
    """A roster; `unit_id` is meant where a row names no unit."""

    unit_id = Id()


class ImportCommitIn(BaseSchema):
    """How to commit: the sound rows alone; which file is meant; who has agreed elsewhere."""

    only_valid = Truth(load_default=False)
    sha256 = Text(64)
    consent_reference = Text(100)


class ImportErrorOut(BaseSchema):
    """A fault of one cell; the row as the sheet shows it."""

    row = fields.Integer()
    column = fields.String()
    code = fields.String()
    message = fields.String()


class ImportCountsOut(BaseSchema):
    """What a commit did, or would do."""

    created = fields.Integer()
    updated = fields.Integer()
    unchanged = fields.Integer()
    skipped = fields.Integer()


class ImportProgressOut(BaseSchema):
    """How far the worker is; zeros where it has not begun to count."""

    done = fields.Integer()
    total = fields.Integer()


class ImportOut(BaseSchema):
    """An import."""

    id = Id()
    kind = Choice(Kind)
    state = Choice(State)
    filename = fields.String(allow_none=True)
    sha256 = fields.String()
    created_at = Instant()
    checked_at = Instant(allow_none=True)
    committed_at = Instant(allow_none=True)
    rows = fields.Integer()
    valid = fields.Integer()
    invalid = fields.Integer()
    errors = fields.List(fields.Nested(ImportErrorOut))
    errors_total = fields.Integer()
    ignored = fields.List(fields.String())
    plan = fields.Nested(ImportCountsOut)
    progress = fields.Nested(ImportProgressOut, allow_none=True)
    reason = fields.String(allow_none=True)
    message = fields.String(allow_none=True)


class ImportQuery(Page):
    """Which imports to list."""


class ImportPage(BaseSchema):
    """A page of imports."""

    items = fields.List(fields.Nested(ImportOut))
    next_cursor = fields.String(allow_none=True)
