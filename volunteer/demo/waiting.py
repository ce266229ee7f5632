"""What waits for somebody's decision, and what was decided: make-ups, reviews, a correction, a certificate.

Two evenings ago the centre's keeper decided all that was there, and refused one; what came after that waits.
"""

import datetime as dt

from volunteer.certificates import service as certificates
from volunteer.checkin import jobs
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.demo.events import Event
from volunteer.demo.story import Story
from volunteer.hours import asking, deciding, queries, verification
from volunteer.hours import service as hours
from volunteer.registration import service as registration

DECIDED_ON = -2
ASKED_AFTER = dt.timedelta(hours=2)
REFUSED = "有急事先走了"
MOST = 200


def begin(story: Story) -> None:
    """Note the nightly close, the evening of decisions, and what is asked for since."""
    for day in range(-60, 1, 5):
        story.at(story.when(day, "00:30") if day else story.now, lambda: jobs.close_due(story.present))
    story.at(story.when(DECIDED_ON, "21:30"), lambda: _decide(story))
    story.at(story.when(-1, "20:00"), lambda: _ask_correction(story))
    story.at(story.when(-1, "20:10"), lambda: _certify(story))
    story.at(story.now, lambda: verification.verify_and_sign(story.present))


def ask_make_up(story: Story, event: Event, index: int, reason: str) -> None:
    """Note that the last one of a shift, who did not sign out, asks for the time two hours after its end."""
    span = event.span(index)

    def ask() -> None:
        person = event.coming[index][-1]
        if person.actor is not None:
            asking.ask_make_up(person.actor, event.shift_ids[index], None, span, reason, story.present)

    story.at(span[1] + ASKED_AFTER, ask)


def _decide(story: Story) -> None:
    """Decide all that is open, one by one."""
    centre = story.staff["centre"]
    for one in queries.requests_in_scope(centre, deciding.ANY_KIND, None, MOST):
        if one["review_state"] != "open":
            continue
        if REFUSED in (one["reason"] or ""):
            deciding.refuse(centre, one["id"], "当天的值勤记录显示提前离岗,请按实际离开的时间重新申请。", story.present)
        else:
            deciding.accept(centre, one["id"], story.present)


def _ask_correction(story: Story) -> None:
    """Let the cast's volunteer say that a line is too long: they left ten minutes early."""
    actor = story.cast["volunteer"].actor
    if actor is None:
        raise LookupError("the volunteer never registered")
    lines = hours.entries(actor, registration.own_person(actor), story.present, MOST, None)
    longest = max((one for one in lines if one["state"] == "effective"), key=lambda one: int(one["minutes"]))
    reason = "我提前 10 分钟离开,忘记当时签退。"
    asking.ask_correction(actor, longest["id"], longest["minutes"] - 10, reason, story.present)


def _certify(story: Story) -> None:
    """Issue the cast's volunteer a proof of the last month."""
    actor, today = story.cast["volunteer"].actor, site_day(story.present, settings().zone)
    if actor is not None:
        certificates.issue_own(actor, None, today - dt.timedelta(days=30), today, story.present)
