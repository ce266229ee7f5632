"""Imports over HTTP."""

import uuid
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.errors import NotFound
from volunteer.imports import schemas as s
from volunteer.imports import service, sheets_out
from volunteer.imports.rules_states import Kind, State
from volunteer.web.attachments import BLANK, XLSX, headers, named
from volunteer.web.paging import decode_cursor, page
from volunteer.web.routes import Call, Raw, Room

room = Room("imports")
IMPORT = "/imports/<uuid:import_id>"


@room.route(
    "POST",
    "/imports/units",
    Permission.MANAGE_SITE,
    Scope.SITE,
    body=s.ImportUnitsIn,
    answers={201: s.ImportOut, 202: s.ImportOut},
    upload=True,
)
def import_units(call: Call) -> Any:
    """Check a sheet of units; nothing is written yet."""
    file = call.body["file"]
    return _uploaded(service.upload(call.actor, Kind.UNITS, file.name, file.data, None, call.now))


@room.route(
    "POST",
    "/imports/stations",
    Permission.MANAGE_SITE,
    Scope.SITE,
    body=s.ImportUnitsIn,
    answers={201: s.ImportOut, 202: s.ImportOut},
    upload=True,
)
def import_stations(call: Call) -> Any:
    """Check a sheet of stations; nothing is written yet."""
    file = call.body["file"]
    return _uploaded(service.upload(call.actor, Kind.STATIONS, file.name, file.data, None, call.now))


@room.route(
    "POST",
    "/imports/hours",
    Permission.MANAGE_SITE,
    Scope.SITE,
    body=s.ImportUnitsIn,
    answers={201: s.ImportOut, 202: s.ImportOut},
    upload=True,
)
def import_hours(call: Call) -> Any:
    """Check a list of past hours from other systems; nothing is written yet."""
    file = call.body["file"]
    return _uploaded(service.upload(call.actor, Kind.HOURS, file.name, file.data, None, call.now))


@room.route(
    "POST",
    "/imports/volunteers",
    Permission.MANAGE_PEOPLE,
    Scope.UNIT,
    body=s.ImportVolunteersIn,
    answers={201: s.ImportOut, 202: s.ImportOut},
    upload=True,
)
def import_volunteers(call: Call) -> Any:
    """Check a roster; nothing is written yet."""
    file = call.body["file"]
    unit_id = call.body.get("unit_id")
    return _uploaded(service.upload(call.actor, Kind.VOLUNTEERS, file.name, file.data, unit_id, call.now))


def _uploaded(made: service.ImportView) -> tuple[int, service.ImportView]:
    """Return 201 with a checked file, 202 with one that the worker checks."""
    return (202 if made.state == State.CHECKING else 201), made


@room.route("GET", "/imports", Permission.READ_PEOPLE, Scope.UNIT, query=s.ImportQuery, answers={200: s.ImportPage})
def list_imports(call: Call) -> Any:
    """List the caller's imports, the newest first; everybody's for an admin and an auditor."""
    before = decode_cursor(call.query["cursor"], uuid.UUID)
    rows = service.list_imports(call.actor, call.query["limit"], before[0] if before else None)
    return 200, page(rows, call.query["limit"], lambda row: (row.id,))


@room.route("GET", IMPORT, Permission.READ_PEOPLE, Scope.UNIT, answers={200: s.ImportOut})
def get_import(call: Call, import_id: uuid.UUID) -> Any:
    """Show where an import stands, and its faults."""
    return 200, service.get_import(call.actor, import_id)


@room.route(
    "GET",
    IMPORT + "/errors.xlsx",
    Permission.MANAGE_PEOPLE,
    Scope.UNIT,
    answers={200: XLSX},
    errors=(409,),
)
def get_marked_sheet(call: Call, import_id: uuid.UUID) -> Any:
    """Give the uploaded sheet back with its faults marked; only to who uploaded it."""
    data, stamp = service.marked_sheet(call.actor, import_id, call.now)
    return 200, Raw(data, XLSX, named("errors.xlsx", stamp.number), headers(stamp.number))


@room.route(
    "POST",
    IMPORT + "/commit",
    Permission.MANAGE_PEOPLE,
    Scope.UNIT,
    body=s.ImportCommitIn,
    answers={200: s.ImportCountsOut, 202: s.ImportOut},
    errors=(409,),
)
def commit_import(call: Call, import_id: uuid.UUID) -> Any:
    """Write a checked file: all of it, or with `only_valid` its sound rows; a big one is written by the worker."""
    done = service.commit(call.actor, import_id, call.body, call.now)
    return (200, done.plan) if done.state == State.COMMITTED else (202, done)


@room.route("GET", "/imports/templates/<name>.xlsx", Permission.ANYONE, Scope.NOTHING, answers={200: XLSX})
def get_template(call: Call, name: str) -> Any:
    """Give an empty sheet to fill in: units, volunteers, stations or past hours."""
    if name not in {kind.value for kind in Kind}:
        raise NotFound
    return 200, Raw(sheets_out.template(Kind(name)), XLSX, f"{name}.xlsx", headers(BLANK))
