"""Activities from the draft to the last sign-out: made by a keeper, approved from above, signed up for, scanned.

Whoever is there is scanned by the tablet at the door, and what it kept of a shift is sent as one batch after its end,
as from a place without a network. Of a shift that is on now, the tablet sends each scan at once.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from volunteer.access import Actor
from volunteer.activities import changes, lifecycle, signups, views
from volunteer.activities.schemas import ActivityIn
from volunteer.checkin import service as checkin
from volunteer.checkin.credentials import cards
from volunteer.clock import Instant
from volunteer.demo.story import Person, Span, Story, read, rows_of

EARLY = dt.timedelta(minutes=12)
APPROVED_AFTER = dt.timedelta(minutes=40)
SENT_AFTER = dt.timedelta(minutes=10)
Presence = tuple[Person, Instant, Instant | None]


@dataclass(frozen=True, slots=True)
class Going:
    """What does not go smoothly at a shift: how many do not come, forget to sign out, or show a printed card.

    `forgetful`: the first one does not sign out. `stays`: the first one comes half an hour early and leaves last.
    `is_stuck`: the tablet's clock stands still when people leave.
    """

    missing: int = 0
    open_end: int = 0
    cards: int = 0
    forgetful: bool = False
    stays: bool = False
    is_stuck: bool = False


SMOOTH = Going()


@dataclass(slots=True, eq=False)
class Event:
    """An activity of the story: what the keeper types, and the ids once it is made. `state` is how far it gets."""

    station: str
    fields: dict[str, Any]
    shifts: list[dict[str, Any]]
    unit: str | None = None
    team: str | None = None
    state: str = "published"
    reason: str = ""
    id: uuid.UUID | None = None
    shift_ids: list[uuid.UUID] = field(default_factory=list)
    coming: dict[int, list[Person]] = field(default_factory=dict)

    def span(self, index: int) -> Span:
        """Return when a shift begins and ends."""
        return self.shifts[index]["starts_at"], self.shifts[index]["ends_at"]


def shift(post: str, span: Span, capacity: int, **place: Any) -> dict[str, Any]:
    """Return a shift as it is typed."""
    return {"post": post, "starts_at": span[0], "ends_at": span[1], "capacity": capacity, **place}


def announce(story: Story, event: Event, at: Instant) -> None:
    """Note that a keeper makes an activity, submits it, and that somebody above decides."""
    story.at(at, lambda: _add(story, event))
    if event.state != "draft":
        story.at(at, lambda: lifecycle.submit(_maker(story, event), _id(event), story.present))
    if event.state in ("published", "cancelled"):
        story.at(at + APPROVED_AFTER, lambda: lifecycle.approve(_above(story, event), _id(event), story.present))
    if event.state == "rejected":
        story.at(
            at + APPROVED_AFTER,
            lambda: lifecycle.reject(_above(story, event), _id(event), event.reason, story.present),
        )


def _add(story: Story, event: Event) -> None:
    """Make the draft."""
    staff = {row["key"]: row for row in read("people")["staff"]}
    leader = staff[story.keeper(event.station)[0]]
    times = ("starts_at", "ends_at")
    typed = [one | {name: one[name].isoformat() for name in times} for one in event.shifts]
    body = event.fields | {
        "station_id": str(story.ids[f"station {event.station}"]),
        "leader_name": leader["name"],
        "leader_phone": leader["phone"],
        "organizer_unit_id": str(story.ids[f"unit {event.unit}"]) if event.unit else None,
        "team_id": str(story.ids[f"team {event.team}"]) if event.team else None,
        "shifts": typed,
    }
    maker = _maker(story, event)
    event.id = lifecycle.add_activity(maker, ActivityIn().load(body), "browser", story.present).id
    made = views.get_activity(maker, event.id)["shifts"]
    event.shift_ids = [one["id"] for one in made]
    if [one["starts_at"] for one in made] != [one["starts_at"] for one in event.shifts]:
        raise ValueError("the shifts stand in another order than they were typed")


def _id(event: Event) -> uuid.UUID:
    """Return the id of an activity that was made."""
    return event.id or uuid.UUID(int=0)


def _maker(story: Story, event: Event) -> Actor:
    """Return the keeper who makes the activity."""
    return story.keeper(event.station)[1]


def _above(story: Story, event: Event) -> Actor:
    """Return who decides: the centre's keeper, or over the centre itself the administrator."""
    return story.staff["admin" if event.station == "ZX" else "centre"]


def invite(story: Story, event: Event, index: int, count: int, at: Instant, **who: Any) -> None:
    """Note that so many people sign up for a shift; who they are is known at that moment.

    `who` may be `among`, the people to choose from, and `cast`, the keys of those who come in any case.
    """
    story.at(at, lambda: come(story, event, index, count, **who))


def come(
    story: Story, event: Event, index: int, count: int, among: list[Person] | None = None, cast: Sequence[str] = ()
) -> None:
    """Sign up the cast, then others who are free."""
    span = event.span(index)
    named = [story.book(story.cast[key], span) for key in cast]
    for person in [*named, *story.pick(count - len(named), span, among)]:
        sign_up(story, event, index, person)


