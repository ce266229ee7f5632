"""The demo: its own keys, and its own district, loaded through the services once. For this machine alone."""

from collections.abc import Callable, Mapping
from pathlib import Path

from volunteer import sealing
from volunteer.clock import Instant, SettableClock
from volunteer.database import transaction
from volunteer.demo import (
    anomalies,
    centre,
    coming,
    community,
    crossings,
    invited,
    pairings,
    people,
    places,
    proposed,
    reorganising,
    talents,
    teams,
    waiting,
)
from volunteer.demo.roles import PARTS, PASSWORD
from volunteer.demo.story import Story
from volunteer.units import service as units

__all__ = ["environment", "load", "welcome"]

CHAPTERS = (
    places,
    pairings,
    people,
    invited,
    teams,
    community,
    centre,
    crossings,
    coming,
    proposed,
    waiting,
    anomalies,
    reorganising,
    talents,
)


def load(now: Instant, clock: SettableClock, progress: Callable[[int], object] = lambda _percent: None) -> bool:
    """Build the district in the three months before `now`, in one transaction; False where there are units already.

    Args:
        now: where the story ends.
        clock: the app's clock while the story is told, so that what reads it there agrees.
        progress: is told the beginning and each tenth of the way, in percent.
    """
    if units.list_units(None, None, 1, None):
        return False
    progress(0)
    with transaction():
        story = Story(now, clock)
        for chapter in CHAPTERS:
            chapter.begin(story)
        story.run(progress)
    return True


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the demo adds to the environment: loopback-only SMS, plain HTTP, and keys kept beside its data."""
    data_dir = Path(environ.get("VOLUNTEER_DATA_DIR", "var")).absolute()
    data_dir.mkdir(parents=True, exist_ok=True)
    kept = data_dir / "demo-keys.env"
    if not kept.exists():
        kept.touch(mode=0o600)
        kept.write_text("".join(f"{name}={value}\n" for name, value in sealing.generate_keys()))
    made = dict(line.split("=", 1) for line in kept.read_text().splitlines())
    ours = {name: "1" for name in ("VOLUNTEER_DEMO", "VOLUNTEER_INSECURE_COOKIES")}
    ours |= {"VOLUNTEER_SMS": "demo", "VOLUNTEER_DATA_DIR": str(data_dir)}
    return {name: environ.get(name, value) for name, value in (made | ours).items()}


def welcome(port: int) -> str:
    """Return the lines that `make run` prints: where, and who can sign in."""
    lines = "".join(f"    {part.phone}  {part.title} {part.name}\n" for part in PARTS)
    return (
        "Volunteer 志愿服务管理系统 · demo\n"
        f"  open http://127.0.0.1:{port} and tap a role, or sign in with the password {PASSWORD} as\n{lines}"
        f"  API description: http://127.0.0.1:{port}/api/v1/openapi.json\n"
        "  stop with Ctrl-C; data lies under VOLUNTEER_DATA_DIR (var/)"
    )
