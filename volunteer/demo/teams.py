"""The teams: 24 of units and stations with 312 volunteers, each in one, and some in a second; two ask to join.

Source: domain.md A3 (more than twenty teams, more than three hundred volunteers).
"""

import uuid

from volunteer.demo.story import Person, Story, rows_of
from volunteer.registration import people
from volunteer.teams import joining, keeping, members
from volunteer.teams.schemas import TeamIn

FOUNDED, GROWN, EACH, MORE = -62, -8, 10, 3
ADULT_WAYS = ("phone", "cast", "paper")
#: Who organised the small activities of these stations: `demo.community` asks.
BY_STATION = {"QHS": "青禾邻里守望队", "WQS": "望桥邻里守望队", "SYS": "松影邻里守望队", "DXS": "稻香助农服务队"}


def begin(story: Story) -> None:
    """Note when the teams are founded and when they grow, and who asks to join one."""
    story.at(story.when(FOUNDED, "10:00"), lambda: _found(story))
    story.at(story.when(GROWN, "10:00"), lambda: _grow(story))
    story.at(story.when(-1, "20:00"), lambda: _ask(story))


def _adults(story: Story) -> list[Person]:
    """Return who could be in a team by now and is in none yet, in the order of registering."""
    taken = {person_id for key, person_id in story.ids.items() if key.startswith("in team ")}
    there = [one for one in story.people if one.way in ADULT_WAYS and one.id and one.joins_at <= story.present]
    free = [one for one in there if one.id not in taken and one is not story.cast.get("contested")]
    return [one for one in free if one.unit != "CZJ"]  # where somebody is suspended later


def _found(story: Story) -> None:
    """Found every team with its leader and first members."""
    admin, waiting = story.staff["admin"], _adults(story)
    for index, row in enumerate(rows_of("teams")):
        crew = waiting[index * EACH : (index + 1) * EACH]
        for person in crew if row["skill"] else ():
            people.change_person(admin, _id(person), {"skills": [row["skill"]]}, story.present)
        body = {
            "name": row["name"],
            "kind": row["kind"],
            f"{row['owner']}_id": str(story.ids[f"{row['owner']} {row['code']}"]),
            "required_skill": row["skill"],
            "requirement": row["requirement"],
            "leader_id": str(crew[0].id),
        }
        team = keeping.add_team(admin, TeamIn().load(body), story.present)
        story.ids[f"team {row['name']}"] = team.id
        for person in crew:
            _join(story, team.id, person, is_leader=person is crew[0])


def _grow(story: Story) -> None:
    """Let some more people join every team, and one of each second team join the next one as well."""
    admin, waiting = story.staff["admin"], _adults(story)
    teams = rows_of("teams")
    for index, row in enumerate(teams):
        team_id = story.ids[f"team {row['name']}"]
        for person in waiting[index * MORE : (index + 1) * MORE]:
            if row["skill"]:
                people.change_person(admin, _id(person), {"skills": [row["skill"]]}, story.present)
            _join(story, team_id, person)
    first = members.teams_of(_id(_named(story, "volunteer")), story.today)
    if not first:
        _join(story, story.ids["team 青禾邻里守望队"], _named(story, "volunteer"))


def _ask(story: Story) -> None:
    """Let two of the cast ask to join, so that somebody has something to answer."""
    for key, name in (("parent", "电力便民服务队"), ("volunteer", "文明交通劝导队")):
        person, team_id = _named(story, key), story.ids[f"team {name}"]
        if person.actor and all(team.id != team_id for _, team in members.teams_of(_id(person), story.today)):
            joining.ask(person.actor, team_id, None, "周末有空,想参加。", story.present)


def _join(story: Story, team_id: uuid.UUID, person: Person, *, is_leader: bool = False) -> None:
    """Let somebody join; a leader is a member already."""
    story.ids[f"in team {person.number}"] = _id(person)
    if not is_leader:
        members.add_member(story.staff["admin"], team_id, _id(person), None, story.present)


def _named(story: Story, key: str) -> Person:
    """Return one of the cast."""
    return story.cast[key]


def _id(person: Person) -> uuid.UUID:
    """Return the id of somebody who is registered."""
    return person.id or uuid.UUID(int=0)
