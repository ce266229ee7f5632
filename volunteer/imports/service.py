"""Imports: uploaded and checked without writing anything, seen again, committed whole, in part, or not at all.

An import belongs to who uploaded it; an administrator and an auditor see its figures too, never its rows. What a commit
may do is judged anew when it happens: grants, units and people as they stand then. Source: contract, Imports.
"""

import datetime as dt
import hashlib
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from volunteer import audit, jobs
from volunteer.access import Actor, Permission
from volunteer.bulk import nobody_asks
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import constraint_of, new_id, reading, transaction
from volunteer.errors import Conflict, Forbidden, IllegalTransition, NotFound
from volunteer.exports import service as exports
from volunteer.exports.rules import ExportKind, Format, Stamp
from volunteer.imports import known, sheets_out, storing
from volunteer.imports.checking import Steps
from volunteer.imports.judging import Judged, judge
from volunteer.imports.models import Import
from volunteer.imports.reading import read_sheets
from volunteer.imports.rules_files import MOST_BYTES, REASONS
from volunteer.imports.rules_states import Kind, State
from volunteer.registration.invitation_rows import MeanwhileChanged
from volunteer.registration.vouching import Vouched

SHOWN_FAULTS: Final = 1000
#: From this size on a file is checked by the worker, and from so many rows on it is written by the worker.
BIG_BYTES: Final = 128 * 1024
BIG_ROWS: Final = 2000
CHECK: Final = "imports.check"
COMMIT: Final = "imports.commit"
LONGEST_HEADING: Final = 60
#: Constraints that break when somebody on a list has registered, or got one of its numbers, since it was judged.
TAKEN: Final = ("id_number_index", "volunteer_no", "pass_no")
#: How many steps of about the same length it takes to check a list, and to judge it again and write it.
STEPS: Final = {Kind.VOLUNTEERS: (2, 4)}
OTHER_STEPS: Final = (1, 2)


@dataclass(frozen=True, slots=True)
class ImportView:
    """An import as its owner sees it; `errors` are the first thousand of `errors_total`."""

    id: uuid.UUID
    kind: str
    state: str
    filename: str | None
    sha256: str
    created_at: dt.datetime
    checked_at: dt.datetime | None
    committed_at: dt.datetime | None
    rows: int
    valid: int
    invalid: int
    errors: list[Mapping[str, Any]]
    errors_total: int
    ignored: list[str]
    plan: Mapping[str, int]
    progress: Mapping[str, int] | None
    reason: str | None
    message: str | None
    asked_by: uuid.UUID | None


def upload(
    actor: Actor,
    kind: Kind,
    name: str,
    data: bytes,
    unit_id: uuid.UUID | None,
    now: dt.datetime,
    *,
    at_once: bool = False,
) -> ImportView:
    """Check a file and keep it sealed for a commit; nothing else is written. A big one is checked by the worker.

    Raises:
        UnreadableFile: with the reason; then nothing is kept. Of a big file it is told as its state.
        NotFound: a unit outside the caller's scope.
        Forbidden: all but rosters of people are an administrator's.
    """
    _require_kind(actor, kind)
    is_big = BIG_BYTES < len(data) <= MOST_BYTES and not at_once
    if is_big and unit_id is not None:
        known.known_for(actor, unit_id, site_day(now, settings().zone))
    judged = None if is_big else judge(actor, kind, read_sheets(data), unit_id, now)
    with transaction() as session:
        found = Import(
            id=new_id(),
            kind=kind.value,
            state=(State.CHECKING if judged is None else State.CHECKED).value,
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
            unit_id=unit_id,
            asked_by=actor.account_id,
            created_at=now,
            erase_after=now + storing.KEPT,
            faults=[],
            ignored=[],
            plan={},
        )
        found.filename_sealed = settings().keyring.seal(name or "-", "imports", "filename_sealed", found.id)
        if judged is not None:
            note(found, judged, now)
        session.add(found)
        session.flush()
        storing.keep(session, found.id, data)
        if judged is None:
            jobs.add(session, CHECK, found.id, now)
        audit.record(session, actor, now, "import.check", ("import", found.id), kind=kind.value, rows=found.rows)
        return _view(actor, found)


def _require_kind(actor: Actor, kind: Kind) -> None:
    """Raise Forbidden unless the caller may import such a list at all."""
    if kind is not Kind.VOLUNTEERS:
        actor.require_admin()
    elif not actor.has(Permission.MANAGE_PEOPLE):
        raise Forbidden


