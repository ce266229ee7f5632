"""What changed in the tree and at the top: a unit merged into another, one closed, a leader who left a gap; who asks.

The centre for retired cadres stood apart for a month and a half, with two people of the bureau, and helped a village:
the bureau into which it was merged does so now. Source: domain.md A4, A23 (who answers changes with who is there).
"""

import uuid

from volunteer.demo.story import Story, read, rows_of
from volunteer.pairings import service as pairings
from volunteer.pairings.rules import PairingKind
from volunteer.pairings.service import Parties, Target
from volunteer.registration import standing, unit_changes
from volunteer.units import merging, service, targets
from volunteer.units.schemas import UnitIn

FOUNDED, STAFFED, MERGED, CLOSED, LEFT = -89, -80, -41, -30, -6
INTO, PEOPLE = "MZJ", 2
CENTRE = {"code": "LGB", "name": "区老干部服务中心", "kind": "public_institution", "headcount": 12}
OFFICE = {"code": "CBZ", "name": "文明创建筹备办公室", "kind": "government", "headcount": 4}
#: Which leader of `pairings.json` leaves: two grids and a zone lose theirs.
LEAVER = 20


def begin(story: Story) -> None:
    """Note what happens when."""
    story.at(story.when(FOUNDED, "10:00"), lambda: _found(story))
    story.at(story.when(STAFFED, "10:00"), lambda: _staff(story))
    story.at(story.when(MERGED, "09:30"), lambda: _merge(story))
    story.at(story.when(CLOSED, "09:30"), lambda: _close(story))
    story.at(story.when(LEFT, "09:00"), lambda: _leave(story))
    story.at(story.when(-1, "19:00"), lambda: _ask(story))


def _found(story: Story) -> None:
    """Add the two units that will not last, one with a task, and let it help a village."""
    admin = story.staff["admin"]
    for row in (CENTRE, OFFICE):
        body = row | {"area_id": str(story.ids["area YH"])}
        story.ids[f"unit {row['code']}"] = service.add_unit(admin, UnitIn().load(body), story.present).id
    centre = story.ids["unit LGB"]
    targets.set_target(admin, centre, story.today.year, 3, story.present)
    village = next(row for row in reversed(rows_of("areas")) if row["level"] == "community")
    parties = Parties([], [centre])
    target = Target(story.ids[f"area {village['code']}"])
    pairings.pair(admin, PairingKind.VILLAGE_HELP, target, parties, None, story.present)


def _staff(story: Story) -> None:
    """Move two people of the bureau into the centre."""
    found = [one.id for one in story.people if one.unit == INTO and one.id and one.joins_at < story.present]
    for person_id in found[-PEOPLE:]:
        standing.transfer(story.staff["admin"], person_id, story.ids["unit LGB"], None, story.present)


def _merge(story: Story) -> None:
    """Merge the centre into the bureau: its people and its village go there."""
    wanted = merging.Merger(
        story.ids[f"unit {INTO}"], on=service.today(story.present), reason="云编办〔2026〕3 号(演示)"
    )
    merging.merge(story.staff["admin"], story.ids["unit LGB"], wanted, story.present)


def _close(story: Story) -> None:
    """Close the office, whose work is done."""
    changes = {"closed_on": service.today(story.present)}
    service.change_unit(story.staff["admin"], story.ids["unit CBZ"], changes, story.present)


def _ask(story: Story) -> None:
    """Let somebody of the liaison's unit ask to belong to another one, so that there is something to answer."""
    cast = list(story.cast.values())
    free = [one for one in story.people if one.unit == "JYJ" and one.way == "phone" and one.actor and one not in cast]
    actor = free[-1].actor
    if actor is None:
        raise LookupError("nobody of the bureau signs in")
    unit_changes.ask(actor, None, story.ids["unit TSG"], "已调到区图书馆工作。", story.present)


def _leave(story: Story) -> None:
    """Let a leader leave office: what they answered for shows as missing until somebody follows."""
    name, office = read("pairings")["leaders"][LEAVER]
    admin = story.staff["admin"]
    official: uuid.UUID = pairings.add_official(admin, name, office, story.present).id  # the same is the same
    pairings.leave_office(admin, official, None, "工作调动,接任人选待定。", story.present)
