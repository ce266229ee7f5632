"""Today and the days ahead: a shift that is on whenever the demo is loaded, and what one can sign up for.

One is full with a waiting list, one takes only whom the keeper approves; one is a draft, two wait for approval, one was
rejected, one called off.
"""

import datetime as dt
from typing import Any

from volunteer.access import Actor
from volunteer.activities import lifecycle
from volunteer.checkin import service as checkin
from volunteer.checkin.posters import paper
from volunteer.clock import Instant
from volunteer.demo import events
from volunteer.demo.events import Event
from volunteer.demo.story import Story, read

MADE_ON = -3
PLAIN = ("title", "category", "summary", "kind", "needs_approval", "hazardous", "insurance_policy")


def begin(story: Story) -> None:
    """Note the duty at the door and the activities ahead."""
    data = read("coming")
    _duty(story, data)
    for number, one in enumerate(data["activities"]):
        _note(story, data, one, number)


def _duty(story: Story, data: dict[str, Any]) -> None:
    """Note the duty: today's began before now and ends after it, whatever the hour."""
    duty = data["duty"]
    fields = {name: duty[name] for name in ("title", "category", "summary")} | {"risk_notice": data["risk_notice"]}
    spans = [(story.when(day, duty["from"]), story.when(day, duty["to"])) for day in range(duty["days"])]
    spans[0] = around(story, *spans[0])
    event = Event(duty["station"], fields, [events.shift(duty["post"], span, duty["capacity"]) for span in spans])
    events.announce(story, event, story.when(MADE_ON, "09:30"))
    story.at(story.when(MADE_ON, "10:30"), lambda: _hang_up(story, event))
    story.at(story.when(-1, "19:30"), lambda: events.come(story, event, 0, 5, None, ("volunteer",)))
    story.at(story.when(-1, "19:40"), lambda: events.come(story, event, 1, 3, None, ("elder",)))
    story.at(story.when(-1, "19:50"), lambda: events.come(story, event, 2, 2))
    story.at(max(spans[0][0], story.now - dt.timedelta(minutes=40)), lambda: _at_the_door(story, event))


def around(story: Story, starts_at: Instant, ends_at: Instant) -> tuple[Instant, Instant]:
    """Return today's duty: from an hour ago at the latest, for three more hours at least, within the day."""
    first, last = story.when(0), story.when(1)
    minute = story.now.replace(second=0, microsecond=0)
    starts_at = max(first, min(starts_at, minute - dt.timedelta(hours=1)))
    ends_at = min(last, max(ends_at, minute + dt.timedelta(hours=3)))
    return starts_at, max(ends_at, minute + dt.timedelta(minutes=10))


def _at_the_door(story: Story, event: Event) -> None:
    """Let three of today's five be there, one of them leave again; the cast is still awaited."""
    awaited = story.cast["volunteer"]
    there = [person for person in event.coming[0] if person is not awaited][:3]
    for number, person in enumerate(there):
        if number or person.actor is None:
            events.scan(story, event, 0, person, "in")
        else:
            _by_paper(story, event, person.actor)
    leaving = there[-1]
    story.at(story.now - (story.now - story.present) / 4, lambda: events.scan(story, event, 0, leaving, "out"))


def _hang_up(story: Story, event: Event) -> None:
    """Let the keeper hang up a sheet of paper at the station."""
    keeper, station_id = story.keeper(event.station)[1], story.ids[f"station {event.station}"]
    paper.issue(keeper, station_id, None, "", story.present)


def _by_paper(story: Story, event: Event, actor: Actor) -> None:
    """Let somebody check in by the sheet of paper, with the keeper's word of today, for their phone names no place."""
    keeper, station_id = story.keeper(event.station)[1], story.ids[f"station {event.station}"]
    sheet = paper.tell(keeper, station_id, "", story.present)["sheet"]
    body = {"code": sheet["code"], "word": sheet["word"], "direction": "in"}
    checkin.check_in_own(actor, body, story.present, channel="wechat")


def _note(story: Story, data: dict[str, Any], one: dict[str, Any], number: int) -> None:
    """Note one activity ahead."""
    day = _day(story, one)
    span = (story.when(day, one["from"]), story.when(day, one["to"]))
    fields = {name: one[name] for name in PLAIN if name in one} | {"risk_notice": data["risk_notice"]}
    shifts = [events.shift(one["post"], span, one["capacity"])]
    event = Event(one["station"], fields, shifts, state=one.get("state", "published"), reason=one.get("reason", ""))
    made_at = story.when(MADE_ON, "14:00") + dt.timedelta(minutes=number)
    events.announce(story, event, made_at)
    if one["people"]:
        story.at(
            story.when(-2, "20:00") + dt.timedelta(minutes=number),
            lambda: events.come(story, event, 0, one["people"], None, one.get("cast", ())),
        )
    if one.get("child"):
        story.at(story.when(-1, "21:00"), lambda: _for_the_child(story, event))
    if event.state == "cancelled":
        story.at(story.when(-1, "17:00"), lambda: _call_off(story, event))


def _day(story: Story, one: dict[str, Any]) -> int:
    """Return the day of an activity, counted from today: as it is said, or a weekday after tomorrow and some weeks."""
    if "day" in one:
        return int(one["day"])
    ahead = (int(one["weekday"]) - story.today.weekday()) % 7
    return ahead + 7 * (int(one["week"]) + (ahead < 2))


def _for_the_child(story: Story, event: Event) -> None:
    """Let the cast's parent sign up their child, and themself beside it."""
    parent, span = story.cast["parent"], event.span(0)
    events.sign_up(story, event, 0, story.book(story.cast["child"], span), by=parent.actor)
    events.sign_up(story, event, 0, story.book(parent, span))


def _call_off(story: Story, event: Event) -> None:
    """Cancel an activity, which tells everybody signed up."""
    if event.id is not None:
        lifecycle.cancel(story.keeper(event.station)[1], event.id, event.reason, story.present)
