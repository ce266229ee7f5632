"""What a file lists, and where its import stands. Pure."""

from enum import StrEnum


class Kind(StrEnum):
    """What a file lists."""

    UNITS = "units"
    VOLUNTEERS = "volunteers"
    STATIONS = "stations"
    HOURS = "hours"


class State(StrEnum):
    """Where an import stands: nothing but `committed` has written anything."""

    CHECKING = "checking"
    CHECKED = "checked"
    UNREADABLE = "unreadable"
    COMMITTING = "committing"
    COMMITTED = "committed"
    EXPIRED = "expired"
