"""What teams did in a period: members, who of them served, and what came of the activities that they organised.

Source: domain.md A3, A15; decisions 4.
"""

import datetime as dt
import uuid
from dataclasses import dataclass

from volunteer.access import Actor, Permission
from volunteer.database import reading
from volunteer.exports.rules import Stamp
from volunteer.reports import team_queries as queries
from volunteer.reports.periods import Period, period_of
from volunteer.reports.sheets import Cell, Column, Form, to_xlsx
from volunteer.reports.team_queries import TeamCounts
from volunteer.teams import service as teams
from volunteer.teams.rules import TeamKind
from volunteer.teams.service import TeamBrief

COLUMNS = (
    Column("队伍编号", width=12),
    Column("队伍", width=30),
    Column("类别", width=18),
    Column("队员", Form.WHOLE, 8),
    Column("有服务的队员", Form.WHOLE, 12),
    Column("场次", Form.WHOLE, 8),
    Column("人数", Form.WHOLE, 8),
    Column("人次", Form.WHOLE, 8),
    Column("服务时长(分钟)", Form.WHOLE, 14),
)


@dataclass(frozen=True, slots=True)
class TeamRow:
    """One team with its figures."""

    team: TeamBrief
    counts: TeamCounts


@dataclass(frozen=True, slots=True)
class TeamsReport:
    """The report; both days are included. `total` counts each person once, whatever teams they are in."""

    from_on: dt.date
    to_on: dt.date
    rows: list[TeamRow]
    total: TeamCounts


def teams_report(actor: Actor, from_on: dt.date | None, to_on: dt.date | None, now: dt.datetime) -> TeamsReport:
    """Return the figures of the caller's teams that stood in the period, by code.

    Args:
        actor: sees the teams over which they have a say; an admin or auditor all.
        from_on: the first day; left out, the first of the month of the last.
        to_on: the last day; left out, today.
        now: the present.

    Raises:
        InvalidInput: `to-before-from`.
    """
    period = period_of(from_on, to_on, now)
    standing = _standing(actor, period)
    ids = frozenset(standing)
    by_team = queries.counts_by_team(reading(), period, ids)
    rows = [TeamRow(team, by_team[team.id]) for team in sorted(standing.values(), key=lambda one: one.code)]
    return TeamsReport(period.from_on, period.to_on, rows, queries.counts_together(reading(), period, ids))


def _standing(actor: Actor, period: Period) -> dict[uuid.UUID, TeamBrief]:
    """Return the caller's teams that stood on a day of the period."""
    scope = teams.team_ids_in_scope(actor, Permission.READ_TEAMS)
    known = teams.team_briefs(teams.all_team_ids() if scope is None else scope)
    return {
        team_id: team
        for team_id, team in known.items()
        if team.founded_on <= period.to_on and (team.dissolved_on is None or team.dissolved_on > period.from_on)
    }


def as_xlsx(report: TeamsReport, site: str, stamp: Stamp) -> bytes:
    """Return the report as a workbook."""
    titles = (
        f"{site}:志愿服务队情况",
        f"{report.from_on} 至 {report.to_on},含首尾两天;制表时间 {stamp.at:%Y-%m-%d %H:%M}",
        "队员 = 最后一天的在队人数;有服务的队员 = 其中本期有时长的人;"
        "场次、人数、人次、时长属于队伍主办的活动;合计中每人只计一次",
    )
    rows = [_cells(row.team.code, row.team.name, TeamKind(row.team.kind).label, row.counts) for row in report.rows]
    return to_xlsx("队伍", titles, COLUMNS, [*rows, _cells("", "合计", "", report.total)], stamp)


def _cells(code: str, name: str, kind: str, counts: TeamCounts) -> list[Cell]:
    """Return the cells of one row."""
    figures = (counts.members, counts.active, counts.sessions, counts.persons, counts.person_times, counts.minutes)
    return [code, name, kind, *figures]
