"""Where the caller is signed in, on a page: each device, to be ended one by one or all at once."""

import uuid
from typing import Any

from flask import g, redirect, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.accounts import sessions
from volunteer.web.pages import Pages

pages = Pages("sessions")
SIGNED_IN, SELF = Permission.SIGNED_IN, Scope.SELF


@pages.page("/me/sessions", SIGNED_IN, SELF)
def list_page() -> Any:
    """List the devices on which the caller is signed in."""
    rows = sessions.list_sessions(g.actor, g.now)
    return render_template("accounts/sessions.html", rows=rows, done=request.args.get("done", ""))


@pages.page("/me/sessions/<uuid:session_id>/end", SIGNED_IN, SELF, methods=("POST",))
def end_page(session_id: uuid.UUID) -> Any:
    """End one of them."""
    sessions.end_session(g.actor, session_id, g.now)
    return redirect(url_for("sessions.list_page", done="one"), 303)


@pages.page("/me/sessions/end", SIGNED_IN, SELF, methods=("POST",))
def end_others_page() -> Any:
    """End all but this one."""
    sessions.end_all_others(g.actor, g.now)
    return redirect(url_for("sessions.list_page", done="all"), 303)