def note(found: Import, judged: Judged, now: dt.datetime) -> None:
    """Write what was found in a file."""
    faults = judged.checked.faults
    found.rows, found.invalid, found.fault_count = len(judged.rows), judged.checked.invalid, len(faults)
    found.valid = found.rows - found.invalid
    found.faults = [
        {"row": one.row, "column": one.column[:LONGEST_HEADING], "code": one.code, "message": one.message}
        for one in faults[:SHOWN_FAULTS]
    ]
    found.ignored = [heading[:LONGEST_HEADING] for heading in judged.checked.header.ignored]
    found.plan = judged.counts | {"skipped": found.invalid}
    found.checked_at = now


def get_import(actor: Actor, import_id: uuid.UUID) -> ImportView:
    """Return an import.

    Raises:
        NotFound: neither the caller's own, nor is the caller an administrator or auditor of the whole site.
    """
    return _view(actor, _required(actor, import_id))


def list_imports(actor: Actor, limit: int, before: uuid.UUID | None) -> list[ImportView]:
    """Return up to `limit` + 1 imports that the caller may see, the newest first."""
    query = sa.select(Import).order_by(Import.id.desc()).limit(limit + 1)
    if not actor.has_everywhere(Permission.READ_PEOPLE):
        query = query.where(Import.asked_by == actor.account_id)
    if before is not None:
        query = query.where(Import.id < before)
    return [_view(actor, found) for found in reading().scalars(query)]


def commit(
    actor: Actor, import_id: uuid.UUID, options: Mapping[str, Any], now: dt.datetime, *, at_once: bool = False
) -> ImportView:
    """Write a checked file, all of it or with `only_valid` its sound rows; a big one is written by the worker.

    A commit that was made answers again what it did. `sha256`, where given, names the file that is meant;
    `consent_reference` says that everybody on it was registered elsewhere and agreed.

    Raises:
        NotFound: not the caller's.
        Forbidden: a `consent_reference` by anybody but an administrator.
        Conflict: `has-errors`; `file-changed`; `changed-meanwhile`; `illegal-transition` for one that has expired.
    """
    found = _required(actor, import_id)
    _require_kind(actor, Kind(found.kind))
    reference = options.get("consent_reference")
    if reference is not None:
        actor.require_admin()
    if options.get("sha256") not in (None, found.sha256):
        raise _changed()
    if found.state in (State.COMMITTED, State.COMMITTING):
        return _view(actor, found)
    if found.state != State.CHECKED:
        raise IllegalTransition("文件已过保存期限,请重新上传。" if found.state == State.EXPIRED else None)
    only_valid = bool(options.get("only_valid"))
    if found.rows > BIG_ROWS and not at_once:
        if found.invalid and not only_valid:
            raise _has_errors(found.invalid)
        return _hand_over(actor, found.id, reference, now, only_valid=only_valid)
    judged = judged_again(actor, found, now)
    if judged.checked.invalid and not only_valid:
        raise _has_errors(judged.checked.invalid)
    return write(actor, found.id, judged, Vouched(reference) if reference else None, now)


def _hand_over(
    actor: Actor, import_id: uuid.UUID, reference: str | None, now: dt.datetime, *, only_valid: bool
) -> ImportView:
    """Let the worker write it; who hands it over at the same time finds that it was done."""
    with transaction() as session:
        found = locked(session, import_id)
        if found.state == State.CHECKED:
            found.state, found.is_partial, found.committed_by = State.COMMITTING.value, only_valid, actor.account_id
            if reference is not None:
                sealed = settings().keyring.seal(reference, "imports", "reference_sealed", found.id)
                found.reference_sealed = sealed
            jobs.add(session, COMMIT, found.id, now)
        session.flush()
        return _view(actor, found)


