"""Levels of areas and which may stand under which. Pure decisions.

Source: decisions 4; contract, Areas, units, tasks.
"""

from enum import StrEnum
from typing import Final

from volunteer.errors import Fault


class AreaLevel(StrEnum):
    """How large an area is, from the largest down."""

    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    GRID = "grid"

    @property
    def label(self) -> str:
        """The Chinese word for it."""
        return _LABELS[self]

    @property
    def order(self) -> int:
        """0 for the largest."""
        return list(AreaLevel).index(self)


_LABELS: Final = {
    AreaLevel.CITY: "市",
    AreaLevel.DISTRICT: "区县",
    AreaLevel.STREET: "街道(镇)",
    AreaLevel.COMMUNITY: "社区(村)",
    AreaLevel.GRID: "网格",
}


def level_fault(level: AreaLevel, parent: AreaLevel | None) -> Fault | None:
    """Return why an area of `level` cannot stand under one of level `parent`: it must be smaller, not next smaller.

    A district without streets has communities of its own, so levels may be left out. Source: house rule.
    """
    if parent is None or parent.order < level.order:
        return None
    return Fault("parent_id", "level-order", f"{level.label}不能放在{parent.label}之下,请选择更大的区域作为上级。")
