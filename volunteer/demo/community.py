"""What the stations of the communities did in the last two months: small activities of their own people.

At one of them the list is on paper: who has no phone is called from it, and that is weak evidence.
"""

import datetime as dt
from typing import Any

from volunteer.checkin import service as checkin
from volunteer.demo import events
from volunteer.demo.events import Event
from volunteer.demo.story import Person, Story, read, rows_of

Row = dict[str, Any]
EACH = 2
NEIGHBOURS = 6
#: The station where the paper list is used, and on which of the days.
PAPER = ("QHZ03", (-13, -1))


def begin(story: Story) -> None:
    """Note two activities of each station."""
    data = read("community")
    stations = [row for row in rows_of("stations") if row["level"] == "station"]
    for index, station in enumerate(stations):
        for turn in range(EACH):
            day = data["days"][(index + turn * 5) % len(data["days"])]
            chosen = data["programmes"][(index * EACH + turn * 3) % len(data["programmes"])]
            _note(story, data, station, day, chosen)
    for day in PAPER[1]:
        _note(
            story,
            data,
            next(one for one in stations if one["code"] == PAPER[0]),
            day,
            data["programmes"][1],
            on_paper=True,
        )


def _note(story: Story, data: Row, station: Row, day: int, chosen: Row, *, on_paper: bool = False) -> None:
    """Note one activity."""
    span = (story.when(day, chosen["from"]), story.when(day, chosen["to"]))
    fields = {name: chosen[name] for name in ("title", "category", "summary")}
    fields["risk_notice"] = data["risk_notice"]
    event = Event(station["code"], fields, [events.shift(chosen["post"], span, data["capacity"])])
    events.announce(story, event, story.when(day - 4, "15:00"))
    if on_paper:
        story.at(story.when(day - 2, "16:00"), lambda: _write_down(story, event))
        story.at(span[1] + dt.timedelta(minutes=30), lambda: _call(story, event))
        return
    count = 3 + (day + len(station["code"]) * 3 + int(station["code"][-1])) % 3
    story.at(
        story.when(day - 2, "19:00"),
        lambda: events.come(story, event, 0, count, _neighbours(story, station["area"], event)),
    )
    events.hold(story, event, 0)


def _neighbours(story: Story, unit: str, event: Event) -> list[Person]:
    """Return who serves here first: the community's own people, then others."""
    regulars = story.regulars()
    own = [person for person in regulars if person.unit == unit and person.is_free(event.span(0))]
    return own if len(own) >= NEIGHBOURS else [*own, *(one for one in regulars if one not in own)]


def _listed(story: Story) -> list[Person]:
    """Return the people without a phone."""
    return [person for person in story.people if person.way == "paper" and person.id and person.unit == "QH03"]


def _write_down(story: Story, event: Event) -> None:
    """Let the keeper sign up who came by to ask."""
    for person in _listed(story):
        events.sign_up(story, event, 0, person, by=story.keeper(event.station)[1])


def _call(story: Story, event: Event) -> None:
    """Enter the paper list: everybody was there from the first minute to the last."""
    keeper, span = story.keeper(event.station)[1], event.span(0)
    for direction, at in zip(("in", "out"), span, strict=True):
        body = {
            "direction": direction,
            "at": at,
            "volunteer_ids": [person.id for person in event.coming[0]],
            "reason": "老人没有手机,按纸质签到表补登。",
        }
        checkin.roll_call(keeper, event.shift_ids[0], body, story.present)