def locked(session: Session, import_id: uuid.UUID) -> Import:
    """Return an import, fresh and locked until commit."""
    query = sa.select(Import).where(Import.id == import_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def write(
    actor: Actor,
    import_id: uuid.UUID,
    judged: Judged,
    vouched: Vouched | None,
    now: dt.datetime,
    steps: Steps | None = None,
) -> ImportView:
    """Write the sound rows and that it was done, together; who commits it at the same time waits, and does nothing.

    What is dear is done before the transaction, in which on SQLite nobody else can write.

    Raises:
        Conflict: `changed-meanwhile`: somebody on the list has registered, refused or moved since it was judged.
    """
    put_in = judged.prepare(actor, import_id, vouched, now, steps or Steps(nobody_asks, 2))
    invalid = judged.checked.invalid
    try:
        with transaction() as session:
            found = locked(session, import_id)
            if found.state == State.COMMITTED:
                return _view(actor, found)
            if found.state not in (State.CHECKED, State.COMMITTING):
                raise IllegalTransition
            put_in(session)
            if judged.checked.invalid != invalid:
                raise MeanwhileChanged
            if settings().pause_ms:
                time.sleep(settings().pause_ms / 1000)
            note(found, judged, now)
            found.state, found.committed_at, found.reference_sealed = State.COMMITTED.value, now, None
            if not found.invalid:
                storing.erase(session, found)
            audit.record(session, actor, now, "import.commit", ("import", import_id), kind=found.kind, **found.plan)
            session.flush()
            return _view(actor, found)
    except IntegrityError as error:
        if not any(name in constraint_of(error) for name in TAKEN):
            raise
        raise MeanwhileChanged from error


def marked_sheet(actor: Actor, import_id: uuid.UUID, now: dt.datetime) -> tuple[bytes, Stamp]:
    """Return the uploaded sheet as XLSX, with the faults marked as they are now, and its mark; for who uploaded it.

    Raises:
        NotFound: somebody else's.
        Conflict: `file-erased`: committed whole, or kept long enough.
    """
    found = _required(actor, import_id)
    if found.asked_by != actor.account_id:
        raise NotFound
    if found.erase_after is None:
        raise Conflict("文件已删除,请重新上传后再下载。", code="file-erased")
    sheets = read_sheets(storing.content_of(found.id))
    judged = judge(actor, Kind(found.kind), sheets, found.unit_id, now)
    sheet = next(one for one in sheets if one.name == judged.checked.sheet)
    taken = exports.Taken(ExportKind.IMPORT_FAULTS, Format.XLSX, f"{found.rows} 行的导入表", len(sheet.lines))
    stamp = exports.record(actor, taken, now)
    return sheets_out.marked(sheet, judged.checked.header, judged.checked.faults, stamp), stamp


def judged_again(actor: Actor, found: Import, now: dt.datetime, steps: Steps | None = None) -> Judged:
    """Read the stored file again and judge it as things stand.

    Raises:
        Conflict: `file-changed`: what is stored is not what was uploaded.
    """
    data = storing.content_of(found.id)
    if hashlib.sha256(data).hexdigest() != found.sha256:
        raise _changed()
    return judge(actor, Kind(found.kind), read_sheets(data), found.unit_id, now, steps)


def _changed() -> Conflict:
    """Return the error about a file that is not the one that was checked."""
    return Conflict("文件在检查之后有变动,请重新上传检查。", code="file-changed")


def _has_errors(invalid: int) -> Conflict:
    """Return the error about rows with faults."""
    words = f"有 {invalid} 行需要修改。请改正后重新上传,或选择只导入没有问题的行。"
    return Conflict(words, code="has-errors", invalid=invalid)


def _required(actor: Actor, import_id: uuid.UUID) -> Import:
    """Return an import that the caller may see."""
    found = reading().get(Import, import_id, populate_existing=True)
    if found is None:
        raise NotFound
    is_own = actor.account_id is not None and found.asked_by == actor.account_id
    if not is_own and not actor.has_everywhere(Permission.READ_PEOPLE):
        raise NotFound
    return found


def _view(actor: Actor, found: Import) -> ImportView:
    """Return an import as it is told; the file's name only to who uploaded it."""
    sealed = found.filename_sealed if found.asked_by == actor.account_id else None
    name = settings().keyring.open(sealed, "imports", "filename_sealed", found.id) if sealed else None
    fields = ("id", "kind", "state", "sha256", "created_at", "checked_at", "committed_at", "rows", "valid", "invalid")
    return ImportView(
        filename=name,
        errors=list(found.faults),
        errors_total=found.fault_count,
        ignored=list(found.ignored),
        plan=found.plan,
        progress=_progress(found),
        reason=found.reason,
        asked_by=found.asked_by,
        message=REASONS[found.reason].sentence if found.reason else None,
        **{field: getattr(found, field) for field in fields},
    )


def _progress(found: Import) -> Mapping[str, int] | None:
    """Return how far the worker is; None where it has nothing to do."""
    if found.state not in (State.CHECKING, State.COMMITTING):
        return None
    done, total = jobs.progress_of(found.id)
    return {"done": done, "total": total}
