"""Who has a part in a record that was drawn, and so does not check it.

The person and who acts for them, who recorded it, who runs its station or leads its shift, who decided about its
minutes. Source: ADR 0006; Order 67 Art. 21.
"""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from volunteer.access import Actor, Permission, Role
from volunteer.activities import service as activities
from volunteer.anomalies import queries
from volunteer.anomalies.spot_rules import Involved
from volunteer.registration import service as registration
from volunteer.stations import service as stations


def parts_of(session: Session, actor: Actor, rows: Sequence[Any]) -> dict[uuid.UUID, Involved]:
    """Return what part the caller has in records, by record; those in which they have none are left out."""
    accounts = registration.accounts_of(session, {row.person_id for row in rows})
    scans = {row.id: scans_of(row) for row in rows}
    makers = queries.makers_of(session, (one for those in scans.values() for one in those))
    decided = queries.decided_by(session, actor.account, [(row.person_id, row.shift_id) for row in rows])
    run = _run_by(session, actor, rows)
    found = dict[uuid.UUID, Involved]()
    for row in rows:
        if actor.account in accounts.get(row.person_id, ()):
            found[row.id] = Involved.SELF
        elif any(makers.get(one) == actor.account for one in scans[row.id]):
            found[row.id] = Involved.RECORDED
        elif row.shift_id in run:
            found[row.id] = Involved.OWN_STATION
        elif (row.person_id, row.shift_id) in decided:
            found[row.id] = Involved.DECIDED
    return found


def scans_of(row: Any) -> list[uuid.UUID]:
    """Return the scans of a record."""
    return [uuid.UUID(pair[name]) for pair in row.pairs for name in ("in_scan", "out_scan") if pair.get(name)]


def _run_by(session: Session, actor: Actor, rows: Sequence[Any]) -> set[uuid.UUID]:
    """Return those shifts of the records that the caller runs: at a station of theirs or below it, or as its leader.

    An administrator runs every station in a sense; what counts is a grant that names one.
    """
    local = replace(actor, grants=tuple(grant for grant in actor.grants if not grant.is_site_wide))
    led = {grant.shift_id for grant in local.grants if grant.role is Role.SHIFT_LEADER}
    own = stations.station_ids_in_scope(local, Permission.MANAGE_STATION) or frozenset()
    shifts = activities.shifts_of(session, {row.shift_id for row in rows})
    return {one.id for one in shifts.values() if one.id in led or one.station_id in own}
