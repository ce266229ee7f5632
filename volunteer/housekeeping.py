"""What an operator's timer runs: close what is over, forget what is past its time, sign the ledger.

Answers never wait for it: all of these are functions of the clock, and each job may be run late, twice or never.
Source: decisions 2 (signed heads), 10 (places for 30 days), 15 (erasure); contract, Hours (the close).
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final

from volunteer import jobs
from volunteer.accounts import sign_in
from volunteer.anomalies import service as anomalies
from volunteer.checkin import jobs as checkin
from volunteer.checkin.visits import phones
from volunteer.exports import service as exports
from volunteer.hours import verification
from volunteer.imports import storing
from volunteer.notifications import forgetting
from volunteer.notifications import service as notifications
from volunteer.registration import changing, erasure, lapsing, refusals, vouching
from volunteer.retention import service as retention
from volunteer.talents import service as talents
from volunteer.web import idempotency, limits

Job = Callable[[dt.datetime], int]


def _sign_ledger(now: dt.datetime) -> int:
    """Verify the ledger and sign its heads; return 1 if it holds."""
    return int(verification.verify_and_sign(now).ok)


JOBS: Final[Mapping[str, Job]] = {
    "messages sent": notifications.deliver,
    "phones of scans forgotten": phones.forget_phones,
    "people erased": erasure.erase_due,
    "changes of persons expired": changing.expire_old,
    "vouched people counted": vouching.count_due,
    "anomalies found": anomalies.look_nightly,
    "papers that expire told": talents.tell_expiring,
    "ledger holds and is signed": _sign_ledger,
}


def _fixed(job: Job) -> retention.Carrier:
    """Return the carrier of a time that nobody may change, and that its room knows itself."""
    return lambda _before, now: job(now)


#: What removes what is over its time, by the key of its rule (`retention.rules`).
CARRIERS: Final[Mapping[str, retention.Carrier]] = {
    "places": _fixed(checkin.forget_places),
    "sign-in": _fixed(sign_in.forget_old),
    "requests": _fixed(idempotency.forget_old),
    "limits": _fixed(limits.forget_old),
    "jobs": _fixed(jobs.forget_old),
    "imports": _fixed(storing.erase_due),
    "refusals": _fixed(refusals.forget_old),
    "unproven": lapsing.erase_unproven,
    "invitations": lapsing.erase_unanswered,
    "contacts": lapsing.forget_contacts,
    "messages": forgetting.forget_messages,
    "sms": forgetting.forget_sms,
    "export-people": exports.forget_people,
}


def run(now: dt.datetime) -> dict[str, int]:
    """Remove what is over its time, close what is over, run every other job, and return what each did."""
    removed = {f"removed: {key}": count for key, count in retention.run(CARRIERS, now).items()}
    return {**removed, **checkin.close_due(now), **{name: job(now) for name, job in JOBS.items()}}
