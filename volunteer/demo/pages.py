"""One tap into each role: served only by an app that was started as the demo (`VOLUNTEER_DEMO=1`, loopback alone).

A door is no way around the password: it signs in with the demo's own. Where these accounts do not exist, or have
another password, nobody comes in.
"""

from collections.abc import Sequence
from typing import Any

from flask import abort, g, request, url_for

from volunteer.access import Permission, Scope
from volunteer.accounts import sign_in
from volunteer.config import settings
from volunteer.database import reading
from volunteer.demo.roles import ADMIN_PHONE, PARTS, PASSWORD
from volunteer.web.layout import Door
from volunteer.web.pages import Pages, open_session

pages = Pages("demo")


def doors() -> Sequence[Door]:
    """Return a door for each part; none but in the demo, and none while it is not loaded."""
    if not settings().is_demo or sign_in.find_by_phone(reading(), ADMIN_PHONE) is None:
        return ()
    return [Door(part.title, f"{part.name} · {part.about}", url_for("demo.enter"), part.key) for part in PARTS]


@pages.page("/demo/enter", Permission.ANYONE, Scope.NOTHING, methods=("POST",))
def enter() -> Any:
    """Sign in as one of the demo's people and go to their start."""
    part = next((one for one in PARTS if one.key == request.form.get("part")), None)
    if part is None:
        abort(404)
    done = sign_in.login(part.phone, PASSWORD, None, g.now, kind="session")
    return open_session(done.token, done.expires_in_s, url_for("accounts.me_page"))
