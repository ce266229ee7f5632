"""What a keeper's page sends of the scans that it keeps."""

from marshmallow import fields, validate

from volunteer.checkin.schemas import MOST_EVENTS, BatchIn, Code, EventIn
from volunteer.web.schemas import BaseSchema, Instant

#: What a page takes of a text that was scanned; the rest proves nothing.
MOST_KEPT = 600


class KeptIn(EventIn):
    """One scan that a keeper's page kept: whatever the camera saw, an address too."""

    volunteer_code = Code(MOST_KEPT, required=True)


class KeptAt(BaseSchema):
    """When a page kept a scan."""

    kept_at = Instant()


class SyncIn(BatchIn):
    """What a keeper's page kept while it had no network."""

    events = fields.List(
        fields.Nested(KeptIn),
        required=True,
        validate=validate.Length(0, MOST_EVENTS, error=f"length|一次最多 {MOST_EVENTS} 条。"),
    )
