"""Notices as an administrator writes them: drafts, their difference to what is in force, and publication from a day on.

Source: PIPL 14, 17; ADR 0010.
"""

import uuid
from typing import Any

from flask import g, redirect, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.accounts import directory
from volunteer.errors import Fault, InvalidInput
from volunteer.registration import notices
from volunteer.registration import schemas_consents as s
from volunteer.registration.rules_consents import ConsentKind, compare
from volunteer.registration.statuses import today
from volunteer.web.forms import filled, load, typed
from volunteer.web.pages import Pages

pages = Pages("notices")
SITE = (Permission.MANAGE_SITE, Scope.SITE)
FIELDS = ("kind", "text", "summary", "changes_purposes")


@pages.page("/manage/notices", *SITE)
def list_page() -> Any:
    """List every notice with its versions and drafts."""
    versions = notices.list_versions(g.actor)
    current = notices.current_notices(today(g.now))
    first = {kind: notices.delivered(kind) for kind in ConsentKind}
    return render_template(
        "registration/notices.html", versions=versions, current=current, first=first, done=request.args.get("done", "")
    )


@pages.page("/manage/notices/new", *SITE, methods=("GET", "POST"))
def new_page() -> Any:
    """Write a new version, starting from the newest one."""
    g.actor.require_admin()
    if request.method == "GET":
        kind = request.args.get("kind", "")
        kind = kind if kind in set(ConsentKind) else ConsentKind.REGISTRATION
        newest = notices.newest_of(ConsentKind(kind))
        return _form({"kind": kind, "text": newest.text, "summary": "", "changes_purposes": ""})
    return _save(None)


@pages.page("/manage/notices/<uuid:notice_id>/edit", *SITE, methods=("GET", "POST"))
def edit_page(notice_id: uuid.UUID) -> Any:
    """Change a draft."""
    row = notices.get_version(g.actor, notice_id)
    if request.method == "POST":
        return _save(notice_id)
    asks = "1" if row.changes_purposes else ""
    return _form({"kind": row.kind, "text": row.text, "summary": row.summary, "changes_purposes": asks})


def _save(notice_id: uuid.UUID | None) -> Any:
    """Keep what was written."""
    texts = typed(*FIELDS)
    body, faults = load(s.NoticeIn(), filled(texts | {"changes_purposes": ""}))
    if faults:
        return _form(texts, faults)
    body["changes_purposes"] = texts["changes_purposes"] == "1"
    kept = notices.draft(g.actor, body, g.now, notice_id)
    return redirect(url_for("notices.notice_page", notice_id=kept, done="saved"), 303)


def _form(texts: dict[str, str], faults: list[Fault] | None = None) -> Any:
    """Show the form."""
    words = ConsentKind(texts["kind"]).words if texts["kind"] in set(ConsentKind) else None
    page = render_template("registration/notice_form.html", typed=texts, faults=faults or [], words=words)
    return page, 422 if faults else 200


@pages.page("/manage/notices/<uuid:notice_id>", *SITE)
def notice_page(notice_id: uuid.UUID) -> Any:
    """Show a draft beside what is in force, or a published version."""
    return _notice(notice_id, {"from_on": today(g.now).isoformat()}, [])


def _notice(notice_id: uuid.UUID, texts: dict[str, str], faults: list[Fault]) -> Any:
    """Return the page of one version."""
    row = notices.get_version(g.actor, notice_id)
    kind = ConsentKind(row.kind)
    newest = notices.newest_of(kind)
    page = render_template(
        "registration/notice.html",
        row=row,
        kind=kind,
        newest=newest,
        lines=compare(newest.text, row.text) if row.published_at is None else [],
        names=directory.names_of(g.actor, {one for one in (row.drafted_by, row.published_by) if one}),
        typed=texts,
        faults=faults,
        done=request.args.get("done", ""),
    )
    return page, 422 if faults else 200


@pages.page("/manage/notices/<uuid:notice_id>/publish", *SITE, methods=("POST",))
def publish(notice_id: uuid.UUID) -> Any:
    """Publish a draft from a day on."""
    texts = typed("from_on")
    body, faults = load(s.PublishIn(), filled(texts))
    try:
        if not faults:
            notices.publish(g.actor, notice_id, body["from_on"], g.now)
            return redirect(url_for("notices.notice_page", notice_id=notice_id, done="published"), 303)
    except InvalidInput as error:
        faults = list(error.faults)
    return _notice(notice_id, texts, [Fault("from_on", fault.code, fault.message) for fault in faults])


@pages.page("/manage/notices/<uuid:notice_id>/drop", *SITE, methods=("POST",))
def drop(notice_id: uuid.UUID) -> Any:
    """Throw a draft away."""
    notices.drop_draft(g.actor, notice_id, g.now)
    return redirect(url_for("notices.list_page", done="dropped"), 303)
