"""What a worker holds after 100 000 requests: memory that is not flat leaks, whatever the tests say.

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
LINE = "{:>10} {:>9} {:>18} {:>10}"
PAGES = ("/", "/activities", "/login", "/honour")


def report(world: "World") -> None:
    """Send the requests and print what the workers hold on the way."""
    print("\nmemory of a worker")
    print(LINE.format("requests", "per s", "MB of each worker", "MB since"))
    mix, first, done = cycle(_mix(world)), 0.0, 0
    while done < REQUESTS:
        found = measure(world.service, list(islice(mix, PART)), 8)
        refused = {status for status, _ in found.answers if status >= 300}
        if refused:
            raise RuntimeError(f"refused: {refused}")
        done += PART
        held = workers_mb(world.service)
        first = first or max(held)
        if done in (PART, REQUESTS) or done % 20_000 == 0:
            shown = ", ".join(f"{one:.0f}" for one in held)
            print(LINE.format(done, f"{found.rate:.0f}", shown, f"{max(held) - first:+.1f}"), flush=True)


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


def workers_mb(service: Service) -> list[float]:
    """Return the resident memory of gunicorn's workers, in MB."""
    held = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(") ")[2].split()[1])
                pages = int((folder / "statm").read_text().split()[1])
            except (OSError, IndexError):
                continue
            if parent == service.process.pid:
                held.append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
    return sorted(held)
