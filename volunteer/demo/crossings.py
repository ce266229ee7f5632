"""The 1 + 4 roster of the crossings: beside the one officer on duty, four volunteers at each crossing.

A week of it is over; today's and the next two days' are under way. One activity a day, one shift a crossing and slot,
with the crossing as its place. The officer is a partner, no volunteer: no seat and no minutes.
"""

import datetime as dt
from typing import Any

from volunteer.demo import events, waiting
from volunteer.demo.events import Event, Going
from volunteer.demo.story import Story, read

WEEK = range(-7, 0)
AHEAD = range(3)
#: Every so manieth shift has a free place, or somebody who signed up and does not come.
GAP_EVERY, ABSENT_EVERY = 14, 28
#: Who of the cast stands where: day and shift.
CAST = {(-6, 0): ("volunteer",), (-3, 6): ("volunteer", "parent"), (-2, 1): ("elder",)}
#: Where somebody forgets to sign out, and where somebody shows a printed card: day and shift.
FORGOTTEN = {(-5, 3): "手机没电,忘记签退。", (-4, 7): "有急事先走了,没有签退。", (-1, 11): "交接时人多,忘记签退。"}
FORGETFUL, STAYS, STUCK = {(-2, 1)}, {(-3, 6)}, {(-5, 2)}
CARDS = {(-6, 4), (-4, 2), (-1, 0), (-1, 7)}


def begin(story: Story) -> None:
    """Note every day of the roster: announced three days before, signed up for on the day after that."""
    data = read("crossings")
    for day in WEEK:
        event = _day(story, data, day)
        events.announce(story, event, story.when(day - 3, "10:00"))
        for index in range(len(event.shifts)):
            number, where = (day - WEEK.start) * len(event.shifts) + index, (day, index)
            count = data["places"] - (number % GAP_EVERY == 5)
            events.invite(story, event, index, count, story.when(day - 2, "12:00"), cast=CAST.get(where, ()))
            going = Going(
                missing=int(number % ABSENT_EVERY == 9),
                open_end=int(where in FORGOTTEN),
                cards=int(where in CARDS),
                forgetful=where in FORGETFUL,
                stays=where in STAYS,
                is_stuck=where in STUCK,
            )
            events.hold(story, event, index, going)
            if where in FORGOTTEN:
                waiting.ask_make_up(story, event, index, FORGOTTEN[where])
    for day in AHEAD:
        event = _day(story, data, day)
        events.announce(story, event, story.when(min(day - 3, -1), "11:00"))
        for index in range(len(event.shifts)):
            count = (4, 4, 3, 2, 4, 1)[index % 6] - (day > 0)
            events.invite(story, event, index, count, story.when(-1, "13:00"))
            events.hold(story, event, index)


def _day(story: Story, data: dict[str, Any], day: int) -> Event:
    """Return a day of the roster; the units take turns in looking after it."""
    date = story.today + dt.timedelta(days=day)
    fields = {
        "title": f"“1+4”文明交通路口值勤·{date.month}月{date.day}日",
        "category": "traffic_guidance",
        "summary": data["summary"],
        "risk_notice": data["risk_notice"],
    }
    shifts = [
        events.shift(
            data["post"],
            (story.when(day, first), story.when(day, last)),
            data["places"],
            place=crossing["name"],
            latitude=crossing["latitude"],
            longitude=crossing["longitude"],
        )
        for first, last in data["slots"]
        for crossing in data["crossings"]
    ]
    return Event(data["station"], fields, shifts, unit=data["units"][day % len(data["units"])])
