"""Pure decisions about text messages: what an answer of the provider means, and what follows it.

A provider may take a message and lose the answer, so "unsure" is a state of its own: it is asked before anything is
sent again. Source: decisions 18 (durability); the provider's own advice to ask for the receipt before a second try.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class SmsState(StrEnum):
    """Where a message stands. The last three are final: number and words are wiped then."""

    WAITING = "waiting"
    SENDING = "sending"
    UNSURE = "unsure"
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"


#: What the worker looks at, and what nobody looks at again.
OPEN: Final = (SmsState.WAITING, SmsState.SENDING, SmsState.UNSURE)
FINAL: Final = (SmsState.SENT, SmsState.FAILED, SmsState.EXPIRED)


class Outcome(StrEnum):
    """What came of one try."""

    SENT = "sent"
    NOT_TAKEN = "not-taken"
    THROTTLED = "throttled"
    MISSET = "misset"
    REFUSED = "refused"
    UNSURE = "unsure"


#: After these the rest of a round waits too: the provider or our account with it has a problem, not the message.
STOPS_ROUND: Final = (Outcome.NOT_TAKEN, Outcome.MISSET, Outcome.UNSURE)
DELAYS: Final = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360))
WHEN_THROTTLED: Final = dt.timedelta(minutes=15)
WHEN_MISSET: Final = dt.timedelta(minutes=30)
WHEN_UNSURE: Final = dt.timedelta(minutes=1)
#: Whoever has not said in so long how a try ended is taken for dead.
LEASE: Final = dt.timedelta(minutes=2)
MOST_TRIES: Final = 12


@dataclass(frozen=True, slots=True)
class Step:
    """What follows a try: the state, and when to look again (None: never)."""

    state: SmsState
    due_at: dt.datetime | None


def next_step(outcome: Outcome, attempts: int, now: dt.datetime, expires_at: dt.datetime) -> Step:
    """Return what follows the `attempts`-th try; nothing is tried after `expires_at`."""
    if outcome is Outcome.SENT:
        return Step(SmsState.SENT, None)
    if outcome is Outcome.REFUSED or attempts >= MOST_TRIES:
        return Step(SmsState.FAILED, None)
    delay = {
        Outcome.THROTTLED: WHEN_THROTTLED,
        Outcome.MISSET: WHEN_MISSET,
        Outcome.UNSURE: WHEN_UNSURE,
    }.get(outcome, DELAYS[min(attempts, len(DELAYS)) - 1])
    if now + delay >= expires_at:
        return Step(SmsState.EXPIRED, None)
    return Step(SmsState.UNSURE if outcome is Outcome.UNSURE else SmsState.WAITING, now + delay)
