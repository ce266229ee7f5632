"""What a worker holds after 100 000 requests: memory that is not flat leaks, whatever the tests say.

Workers share what was loaded before they were forked: what each holds counts it in full, what all hold together once.
A mix of what is asked most, through two workers: a code shown, a scan sent again, hours, activities, and pages.
Source: perf.md §7 (120 MB a worker, flat).
"""

import os
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

from tools.bench.load import Request, measure
from tools.bench.service import Service

if TYPE_CHECKING:
    from tools.bench.__main__ import World

REQUESTS = int(os.environ.get("BENCH_REQUESTS", "100000"))
PART = 2000
LINE = "{:>10} {:>9} {:>18} {:>10} {:>16}"
PAGES = ("/", "/activities", "/login", "/honour")


def report(world: "World") -> None:
    """Send the requests and print what the workers hold on the way."""
    print("\nmemory of a worker")
    print(LINE.format("requests", "per s", "MB of each worker", "MB since", "MB all together"))
    mix, first, done = cycle(_mix(world)), 0.0, 0
    while done < REQUESTS:
        found = measure(world.service, list(islice(mix, PART)), 8)
        refused = {status for status, _ in found.answers if status >= 300}
        if refused:
            raise RuntimeError(f"refused: {refused}")
        done += PART
        held, together = workers_mb(world.service)
        first = first or max(held)
        if done in (PART, REQUESTS) or done % 20_000 == 0:
            shown = ", ".join(f"{one:.0f}" for one in held)
            print(
                LINE.format(done, f"{found.rate:.0f}", shown, f"{max(held) - first:+.1f}", f"{together:.0f}"),
                flush=True,
            )


def _mix(world: "World") -> list[Request]:
    """Return one round of what is asked: of everybody, and by somebody who is not signed in."""
    scans: list[Request] = [world.scan(code, "in") for code in world.codes()]
    measure(world.service, scans, 8)
    found: list[Request] = []
    for token, again in zip(world.tokens, scans, strict=True):
        found += [again, ("GET", "/me/code", None, token), ("GET", "/me/hours", None, token)]
        found += [("GET", "/activities", None, None), ("GET", "/privacy-notice", None, None)]
        found += [("PAGE", page, None, None) for page in PAGES]
    return found


def workers_mb(service: Service) -> tuple[list[float], float]:
    """Return the resident memory of gunicorn's workers, and what they and their parent hold together, in MB."""
    own = service.process.pid
    held, together = [], _held(own, "Pss:")
    for child in Path(f"/proc/{own}/task/{own}/children").read_text().split():
        held.append(_held(int(child), "Rss:"))
        together += _held(int(child), "Pss:")
    return sorted(held), together


def _held(pid: int, what: str) -> float:
    """Return what the kernel tells of a process, in MB: `Rss:`, its memory, or `Pss:`, its share of each page."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(what))
