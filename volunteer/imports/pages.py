"""Bringing in a roster or units on pages: a template, the file, its faults before anything is written, then the commit.

Nothing here waits: a big file is worked on while the page is left, and found again in the list. Source: ux.md U4.
"""

import uuid
from collections.abc import Sequence
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l

from volunteer.access import Permission, Scope
from volunteer.errors import Fault, NotFound, VolunteerError
from volunteer.imports import schemas as s
from volunteer.imports import service, sheets_out
from volunteer.imports.reading import UnreadableFile
from volunteer.imports.rules_states import Kind, State
from volunteer.units import service as units
from volunteer.web.attachments import BLANK, XLSX, attachment
from volunteer.web.forms import faults_of, filled, load, typed
from volunteer.web.pages import Pages

pages = Pages("imports")
SHOWN = 20
NO_UNIT = Fault("unit", "unknown-unit", "没有这个单位代码,或它不在您的管理范围内,请核对。")
SHOWN_FAULTS = 200
IMPORT = "/people/import/<uuid:import_id>"
STATES = {
    State.CHECKING: _l("Being checked"),
    State.CHECKED: _l("Checked, nothing written yet"),
    State.UNREADABLE: _l("Could not be read"),
    State.COMMITTING: _l("Being written"),
    State.COMMITTED: _l("Written"),
    State.EXPIRED: _l("Expired"),
}
KINDS = {
    Kind.VOLUNTEERS: _l("Roster of people"),
    Kind.UNITS: _l("Units and tasks"),
    Kind.STATIONS: _l("Stations and places"),
    Kind.HOURS: _l("Past hours from other systems"),
}


@pages.page("/people/import", Permission.MANAGE_PEOPLE, Scope.UNIT, methods=("GET", "POST"), upload=True)
def list_page() -> Any:
    """Take a file, and show the caller's last ones."""
    if request.method == "GET":
        return _list()
    asked = request.form.get("kind", "")
    kind = Kind(asked) if asked in {one.value for one in Kind} and g.actor.is_admin else Kind.VOLUNTEERS
    code = request.form.get("unit", "").strip() if kind is Kind.VOLUNTEERS else ""
    unit_id = units.find_by_code(code) if code else None
    body, faults = load(s.ImportUnitsIn(), request.files.to_dict())
    if not faults and not body["file"].name:
        faults = [Fault("file", "required", "请选择要上传的文件。")]
    if code and unit_id is None:
        faults = [*faults, NO_UNIT]
    if not faults:
        try:
            made = service.upload(g.actor, kind, body["file"].name, body["file"].data, unit_id, g.now)
        except UnreadableFile as refusal:
            faults = [Fault("file", str(refusal.fault), refusal.detail)]
        except NotFound:
            faults = [NO_UNIT]
        else:
            return redirect(url_for("imports.import_page", import_id=made.id), 303)
    return _list(faults, kind, code), 422


def _list(faults: Sequence[Fault] = (), kind: Kind = Kind.VOLUNTEERS, unit: str = "") -> str:
    """Render the form and the list."""
    found = service.list_imports(g.actor, SHOWN - 1, None)
    kinds = [(one.value, word) for one, word in KINDS.items()] if g.actor.is_admin else []
    return render_template(
        "imports/list.html",
        faults=list(faults),
        kind=kind.value,
        kinds=kinds,
        unit=unit,
        items=found,
        states=STATES,
        names=KINDS,
    )


@pages.page(IMPORT, Permission.MANAGE_PEOPLE, Scope.UNIT)
def import_page(import_id: uuid.UUID) -> Any:
    """Show what a file would change and what is wrong with it, how far the worker is, or what was written."""
    return _one(service.get_import(g.actor, import_id))


def _one(found: service.ImportView, faults: Sequence[Fault] = (), reference: str = "") -> str:
    """Render one import."""
    return render_template(
        "imports/import.html",
        one=found,
        faults=list(faults),
        reference=reference,
        errors=found.errors[:SHOWN_FAULTS],
        states=STATES,
        names=KINDS,
        is_own=g.actor.account_id == found.asked_by,
        is_admin=g.actor.is_admin,
        is_due=found.state in (State.CHECKING, State.COMMITTING),
    )


@pages.page(IMPORT + "/commit", Permission.MANAGE_PEOPLE, Scope.UNIT, methods=("POST",))
def commit_page(import_id: uuid.UUID) -> Any:
    """Write the file, or its sound rows."""
    texts = typed("only_valid", "consent_reference", "sha256")
    body, faults = load(s.ImportCommitIn(), filled(texts | {"only_valid": ""}))
    found = service.get_import(g.actor, import_id)
    if not faults:
        try:
            service.commit(g.actor, import_id, body | {"only_valid": texts["only_valid"] == "1"}, g.now)
        except NotFound:
            raise
        except VolunteerError as error:
            faults = faults_of(error, "commit")
        else:
            return redirect(url_for("imports.import_page", import_id=import_id), 303)
    return _one(found, faults, texts["consent_reference"]), 422


@pages.page(IMPORT + "/errors.xlsx", Permission.MANAGE_PEOPLE, Scope.UNIT)
def marked_page(import_id: uuid.UUID) -> Any:
    """Give the sheet back with its faults marked."""
    data, stamp = service.marked_sheet(g.actor, import_id, g.now)
    return attachment(data, XLSX, "errors.xlsx", stamp.number)


@pages.page("/people/import/templates/<name>.xlsx", Permission.MANAGE_PEOPLE, Scope.UNIT)
def template_page(name: str) -> Any:
    """Give an empty sheet to fill in."""
    if name not in {kind.value for kind in Kind}:
        raise NotFound
    return attachment(sheets_out.template(Kind(name)), XLSX, f"{name}.xlsx", BLANK)
