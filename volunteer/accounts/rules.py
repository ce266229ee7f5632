"""Pure decisions about accounts: which scope a role takes, and what is a password."""

import re
from typing import Final

from volunteer.access import Role
from volunteer.errors import Fault

SCOPES: dict[Role, tuple[str, ...]] = {
    Role.ADMIN: (),
    Role.AUDITOR: (),
    Role.UNIT_LIAISON: ("unit_id", "area_id"),
    Role.STATION_KEEPER: ("station_id", "area_id"),
    Role.SHIFT_LEADER: ("shift_id",),
}
SCOPE_FIELDS = ("unit_id", "station_id", "area_id", "shift_id")
LEAST_PASSWORD = 8
#: What a user agent names, the particular before the general: WeChat says that it is Chrome, Chrome that it is Safari.
_PROGRAMS: Final = (
    ("MicroMessenger", "微信"),
    ("Edg", "Edge 浏览器"),
    ("Firefox", "火狐浏览器"),
    ("Chrome", "Chrome 浏览器"),
    ("Safari", "Safari 浏览器"),
)
_MACHINES: Final = (
    ("iPhone", "苹果手机"),
    ("iPad", "苹果平板"),
    ("HarmonyOS", "鸿蒙设备"),
    ("Android", "安卓设备"),
    ("Windows", "Windows 电脑"),
    ("Macintosh", "苹果电脑"),
    ("Linux", "Linux 电脑"),
)


def scope_faults(role: Role, given: dict[str, object]) -> list[Fault]:
    """Return what is wrong with the scope fields of a new grant: a missing one, a second one, one of another role."""
    takes = SCOPES[role]
    named = [name for name in SCOPE_FIELDS if given.get(name) is not None]
    wrong = [name for name in named if name not in takes]
    faults = [Fault(name, "scope-not-for-role", "这个角色不能授予这种范围,请去掉。") for name in wrong]
    if takes and not [name for name in named if name in takes]:
        faults.append(Fault(takes[0], "scope-required", "请选择这个角色负责的范围。"))
    if len(named) - len(wrong) > 1:
        faults += [Fault(name, "one-scope", "一次授权只能选择一个范围。") for name in named if name in takes]
    return faults


def password_fault(password: str, phone: str, field: str = "password") -> Fault | None:
    """Return why this is no password for us: too short, one kind of character only, or the phone itself."""
    kinds = sum(bool(re.search(kind, password)) for kind in (r"[0-9]", r"[A-Za-z]", r"[^0-9A-Za-z]"))
    if len(password) < LEAST_PASSWORD or kinds < 2 or phone in password:
        return Fault(field, "weak-password", "密码至少 8 位,需同时含有字母、数字或符号中的两种,且不能含手机号。")
    return None


def device_name(user_agent: str) -> str:
    """Return what its owner would call a device: kind of machine and program, never a version or a model.

    Source: PIPL art. 6 (no more than the purpose needs): enough to say "that is not mine".
    """
    machine = next((word for mark, word in _MACHINES if mark in user_agent), "其他设备")
    program = next((word for mark, word in _PROGRAMS if mark in user_agent), "")
    return f"{machine} {program}".strip()
