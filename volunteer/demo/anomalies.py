"""What looks wrong at the end of the story: thresholds are set low, and the last month is searched.

What is found is real to the story: a tablet whose clock stood still, somebody who stayed long after a shift, a paper
list, a keeper who agreed to much. The volunteer of the cast is asked about theirs, and has not answered yet. One spot
check is published, another waits for whoever looks into its records.
"""

import datetime as dt

from volunteer.anomalies import hearing, service, spot_checks, spot_rules
from volunteer.anomalies.rules import FindingKind, Thresholds
from volunteer.demo.story import Story

THRESHOLDS = Thresholds(identical_people=3, longer_by_minutes=30, granted_hours=2, pair_requests=2)
DAYS = 30


def begin(story: Story) -> None:
    """Note the search, at the end of everything."""
    story.at(story.now, lambda: _look(story))
    story.at(story.now, lambda: _check(story))


def _look(story: Story) -> None:
    """Set the thresholds, and search."""
    admin = story.staff["admin"]
    service.set_policy(admin, THRESHOLDS, story.present)
    service.look(admin, story.today - dt.timedelta(days=DAYS), story.today, story.present)
    wanted = service.Wanted(kind=FindingKind.LONGER_THAN_SHIFT.value)
    volunteer = story.cast["volunteer"].id
    for one in service.list_findings(admin, wanted, DAYS, None):
        if volunteer in service.people_of(one.id):
            hearing.ask(admin, one.id, story.present)


def _check(story: Story) -> None:
    """Draw two checks by lot, and publish the first one."""
    admin, today = story.staff["admin"], story.today
    earlier, _recent = (
        spot_checks.draw(admin, title, spot_checks.Scope(today - dt.timedelta(days=first), until), size, story.present)
        for title, first, until, size in (
            ("上月服务记录抽查", 2 * DAYS, today - dt.timedelta(days=DAYS + 1), 5),
            ("近一月服务记录抽查", DAYS, today, 6),
        )
    )
    answers = dict.fromkeys(spot_rules.QUESTIONS, spot_rules.Answer.YES.value)
    items = spot_checks.list_items(admin, earlier.id)
    for one in items:
        if not one.why_not:
            spot_checks.answer(admin, one.id, answers, None, story.present)
    if not any(one.why_not for one in items):
        text = "抽到的记录全部电话核对,本人都确认到场,时长合理。"
        spot_checks.publish(admin, earlier.id, text, story.present)
