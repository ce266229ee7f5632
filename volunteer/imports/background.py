"""Big imports, checked and written by the worker for the account that asked, as its grants stand then.

Each may be started again at any time: where the import stands is read under a lock, and moved on together with what is
written. Source: contract, Imports; stack.md G34.
"""

import datetime as dt
import uuid
from typing import Final

from volunteer.access import Actor
from volunteer.accounts import sign_in
from volunteer.config import settings
from volunteer.database import reading, transaction
from volunteer.errors import NotFound, VolunteerError
from volunteer.imports import service, storing
from volunteer.imports.checking import Steps
from volunteer.imports.models import Import
from volunteer.imports.reading import UnreadableFile
from volunteer.imports.rules_files import FileFault
from volunteer.imports.rules_states import Kind, State
from volunteer.jobs import Handler, Tick
from volunteer.registration.vouching import Vouched


def check(import_id: uuid.UUID, now: dt.datetime, tick: Tick) -> None:
    """Check a stored file; one that cannot be read is erased, with the reason left."""
    found = reading().get(Import, import_id, populate_existing=True)
    if found is None or found.state != State.CHECKING:
        return
    try:
        steps = Steps(tick, _steps(found)[0])
        judged = service.judged_again(_actor(found.asked_by), found, now, steps)
    except UnreadableFile as refusal:
        _refuse(import_id, refusal.fault)
        return
    except VolunteerError:  # who asked may no longer, or what is stored is not what was sent
        _refuse(import_id, FileFault.BROKEN)
        return
    with transaction() as session:
        found = service.locked(session, import_id)
        if found.state == State.CHECKING:
            service.note(found, judged, now)
            found.state = State.CHECKED.value


def commit(import_id: uuid.UUID, now: dt.datetime, tick: Tick) -> None:
    """Write a checked file; where it no longer may be as it was asked for, it stands as checked again, anew."""
    found = reading().get(Import, import_id, populate_existing=True)
    if found is None or found.state != State.COMMITTING:
        return
    sealed = found.reference_sealed
    reference = settings().keyring.open(sealed, "imports", "reference_sealed", import_id) if sealed else None
    steps = Steps(tick, _steps(found)[1])
    try:
        actor = _actor(found.committed_by)
        judged = service.judged_again(actor, found, now, steps)
    except VolunteerError:
        give_up_commit(import_id, now)
        return
    if judged.checked.invalid and not found.is_partial:
        with transaction() as session:
            found = service.locked(session, import_id)
            service.note(found, judged, now)
            found.state = State.CHECKED.value
        return
    service.write(actor, import_id, judged, Vouched(reference) if reference else None, now, steps)


def give_up_check(import_id: uuid.UUID, _now: dt.datetime) -> None:
    """Refuse a file that no worker has survived."""
    _refuse(import_id, FileFault.TOO_HEAVY)


def give_up_commit(import_id: uuid.UUID, _now: dt.datetime) -> None:
    """Let an import that could not be written stand as checked again: nothing was written."""
    with transaction() as session:
        found = service.locked(session, import_id)
        if found.state == State.COMMITTING:
            found.state, found.reference_sealed = State.CHECKED.value, None


def _steps(found: Import) -> tuple[int, int]:
    """Return in how many steps a list is checked, and committed."""
    return service.STEPS.get(Kind(found.kind), service.OTHER_STEPS)


def _actor(account_id: uuid.UUID | None) -> Actor:
    """Return the account that asked; NotFound once it is disabled."""
    actor = sign_in.actor_of(account_id) if account_id else None
    if actor is None:
        raise NotFound
    return actor


def _refuse(import_id: uuid.UUID, fault: FileFault) -> None:
    """Note why a file cannot be read, and erase it."""
    with transaction() as session:
        found = service.locked(session, import_id)
        if found.state == State.CHECKING:
            found.state, found.reason = State.UNREADABLE.value, str(fault)
            storing.erase(session, found)


HANDLERS: Final = {
    service.CHECK: Handler(check, give_up_check),
    service.COMMIT: Handler(commit, give_up_commit),
}