def sign_up(story: Story, event: Event, index: int, person: Person, by: Actor | None = None) -> str:
    """Sign somebody up: by themself, or by staff or who acts for them; return what came of it.

    Raises:
        ValueError: it was refused.
    """
    volunteer_id = person.id if by else None
    actor = by or person.actor
    if actor is None:
        raise ValueError(f"{person.name} signs nothing by themself")
    answer = signups.sign_up(actor, event.shift_ids[index], volunteer_id, "wechat", story.present)
    if answer.signup is None:
        raise ValueError(f"{person.name} may not come to {event.fields['title']}: {answer.reasons}")
    event.coming.setdefault(index, []).append(person)
    return answer.signup.status


def hold(story: Story, event: Event, index: int, going: Going = SMOOTH) -> None:
    """Note that a shift takes place, as far as it has by now."""
    starts_at, ends_at = event.span(index)
    if ends_at + SENT_AFTER <= story.now:
        story.at(ends_at + SENT_AFTER, lambda: _send(story, event, index, going))
    elif starts_at <= story.now:
        story.at(starts_at, lambda: _arrive(story, event, index))


def presences(event: Event, index: int, going: Going = SMOOTH) -> list[Presence]:
    """Return when everybody came and went: a few minutes early or late, as people do."""
    starts_at, ends_at = event.span(index)
    found: list[Presence] = []
    there = event.coming.get(index, [])[going.missing :]
    for order, person in enumerate(there):
        tick = dt.timedelta(seconds=(person.number * 13 + order * 7) % 60)
        came = starts_at - EARLY + dt.timedelta(minutes=(person.number * 7 + order) % 17) + tick
        left = ends_at - dt.timedelta(minutes=2) + dt.timedelta(minutes=(person.number * 5 + order) % 9) + tick
        if going.is_stuck:
            left = ends_at
        if going.stays and order == 0:
            came, left = starts_at - dt.timedelta(minutes=29), ends_at + dt.timedelta(minutes=9)
        is_forgotten = order >= len(there) - going.open_end or (going.forgetful and order == 0)
        found.append((person, came, None if is_forgotten else left))
    return found


def _send(story: Story, event: Event, index: int, going: Going) -> None:
    """Send what the tablet kept of a shift."""
    scans = []
    for order, (person, came, left) in enumerate(presences(event, index, going)):
        for direction, at in (("in", came), ("out", left)):
            if at is not None:
                code = card_of(person) if order < going.cards else code_of(person, at)
                scans.append(_scan(event, index, person, direction, at) | {"volunteer_code": code})
    body = {"sent_at": story.present, "events": scans}
    for told in checkin.record_batch(story.device(event.station), body, story.present):
        if told["outcome"] not in ("checked_in", "checked_out"):
            raise ValueError(f"{event.fields['title']}: {told}")


def _scan(event: Event, index: int, person: Person, direction: str, at: Instant) -> dict[str, Any]:
    """Return one scan as a tablet keeps it, but for the code."""
    shift_id = event.shift_ids[index]
    return {
        "id": uuid.uuid5(shift_id, f"{person.number} {direction}"),
        "shift_id": shift_id,
        "direction": direction,
        "scanned_at": at,
    }


def code_of(person: Person, at: Instant) -> str:
    """Return what somebody shows at the door at that moment."""
    payload: str = cards.own_code(person.actor or _nobody(person), None, at)["payload"]
    return payload


def card_of(person: Person) -> str:
    """Return what stands on somebody's printed card."""
    payload: str = cards.own_card(person.actor or _nobody(person), None)["payload"]
    return payload


def _nobody(person: Person) -> Actor:
    """Refuse to show the code of who never signs in."""
    raise ValueError(f"{person.name} never signs in")


def _arrive(story: Story, event: Event, index: int) -> None:
    """Let people come, now and in the next minutes; whoever would come after the story's end is still awaited."""
    for person, came, _ in presences(event, index):
        at = max(came, story.present)
        if at <= story.now:
            story.at(at, lambda person=person: scan(story, event, index, person, "in"))  # type: ignore[misc]


def scan(story: Story, event: Event, index: int, person: Person, direction: str, code: str | None = None) -> None:
    """Scan somebody at the door, now; with their own code unless another is given."""
    body = {
        "volunteer_code": code or code_of(person, story.present),
        "shift_id": event.shift_ids[index],
        "direction": direction,
    }
    status, told = checkin.record_scan(story.device(event.station), body, story.present)
    if status != 201:
        raise ValueError(f"{person.name} at {event.fields['title']}: {told}")


def scan_own(story: Story, event: Event, person: Person, browser: str) -> None:
    """Let somebody scan the code on the station's tablet, and check in with that browser, where the station is."""
    tablet = story.device(event.station)
    place = next(row for row in rows_of("stations") if row["code"] == event.station)
    latitude, longitude = place["latitude"], place["longitude"]
    shown = cards.station_code(tablet, story.ids[f"station {event.station}"], event.shift_ids[0], "", story.present)
    body = {"code": shown["url"], "direction": "in"} | {"latitude": latitude, "longitude": longitude, "accuracy_m": 15}
    actor = person.actor or _nobody(person)
    status, told = checkin.check_in_own(actor, body, story.present, channel="browser", browser=browser)
    if status != 201:
        raise ValueError(f"{person.name} at {event.fields['title']}: {told}")


def close_out(story: Story, event: Event, index: int, audience: int) -> None:
    """Enter how many people a shift reached: an audience, none of them volunteers."""
    values = {"audience_count": audience, "beneficiary_count": audience}
    changes.close_out(_maker(story, event), event.shift_ids[index], values, story.present)
