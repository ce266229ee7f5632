"""Who is asking, and what a role may do: the vocabulary of the one guard.

A route names one `Permission` and the `Scope` in which it must be held; the guard (volunteer.web.guard) refuses a
caller who holds it nowhere, and the service refuses one who does not hold it over the thing in question. Scopes are
answered by the rooms that own the trees (`units.service.unit_ids_in_scope`, `stations.service.station_ids_in_scope`).
Source: contract/api.md, Sign-in and grants; decisions 3, 4.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from volunteer.errors import Forbidden


class Role(StrEnum):
    """What a grant makes of an account."""

    ADMIN = "admin"
    UNIT_LIAISON = "unit_liaison"
    STATION_KEEPER = "station_keeper"
    SHIFT_LEADER = "shift_leader"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """What a route asks for. `ANYONE` and `SIGNED_IN` need no grant."""

    ANYONE = "anyone"
    SIGNED_IN = "signed-in"
    MANAGE_SITE = "manage-site"
    READ_UNITS = "read-units"
    MANAGE_PEOPLE = "manage-people"
    READ_PEOPLE = "read-people"
    REGISTER_OTHERS = "register-others"
    UNMASK = "unmask"
    MANAGE_STATION = "manage-station"
    RUN_ACTIVITIES = "run-activities"
    PROPOSE_ACTIVITIES = "propose-activities"
    READ_PROPOSALS = "read-proposals"
    DECIDE = "decide"
    SCAN = "scan"
    READ_STATIONS = "read-stations"
    READ_REPORTS = "read-reports"
    READ_PAIRINGS = "read-pairings"
    READ_TEAMS = "read-teams"
    MANAGE_TEAMS = "manage-teams"
    AUDIT = "audit"


class Scope(StrEnum):
    """Over what a route's permission must be held; the service checks it on the thing itself."""

    NOTHING = "nothing"
    SELF = "self"
    SITE = "site"
    UNIT = "unit"
    STATION = "station"
    PERSON = "person"


_ALL = frozenset(Permission)
_KEEPER = frozenset(
    {
        Permission.MANAGE_STATION,
        Permission.RUN_ACTIVITIES,
        Permission.READ_PROPOSALS,
        Permission.DECIDE,
        Permission.SCAN,
        Permission.READ_STATIONS,
        Permission.READ_PEOPLE,
        Permission.REGISTER_OTHERS,
        Permission.UNMASK,
        Permission.READ_PAIRINGS,
        Permission.READ_TEAMS,
        Permission.MANAGE_TEAMS,
    }
)
PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: _ALL,
    Role.AUDITOR: frozenset(
        {
            Permission.READ_UNITS,
            Permission.READ_PEOPLE,
            Permission.READ_STATIONS,
            Permission.READ_REPORTS,
            Permission.READ_PAIRINGS,
            Permission.READ_TEAMS,
            Permission.READ_PROPOSALS,
            Permission.AUDIT,
        }
    ),
    Role.UNIT_LIAISON: frozenset(
        {
            Permission.READ_UNITS,
            Permission.READ_PEOPLE,
            Permission.MANAGE_PEOPLE,
            Permission.REGISTER_OTHERS,
            Permission.UNMASK,
            Permission.READ_REPORTS,
            Permission.READ_PAIRINGS,
            Permission.READ_TEAMS,
            Permission.MANAGE_TEAMS,
            Permission.PROPOSE_ACTIVITIES,
            Permission.READ_PROPOSALS,
        }
    ),
    Role.STATION_KEEPER: _KEEPER,
    Role.SHIFT_LEADER: frozenset({Permission.SCAN}),
}


def roles_with(permission: Permission) -> tuple[Role, ...]:
    """Return the roles that give a permission somewhere, to tell who lacks it."""
    return tuple(role for role in Role if permission in PERMISSIONS[role])


@dataclass(frozen=True, slots=True)
class GrantView:
    """One grant in force. At most one of the four scopes is set; none for admin and auditor over the whole site."""

    id: uuid.UUID
    role: Role
    unit_id: uuid.UUID | None = None
    station_id: uuid.UUID | None = None
    area_id: uuid.UUID | None = None
    shift_id: uuid.UUID | None = None

    @property
    def is_site_wide(self) -> bool:
        """Whether it names no scope; only admins and auditors may hold such a grant."""
        return not (self.unit_id or self.station_id or self.area_id or self.shift_id)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a request: nobody, an account with its grants, or a station's device.

    Attributes:
        device_station_id: the station to which a device belongs; None for people.
        session_id: hash of the token or cookie in use, so that "every other session" can be ended.
        signed_in_at: seconds since the epoch of the last fresh sign-in with this session; 0 for devices.
    """

    account_id: uuid.UUID | None = None
    device_id: uuid.UUID | None = None
    device_station_id: uuid.UUID | None = None
    grants: tuple[GrantView, ...] = ()
    session_id: bytes = b""
    signed_in_at: int = 0

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody is signed in."""
        return self.account_id is None and self.device_id is None

    @property
    def is_device(self) -> bool:
        """Whether a station's device is asking."""
        return self.device_id is not None

    @property
    def key(self) -> str:
        """A stable name of the asker, for idempotency keys, limits and logs."""
        if self.device_id:
            return f"device:{self.device_id}"
        if self.account_id:
            return f"account:{self.account_id}"
        return "operator" if self.grants else "anonymous"

    @property
    def account(self) -> uuid.UUID:
        """The account's id; Forbidden for devices and nobody (the guard has let neither come this far)."""
        if self.account_id is None:
            raise Forbidden
        return self.account_id

    def grants_with(self, permission: Permission) -> Iterator[GrantView]:
        """Yield the grants that give `permission` somewhere."""
        return (grant for grant in self.grants if permission in PERMISSIONS[grant.role])

    def has(self, permission: Permission) -> bool:
        """Whether the permission is held anywhere at all."""
        if self.is_device:
            return permission in (Permission.SCAN, Permission.READ_STATIONS)  # the guard lets it in where devices may
        return any(True for _ in self.grants_with(permission))

    def has_everywhere(self, permission: Permission) -> bool:
        """Whether the permission is held over the whole site."""
        return any(grant.is_site_wide for grant in self.grants_with(permission))

    @property
    def is_admin(self) -> bool:
        """Whether the caller holds the site-wide admin role."""
        return any(grant.role is Role.ADMIN and grant.is_site_wide for grant in self.grants)

    def require_admin(self) -> None:
        """Raise Forbidden unless the caller is a site-wide admin."""
        if not self.is_admin:
            raise Forbidden


NOBODY = Actor()
#: Who runs the command line on the machine itself: may do what an administrator may, and is no account.
OPERATOR = Actor(grants=(GrantView(uuid.UUID(int=0), Role.ADMIN),))
