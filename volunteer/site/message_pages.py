"""Text messages that are not out, on a page of administrators: to which masked number, why, and trying them at once."""

import uuid
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l

from volunteer.access import Permission, Scope
from volunteer.notifications import service as notifications
from volunteer.notifications import standing
from volunteer.notifications.rules import SmsState
from volunteer.site.job_pages import MESSAGES
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page

pages = Pages("messages_desk")
MANAGE, SITE = Permission.MANAGE_SITE, Scope.SITE
ROWS = 50
SHOWN = (SmsState.WAITING, SmsState.UNSURE, SmsState.FAILED, SmsState.EXPIRED)
KINDS = {
    "phone-code-register": _l("Code for registering"),
    "phone-code-login": _l("Code for signing in"),
    "phone-code-reset": _l("Code for a new password"),
    "phone-code-guardian": _l("Code for a guardian"),
    "shift-cancelled": _l("A shift was called off"),
    "shift-moved": _l("A shift was moved"),
    "signup-confirmed": _l("A sign-up was confirmed"),
    "vouched": _l("Taken over from elsewhere"),
    "vouched-minor": _l("A child taken over from elsewhere"),
    "erasure-asked": _l("Leaving was asked for"),
    "new-device": _l("A new device"),
    "password-changed": _l("A new password"),
    "change-phone-asked": _l("Another phone was asked for"),
    "change-identity-asked": _l("A correction was asked for"),
    "call-back": _l("Please call back"),
    "proposal-made": _l("An activity was proposed"),
    "proposal-answered": _l("A proposal was answered"),
    "phone-changed": _l("Another phone"),
}


@pages.page("/manage/messages", MANAGE, SITE)
def list_page() -> Any:
    """List the text messages that are not out, the newest first."""
    text = request.args.get("state", "")
    state = SmsState(text) if text in {one.value for one in SHOWN} else None
    last = decode_cursor(request.args.get("cursor"), uuid.UUID)
    rows = standing.list_unsent(g.actor, state, ROWS, last[0] if last else None)
    counts, _ = notifications.standing()
    return render_template(
        "site/messages.html",
        state=state.value if state else "",
        shown=[(one.value, MESSAGES[one]) for one in SHOWN],
        counts=counts,
        kinds=KINDS,
        states=MESSAGES,
        tried=request.args.get("tried", ""),
        **page(rows, ROWS, lambda row: (row.id,)),
    )


@pages.page("/manage/messages/retry", MANAGE, SITE, methods=("POST",))
def retry_page() -> Any:
    """Let everything that waits be tried at once."""
    count = standing.try_now(g.actor, g.now)
    return redirect(url_for("messages_desk.list_page", tried=count), 303)
