"""The talent pool: some who joined by their own word, with papers checked, waiting and soon out of date, and times.

Source: domain.md A9 (人才库).
"""

import datetime as dt
from functools import partial

from volunteer.demo.story import Person, Story
from volunteer.registration import people
from volunteer.talents import service
from volunteer.talents.schemas import PaperIn

JOINED, CHECKED = -20, -18
#: Unit, skills, kind of paper, who issued it, days until it expires (None: it does not), whether it is checked, times.
TALENTS = (
    ("YY1", ("first_aid",), "medical", "区卫生健康局", None, True, ((6, "morning"), (7, "morning"))),
    ("WJJ", ("psychology",), "counselling", "市心理学会", 400, True, ((3, "evening"),)),
    ("JKZ", ("first_aid",), "first_aid", "区红十字会", 21, True, ((6, "morning"), (6, "afternoon"))),
    ("GDG", ("repair",), "electrician", "区应急管理局", 640, True, ((7, "morning"), (7, "afternoon"))),
    ("JYJ", ("teaching",), "teacher", "区教育局", None, False, ((5, "evening"), (6, "afternoon"))),
    ("ZY1", ("teaching",), "sign_language", "市残疾人联合会", None, False, ((2, "evening"),)),
    ("MZJ", ("law",), "legal", "司法部", None, True, ((4, "evening"),)),
)


def begin(story: Story) -> None:
    """Note who joins, and when staff look at the papers."""
    for number, talent in enumerate(TALENTS):
        story.at(story.when(JOINED, f"19:{number:02}"), partial(_join, story, *talent))


def _join(
    story: Story,
    unit: str,
    skills: tuple[str, ...],
    kind: str,
    issuer: str,
    days: int | None,
    is_checked: bool,
    times: tuple[tuple[int, str], ...],
) -> None:
    """Let somebody of a unit say what they can and when, show a paper, and join."""
    person = _grown_up(story, unit)
    actor, person_id = person.actor, person.id
    if actor is None or person_id is None:
        raise LookupError(f"nobody of {unit} signs in")
    story.cast[f"talent {unit}"] = person
    people.change_person(actor, person_id, {"skills": list(skills)}, story.present)
    service.set_times(actor, person_id, times, story.present)
    expires = (story.today + dt.timedelta(days=days)).isoformat() if days else None
    body = {"kind": kind, "issuer": issuer, "number": f"YS{person.number:06}", "expires_on": expires}
    paper = service.add_paper(actor, person_id, PaperIn().load(body), story.present)
    service.join(actor, person_id, story.present)
    if is_checked:
        admin, paper_id = story.staff["admin"], paper.id
        story.at(story.when(CHECKED, "10:00"), lambda: service.check_paper(admin, paper_id, story.present))


def _grown_up(story: Story, unit: str) -> Person:
    """Return the first of a unit's people who signs in themself and is none of the cast."""
    cast = list(story.cast.values())
    return next(
        one for one in story.people if one.unit == unit and one.way == "phone" and one.actor and one not in cast
    )
