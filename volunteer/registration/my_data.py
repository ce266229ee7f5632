"""Everything about oneself to take away, and who has seen it: only after a fresh sign-in, and on record.

Source: PIPL 45 (access, copies, in a usable form), 50, 54; Order 67, art. 12.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from volunteer import audit
from volunteer.access import Actor
from volunteer.accounts import audit_log, deeds, sign_in
from volunteer.database import reading, transaction
from volunteer.exports import service as exports
from volunteer.exports.rules import ExportKind, Format, Stamp
from volunteer.registration import links, privacy
from volunteer.registration.data_words import word

MOST_SEEN = 1000


@dataclass(frozen=True, slots=True)
class Sight:
    """That somebody saw more of a person than others do: in full behind the mask, or on a list that left."""

    at: dt.datetime
    who: str
    what: str
    reason: str


def take(
    actor: Actor, volunteer_id: uuid.UUID | None, form: Format, now: dt.datetime
) -> tuple[Mapping[str, Any], Stamp]:
    """Return everything held about the caller, or about one they act for, to take away; it is on record.

    Raises:
        Unauthenticated: no fresh sign-in. Forbidden: `not-a-volunteer`. NotFound: not theirs.
    """
    sign_in.require_fresh(actor, now)
    person_id, data = links.acting_as(actor, volunteer_id), privacy.export(actor, volunteer_id, now)
    with transaction() as session:
        stamp = exports.record(actor, exports.Taken(ExportKind.OWN_DATA, form, "本人的全部数据", 1), now)
        audit.record(session, actor, now, "person.take-data", ("person", person_id), None, number=stamp.number)
    return data, stamp


def seen_by(actor: Actor, volunteer_id: uuid.UUID | None) -> list[Sight]:
    """Return who saw the caller, or one they act for, in full, and which lists with them left; the last first.

    Names of staff are masked, as everywhere: whoever wants more asks the site, by the time and the number.

    Raises:
        Forbidden: `not-a-volunteer`. NotFound: not theirs.
    """
    person_id, session = links.acting_as(actor, volunteer_id), reading()
    log = [one for one in audit.entries_about(session, "person", person_id, MOST_SEEN) if one.action in TOLD]
    lists = exports.holding(session, person_id)
    names = audit_log.who_names(actor, {one.actor for one in log} | {one.actor for one in lists})
    seen = [
        Sight(
            one.at,
            names.get(one.actor, ""),
            ":".join(filter(None, (deeds.deed(one.action), _fields((one.details or {}).get("fields"))))),
            one.reason or "",
        )
        for one in log
    ]
    taken = [
        Sight(
            one.at,
            names.get(one.actor, ""),
            f"导出《{ExportKind(one.kind).label}》,编号 {one.number}"
            + (f",含完整的{_fields(one.fields)}" if one.fields else ",已隐去部分内容"),
            one.reason or "",
        )
        for one in lists
    ]
    return sorted((*seen, *taken), key=lambda sight: sight.at, reverse=True)


#: What of the log tells that somebody saw more, or asked to.
TOLD = ("person.unmask", "unmask.ask", "unmask.approve", "unmask.refuse", "person.take-data")


def _fields(names: Any) -> str:
    """Return the names of fields in words."""
    return "、".join(word(name) for name in names) if isinstance(names, list) else ""
