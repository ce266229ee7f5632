"""What institutes and stations did in the last two months: small activities of the people who live there.

At one of them the list is on paper: who has no phone is called from it, and that is weak evidence. At another one
phone goes round: four sign in with it within ten minutes, and the fourth is flagged.
"""

import datetime as dt
from typing import Any

from volunteer.checkin import service as checkin
from volunteer.demo import events, teams
from volunteer.demo.events import Event
from volunteer.demo.story import Person, Story, read, rows_of

Row = dict[str, Any]
EACH = 2
NEIGHBOURS = 6
#: The station where the paper list is used, and on which of the days.
PAPER = ("QHZ03", (-13, -1))
#: The day, programme and people of the one where a phone goes round, at the same station.
SHARED = (-1, 2, 4)


def begin(story: Story) -> None:
    """Note two activities of each institute and station, but for the centre and the institute with the roster."""
    data, roster = read("community"), read("crossings")["station"]
    stations = [row for row in rows_of("stations") if row["level"] != "center" and row["code"] != roster]
    for index, station in enumerate(stations):
        for turn in range(EACH):
            day = data["days"][(index + turn * 5) % len(data["days"])]
            event = _planned(story, data, station["code"], day, index * EACH + turn * 3, 4 + (index + turn) % 3)
            _note(story, event, day, station["area"], 3 + (index + turn) % 3)
    for day in PAPER[1]:
        event = _planned(story, data, PAPER[0], day, 1, 4)
        story.at(story.when(day - 2, "16:00"), lambda event=event: _write_down(story, event))  # type: ignore[misc]
        ends_at = event.span(0)[1]
        story.at(ends_at + dt.timedelta(minutes=30), lambda event=event: _call(story, event))  # type: ignore[misc]
    day, programme, count = SHARED
    event = _planned(story, data, PAPER[0], day, programme, count)
    story.at(story.when(day - 2, "16:30"), lambda: events.come(story, event, 0, count))
    story.at(event.span(0)[0], lambda: _pass_round(story, event))


def _pass_round(story: Story, event: Event) -> None:
    """Let everybody sign in at the station's code with one phone, minutes apart; the tablet sees them out."""
    starts_at, ends_at = event.span(0)
    for minute, person in enumerate(event.coming[0]):
        came, left = starts_at + dt.timedelta(minutes=minute), ends_at + dt.timedelta(minutes=minute)
        story.at(came, lambda person=person: events.scan_own(story, event, person, "one phone"))  # type: ignore[misc]
        story.at(left, lambda person=person: events.scan(story, event, 0, person, "out"))  # type: ignore[misc]


def _planned(story: Story, data: Row, station: str, day: int, programme: int, capacity: int) -> Event:
    """Return an activity that is announced four days before."""
    chosen = data["programmes"][programme % len(data["programmes"])]
    span = (story.when(day, chosen["from"]), story.when(day, chosen["to"]))
    fields = {name: chosen[name] for name in ("title", "category", "summary")} | {"risk_notice": data["risk_notice"]}
    team = teams.BY_STATION.get(station)
    event = Event(station, fields, [events.shift(chosen["post"], span, capacity)], team=team)
    events.announce(story, event, story.when(day - 4, "15:00"))
    return event


def _note(story: Story, event: Event, day: int, area: str, count: int) -> None:
    """Note who signs up two evenings before, and that it is held."""
    at = story.when(day - 2, "19:00")
    story.at(at, lambda: events.come(story, event, 0, count, _neighbours(story, area, event)))
    events.hold(story, event, 0)


def _neighbours(story: Story, area: str, event: Event) -> list[Person]:
    """Return who serves here first: the people of the units of that area, then others."""
    near = {row["code"] for row in rows_of("units") if row["area"] == area}
    regulars = story.regulars()
    own = [person for person in regulars if person.unit in near and person.is_free(event.span(0))]
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
            "reason": "老人没有手机,按纸质签到表补录。",
        }
        checkin.roll_call(keeper, event.shift_ids[0], body, story.present)
