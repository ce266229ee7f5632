"""What the education bureau and its schools propose to stations.

One was taken over and published, one waits for an answer, one came back with a reason, one is still being written.
"""

import datetime as dt
import uuid
from typing import Any

from volunteer.activities import lifecycle, proposing, views
from volunteer.activities.schemas import ActivityIn
from volunteer.demo import events
from volunteer.demo.events import APPROVED_AFTER, Event
from volunteer.demo.story import Story, read

MADE_ON = -4
ANSWERED_AFTER = dt.timedelta(hours=3)


def begin(story: Story) -> None:
    """Note the proposals, and what becomes of them."""
    data = read("proposed")
    for number, one in enumerate(data["activities"]):
        _note(story, one, data["risk_notice"], story.when(MADE_ON, "10:00") + dt.timedelta(minutes=7 * number))


def _note(story: Story, one: dict[str, Any], risk_notice: str, at: dt.datetime) -> None:
    """Note one proposal: the liaison writes it and hands it in, the station answers."""
    span = (story.when(one["day"], one["from"]), story.when(one["day"], one["to"]))
    fields = {name: one[name] for name in ("title", "category", "summary")} | {"risk_notice": risk_notice}
    shifts = [events.shift(one["post"], span, one["capacity"])]
    event = Event(one["station"], fields, shifts, unit=one["unit"], reason=one.get("reason", ""))
    story.at(at, lambda: _write(story, event))
    if one["state"] == "writing":
        return
    story.at(at, lambda: proposing.hand_in(story.staff["liaison"], _id(event), story.present))
    answered = at + ANSWERED_AFTER
    if one["state"] == "sent-back":
        story.at(answered, lambda: proposing.send_back(_keeper(story, event), _id(event), event.reason, story.present))
    if one["state"] == "published":
        story.at(answered, lambda: _take_over(story, event))
        story.at(answered + APPROVED_AFTER, lambda: lifecycle.approve(story.staff["centre"], _id(event), story.present))
        story.at(story.when(-2, "20:20"), lambda: events.come(story, event, 0, one["people"], _of_bureau(story)))


def _write(story: Story, event: Event) -> None:
    """Write the proposal; the liaison leads it."""
    liaison = next(row for row in read("people")["staff"] if row["key"] == "liaison")
    times = ("starts_at", "ends_at")
    body = event.fields | {
        "station_id": str(story.ids[f"station {event.station}"]),
        "organizer_unit_id": str(story.ids[f"unit {event.unit}"]),
        "leader_name": liaison["name"],
        "leader_phone": liaison["phone"],
        "shifts": [one | {name: one[name].isoformat() for name in times} for one in event.shifts],
    }
    event.id = proposing.write(story.staff["liaison"], ActivityIn().load(body), "browser", story.present).id


def _take_over(story: Story, event: Event) -> None:
    """Take it over at the station and submit it."""
    keeper = _keeper(story, event)
    proposing.take_over(keeper, _id(event), story.present)
    lifecycle.submit(keeper, _id(event), story.present)
    event.shift_ids = [one["id"] for one in views.get_activity(keeper, _id(event))["shifts"]]


def _of_bureau(story: Story) -> list[Any]:
    """Return the regulars of the bureau and its schools."""
    return [one for one in story.regulars() if one.unit in ("JYJ", "XX1", "XX2", "ZX1", "ZY1", "YEY")]


def _keeper(story: Story, event: Event) -> Any:
    """Return the keeper of the station."""
    return story.keeper(event.station)[1]


def _id(event: Event) -> uuid.UUID:
    """Return the id of an activity that was written."""
    return event.id or uuid.UUID(int=0)
