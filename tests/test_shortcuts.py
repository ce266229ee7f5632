"""The short way through a schema gives what marshmallow gives, and leaves every fault to it."""

import copy
import datetime as dt
import io
import uuid
from typing import Any

import pytest
from marshmallow import Schema, ValidationError
from werkzeug.datastructures import FileStorage

from volunteer.app import routes
from volunteer.checkin import schemas as s
from volunteer.checkin.photos.photo_schemas import PhotoIn
from volunteer.checkin.reasons import Direction, Outcome, Reason
from volunteer.web import shortcuts

AT = "2026-03-05T09:00:00.25+08:00"
SCAN = {"id": str(uuid.uuid4()), "volunteer_code": "9" * 27, "shift_id": None, "direction": "in", "scanned_at": AT}
BAD_DAY = "2026-02-30T00:00:00Z"
ODD: list[Any] = [None, "", "x" * 600, "坏\x00", 7, -1.5, True, [], {}, BAD_DAY, str(uuid.uuid4()).upper()]


def loaded(load: Any, raw: Any) -> Any:
    """Return what came of it: the body, or every fault."""
    try:
        return load(copy.deepcopy(raw))
    except ValidationError as error:
        return error.messages


def same_in(schema: Schema, raw: Any) -> None:
    assert loaded(lambda body: shortcuts.load(schema, body), raw) == loaded(schema.load, raw), raw


@pytest.mark.parametrize("kind", [s.ScanIn, s.BatchIn, s.OwnScanIn, s.RollCallIn, s.Page])
def test_what_comes_in_is_the_same_with_any_one_thing_wrong(kind: type[Schema]) -> None:
    schema = kind()
    event = {name: value for name, value in SCAN.items() if name in s.EventIn().fields}
    bodies: list[Any] = [
        SCAN,
        {"sent_at": AT, "events": [event, event]},
        {"sent_at": AT, "events": []},
        {},
        [],
        3,
        None,
    ]
    for body in bodies:
        same_in(schema, body)
        for name in schema.fields if isinstance(body, dict) else ():
            for odd in ODD:
                same_in(schema, body | {name: odd})
            same_in(schema, {key: value for key, value in body.items() if key != name})
        if isinstance(body, dict):
            same_in(schema, body | {"neu": 1})
    for name in event:
        for odd in ODD:
            same_in(s.BatchIn(), {"sent_at": AT, "events": [event, event | {name: odd}]})
    same_in(s.BatchIn(), {"sent_at": AT, "events": [event] * 501})
    assert shortcuts.load(s.BatchIn(), {"sent_at": AT, "events": [event]})["events"][0]["scanned_at"].tzinfo is dt.UTC


def test_every_schema_of_the_api_reads_nothing_and_odd_things_alike() -> None:
    for schema in {id(one): one for route in routes() for one in (route.body, route.query) if one is not None}.values():
        for raw in ({}, {"neu": 1}, *({name: odd} for name in schema.fields for odd in ODD[:9])):
            same_in(schema, raw)


def test_a_file_beside_something_wrong_is_read_once() -> None:
    """A file cannot be read again, so a form that carries one is not tried the short way first."""
    file = FileStorage(io.BytesIO(b"sheet"), "a.xlsx")
    with pytest.raises(ValidationError) as found:
        shortcuts.load(PhotoIn(), {"file": file, "more": "1"})
    assert set(found.value.messages) == {"more"}


def test_what_goes_out_is_the_same() -> None:
    at = dt.datetime(2026, 3, 5, 9, 0, 0, 250, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    told: dict[str, Any] = {
        "id": uuid.uuid4(),
        "direction": Direction.IN,
        "outcome": Outcome.REFUSED,
        "message": "请",
        "attendance_id": None,
        "volunteer": {"id": uuid.uuid4(), "display_name": "张*", "more": 1},
        "at": at,
        "minutes": 3,
        "walk_in": False,
        "flags": sorted([Reason.FULL, Reason.CODE_USED]),
        "reasons": [Reason.FULL],
        "open": None,
        "choices": [{"shift_id": uuid.uuid4(), "starts_at": at, "place": "门口"}],
        "nobody": "asked",
    }
    for schema, thing in (
        (s.ScanOut(), told),
        (s.ScanRefusedOut(), told | {"status": 409, "type": "/problems/x"}),
        (s.BatchOut(), {"results": [told, told | {"at": None}, {}]}),
        (s.AttendancePage(), {"items": [{"pairs": [{"in": at, "out": None}], "id": told["id"]}], "next_cursor": None}),
        (s.ScanOut(), type("Thing", (), told)()),
    ):
        assert shortcuts.dump(schema, thing) == schema.dump(thing)
