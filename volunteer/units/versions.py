"""What described a unit when: each change of name, kind, area or headcount is kept with who made it.

A headcount set today is not in a report as of yesterday. Source: ux.md §9 (the denominator's last change), A3, A5.
"""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.access import Actor
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.units.models import Unit, UnitVersion

FIELDS = ("name", "kind", "area_id", "headcount")


def keep(session: Session, actor: Actor, unit: Unit, now: dt.datetime) -> None:
    """Keep a locked unit as it now is, where that differs from what was kept last."""
    newest = sa.select(UnitVersion).where(UnitVersion.unit_id == unit.id).order_by(UnitVersion.version.desc()).limit(1)
    last = session.scalars(newest).first()
    values = {name: getattr(unit, name) for name in FIELDS}
    if last is not None and values == {name: getattr(last, name) for name in FIELDS}:
        return
    made = UnitVersion(
        unit_id=unit.id,
        version=last.version + 1 if last else 1,
        set_by=actor.account_id,
        set_at=now,
        set_on=site_day(now, settings().zone),
        **values,
    )
    session.add(made)
    session.flush()
