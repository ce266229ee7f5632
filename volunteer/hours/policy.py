"""The numbers of check-in and hours, as one policy with a version. Pure.

Source: contract, "Check-in and check-out" (windows), "Hours" (tiers, stars); domain.md e4, g3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Policy:
    """House numbers in minutes and days; a change is a new version, and every line keeps the version it was made with.

    Raises:
        ValueError: a limit is negative, tiers are not ascending, or star thresholds are not strictly ascending.
    """

    version: int = 1
    in_early_minutes: int = 30
    out_late_minutes: int = 60
    at_once_minutes: int = 480
    keeper_minutes: int = 720
    star_minutes: tuple[int, ...] = (6000, 18000, 36000, 60000, 90000)
    make_up_working_days: int = 10

    def __post_init__(self) -> None:
        if min(self.in_early_minutes, self.out_late_minutes, self.make_up_working_days) < 0:
            raise ValueError("a policy has no negative numbers")
        if not 0 <= self.at_once_minutes <= self.keeper_minutes:
            raise ValueError("tier limits ascend")
        if any(lower >= higher for lower, higher in pairwise((0, *self.star_minutes))):
            raise ValueError("star thresholds ascend")


POLICY = Policy()

POLICIES: tuple[tuple[date, Policy], ...] = ((date.min, POLICY),)
"""Every policy with the first site day of its service, ascending: a new one is a new line, the past keeps its own."""


def policy_on(day: date) -> Policy:
    """Return the policy for service on a site day."""
    return [policy for from_on, policy in POLICIES if from_on <= day][-1]


def star_level(minutes: int, policy: Policy = POLICY) -> int:
    """Return the star level (0 to 5) of a total of minutes: the thresholds that it has reached.

    Source: contract, "Stars"; domain.md e4.
    """
    return sum(minutes >= threshold for threshold in policy.star_minutes)
