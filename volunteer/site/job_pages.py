"""What the worker does, on a page: jobs with their state, text messages that are not out yet. Nothing personal.

A job is known by what it does and how far it is; whose file it reads stands under imports, for who uploaded it.
"""

from typing import Any

from flask import render_template
from flask_babel import lazy_gettext as _l

from volunteer import jobs
from volunteer.access import Permission, Scope
from volunteer.notifications import service as notifications
from volunteer.notifications.rules import SmsState
from volunteer.web.pages import Pages

pages = Pages("jobs")
NAMES = {"imports.check": _l("Check of a file"), "imports.commit": _l("Writing of a file")}
STATES = {
    jobs.JobState.WAITING: _l("Waits"),
    jobs.JobState.RUNNING: _l("Under way"),
    jobs.JobState.DONE: _l("Done"),
    jobs.JobState.FAILED: _l("Given up"),
}
MESSAGES = {
    SmsState.WAITING: _l("Wait to be sent"),
    SmsState.SENDING: _l("Being sent"),
    SmsState.UNSURE: _l("Sent or not: being asked"),
    SmsState.SENT: _l("Sent"),
    SmsState.FAILED: _l("Not sent"),
    SmsState.EXPIRED: _l("Too late to send"),
}


@pages.page("/manage/jobs", Permission.AUDIT, Scope.SITE)
def list_page() -> Any:
    """Show the newest jobs, and how many text messages stand where."""
    counts, _ = notifications.standing()
    return render_template(
        "site/jobs.html",
        rows=jobs.list_jobs(),
        names=NAMES,
        states=STATES,
        counts=counts,
        messages=MESSAGES,
    )
