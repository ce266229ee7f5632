"""What an operator's timer runs: close what is over, forget what is past its time, sign the ledger.

Answers never wait for it: all of these are functions of the clock, and each job may be run late, twice or never.
Source: decisions 2 (signed heads), 10 (places for 30 days), 15 (erasure); contract, Hours (the close).
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final

from volunteer import jobs
from volunteer.accounts import sign_in
from volunteer.checkin import jobs as checkin
from volunteer.hours import verification
from volunteer.imports import storing
from volunteer.notifications import service as notifications
from volunteer.registration import erasure, inviting, refusals
from volunteer.web import idempotency, limits

Job = Callable[[dt.datetime], int]


def _sign_ledger(now: dt.datetime) -> int:
    """Verify the ledger and sign its heads; return 1 if it holds."""
    return int(verification.verify_and_sign(now).ok)


JOBS: Final[Mapping[str, Job]] = {
    "messages sent": notifications.deliver,
    "people erased": erasure.erase_due,
    "vouched people counted": inviting.count_due,
    "refusals forgotten": refusals.forget_old,
    "uploaded files erased": storing.erase_due,
    "tokens and codes forgotten": sign_in.forget_old,
    "idempotency keys forgotten": idempotency.forget_old,
    "limit hits forgotten": limits.forget_old,
    "jobs forgotten": jobs.forget_old,
    "ledger holds and is signed": _sign_ledger,
}


def run(now: dt.datetime) -> dict[str, int]:
    """Close what is over (which forgets old places too), run every other job, and return what each did."""
    return {**checkin.close_due(now), **{name: job(now) for name, job in JOBS.items()}}
