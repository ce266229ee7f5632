"""A person's own pages: what is known of them, and what they were told."""

import datetime as dt
import uuid
from typing import Any

from flask import g, render_template, request

from volunteer.access import Permission, Scope
from volunteer.clock import aware
from volunteer.errors import NotFound
from volunteer.registration import links, notices, people, privacy
from volunteer.registration.rules_consents import ConsentKind
from volunteer.registration.schemas_consents import NoticesQuery
from volunteer.units import service as units
from volunteer.web.forms import filled, load
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page

pages = Pages("registration")
MESSAGES = 20


@pages.page("/privacy", Permission.ANYONE, Scope.NOTHING)
def privacy_page() -> Any:
    """Show a notice: the one in force, or the version that somebody agreed to once."""
    query, faults = load(NoticesQuery(), filled(request.args))
    if faults:
        raise NotFound
    kind = ConsentKind(query["kind"])
    current = notices.current_notice(kind)
    version = query["version"] or current.version
    text = current.text if version == current.version else notices.text_of(kind, version)
    if text is None:
        raise NotFound
    return render_template(
        "registration/privacy.html", kind=kind, kinds=list(ConsentKind), current=current, version=version, text=text
    )


@pages.page("/me/profile", Permission.SIGNED_IN, Scope.SELF)
def profile_page() -> Any:
    """Show the caller what is known of them, and whom they act for."""
    person_id = links.find_own_person(g.actor)
    person = people.get_person(g.actor, person_id, g.now) if person_id else None
    unit = units.unit_briefs([person.unit_id]).get(person.unit_id) if person and person.unit_id else None
    others = links.persons_of(g.actor.account)["acts_for"]
    return render_template(
        "registration/profile.html", person=person, unit=unit, others=others, is_saved="saved" in request.args
    )


@pages.page("/me/messages", Permission.SIGNED_IN, Scope.SELF)
def messages_page() -> Any:
    """Show what the caller, and those they act for, were told."""
    before = decode_cursor(request.args.get("cursor"), _instant, uuid.UUID)
    rows = privacy.list_messages(g.actor, None, MESSAGES, before)
    listed = page(rows, MESSAGES, lambda row: (row.created_at, row.id))
    return render_template("registration/messages.html", **listed)


def _instant(text: str) -> dt.datetime:
    """Read an instant of a cursor; ValueError for a naive one."""
    return aware(dt.datetime.fromisoformat(text))
