"""What looks wrong at the end of the story: thresholds are set low, and the last month is searched.

What is found is real to the story: a tablet whose clock shows whole minutes keeps a queue of people in one second.
"""

import datetime as dt

from volunteer.anomalies import service
from volunteer.anomalies.rules import Thresholds
from volunteer.demo.story import Story

THRESHOLDS = Thresholds(
    identical_people=3, longer_by_minutes=20, same_second_people=5, granted_hours=2, pair_requests=2
)
DAYS = 30


def begin(story: Story) -> None:
    """Note the search, at the end of everything."""
    story.at(story.now, lambda: _look(story))


def _look(story: Story) -> None:
    """Set the thresholds, and search."""
    admin = story.staff["admin"]
    service.set_policy(admin, THRESHOLDS, story.present)
    service.look(admin, story.today - dt.timedelta(days=DAYS), story.today, story.present)
