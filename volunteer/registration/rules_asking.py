"""What an answer to 'am I registered?' shows, and what whoever asked may do next. Pure.

Source: domain.md F5, H1; PIPL 44, 45, 47.
"""

from enum import StrEnum

from volunteer.registration.rules import PersonStatus


class NextStep(StrEnum):
    """What can be done next; the value is the permanent code."""

    CLAIM = "claim"
    REFUSE = "refuse"
    SIGN_IN = "sign-in"
    TAKE_OVER = "take-over"
    SHOW_PAPER = "show-paper"
    DENY = "deny"


def is_told_in_full(*, by_phone: bool, has_proved: bool) -> bool:
    """Return whether unit and dates are told, or only that there is a registration.

    A phone that the person has proved is better proof than an identity number, which others may know: once there is
    one, another phone learns no more than registering with that number tells.
    """
    return by_phone or not has_proved


def next_steps(
    status: PersonStatus, *, by_phone: bool, has_proved: bool, is_leaving: bool = False, was_kept: bool = False
) -> tuple[NextStep, ...]:
    """Return what whoever asked may do, the first step first.

    Args:
        status: where the person stands.
        by_phone: whether the proved phone is the one on record; else the identity number was given.
        has_proved: whether the person has proved the phone on record before; then they know of their registration.
        is_leaving: whether their erasure has begun.
        was_kept: whether they denied it, and an administrator saw the consent that holds: it is decided once.
    """
    if status is PersonStatus.INVITED:
        return NextStep.CLAIM, NextStep.REFUSE
    if has_proved:
        return (NextStep.SIGN_IN,) if by_phone else (NextStep.SIGN_IN, NextStep.SHOW_PAPER)
    accept = NextStep.TAKE_OVER if by_phone else NextStep.SHOW_PAPER
    return (accept,) if is_leaving or was_kept else (accept, NextStep.DENY)
