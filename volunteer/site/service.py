"""The site's settings: read by every page and every paper, saved by an admin; what they were before stays readable.

What is not set falls back on the environment (`VOLUNTEER_SITE_NAME`). Source: ux.md §6 (footer with helpline), A12.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor
from volunteer.config import settings
from volunteer.database import lock_name, reading, transaction
from volunteer.errors import Conflict, InvalidInput
from volunteer.site import rules
from volunteer.site.models import SiteVersion
from volunteer.site.rules import FIELDS, Change
from volunteer.web.layout import SiteFacts


@dataclass(frozen=True, slots=True)
class Saving:
    """One saving: who changed what, and when. `by` is an account, or None for the system."""

    version: int
    at: dt.datetime
    by: uuid.UUID | None
    changes: tuple[Change, ...]


def facts() -> SiteFacts:
    """Return the settings in force, with what the environment says where nothing is set; one statement."""
    said = _said(_newest(reading()))
    name = said["name"] or settings().site_name
    return SiteFacts(
        name=name,
        issuer=said["issuer"] or name,
        organizer=said["organizer"] or "",
        helpline=said["helpline"] or "",
        helpline_hours=said["helpline_hours"] or "",
        filing_number=said["filing_number"] or "",
    )


def values() -> tuple[int, dict[str, str | None]]:
    """Return the version in force (0 before the first saving) and its fields as they were typed."""
    newest = _newest(reading())
    return (newest.version if newest else 0), _said(newest)


def change(actor: Actor, wanted: Mapping[str, str | None], now: dt.datetime, seen: int | None = None) -> int:
    """Save the settings; the same again saves nothing. Returns the version in force.

    Args:
        actor: an administrator.
        wanted: the fields of `rules.FIELDS`; an absent or empty one is not set.
        now: the present.
        seen: the version that the caller has looked at; None = whatever is in force.

    Raises:
        Forbidden: the caller is no admin.
        InvalidInput: `bad-helpline`, `hours-without-helpline`.
        Conflict: `changed-meanwhile`: somebody else has saved since `seen`.
    """
    actor.require_admin()
    fresh = {name: wanted.get(name) or None for name in FIELDS}
    fresh["helpline"] = rules.mend_helpline(fresh["helpline"]) if fresh["helpline"] else None
    faults = rules.faults_of(fresh)
    if faults:
        raise InvalidInput(faults)
    with transaction() as session:
        lock_name(session, "site settings")
        newest = _newest(session)
        version, differing = (newest.version if newest else 0), rules.changes(_said(newest), fresh)
        if not differing:
            return version
        if seen is not None and seen != version:
            raise Conflict("您填写期间,别人已修改过设置。请刷新页面,看过最新内容后再保存。", code="changed-meanwhile")
        session.add(SiteVersion(version=version + 1, set_by=actor.account_id, set_at=now, **fresh))
        audit.record(session, actor, now, "site.change", ("site", None), fields=[one.field for one in differing])
        return version + 1


def history(limit: int, before: int | None = None) -> list[Saving]:
    """Return up to `limit` savings, newest first, of versions below `before`."""
    query = sa.select(SiteVersion).order_by(SiteVersion.version.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(SiteVersion.version < before)
    rows = list(reading().scalars(query))
    older = [_said(row) for row in rows[1:]] + [_said(None)]
    return [
        Saving(row.version, row.set_at, row.set_by, tuple(rules.changes(past, _said(row))))
        for row, past in zip(rows, older, strict=False)  # of no rows, one too many
    ][:limit]


def _newest(session: Session) -> SiteVersion | None:
    """Return the version in force."""
    return session.scalars(sa.select(SiteVersion).order_by(SiteVersion.version.desc()).limit(1)).first()


def _said(row: SiteVersion | None) -> dict[str, str | None]:
    """Return the fields of a version; of none, nothing."""
    return {name: getattr(row, name) if row else None for name in FIELDS}
