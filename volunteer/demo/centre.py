"""The centre's own sessions of the last two months, one every other day, each closed out with its audience.

1 050 people took part in 31 sessions: the volunteers by their scans, the audience as a number at the close-out. An
audience is never volunteers, so the report counts them apart, and the two add up.
"""

from volunteer.demo import events
from volunteer.demo.events import Event
from volunteer.demo.story import Story, read

REGULARS = 36
CAST = {3: ("volunteer",), 9: ("elder",), 14: ("volunteer", "parent"), 22: ("volunteer",), 27: ("elder", "volunteer")}


def begin(story: Story) -> None:
    """Note every session: announced a week before, signed up for by the regulars, held, closed out."""
    data = read("centre")
    count = len(data["sessions"])
    for number, (programme, volunteers, audience) in enumerate(data["sessions"]):
        day = 1 + 2 * (number - count)
        chosen = data["programmes"][programme]
        span = (story.when(day, chosen["from"]), story.when(day, chosen["to"]))
        fields = {name: chosen[name] for name in ("title", "category", "summary")}
        fields["risk_notice"] = data["risk_notice"]
        event = Event(data["station"], fields, [events.shift(chosen["post"], span, volunteers + 2)])
        events.announce(story, event, story.when(day - 7, "09:00"))
        story.at(
            story.when(day - 5, "20:00"),
            lambda event=event, volunteers=volunteers, number=number: events.come(  # type: ignore[misc]
                story, event, 0, volunteers, story.regulars()[:REGULARS], CAST.get(number, ())
            ),
        )
        events.hold(story, event, 0)
        closed_at = span[1] + 2 * events.SENT_AFTER
        story.at(
            closed_at,
            lambda event=event, audience=audience: events.close_out(story, event, 0, audience),  # type: ignore[misc]
        )
