"""The demo: its own keys, its own small district, loaded through the services once. For this machine alone."""

from collections.abc import Mapping
from pathlib import Path

from volunteer import sealing
from volunteer.demo.story import ADMIN_PHONE, PASSWORD, STAFF, VOLUNTEER_PHONE, load

__all__ = ["environment", "load", "welcome"]


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the demo adds to the environment: loopback-only SMS, plain HTTP, and keys kept beside its data."""
    data_dir = Path(environ.get("VOLUNTEER_DATA_DIR", "var")).absolute()
    data_dir.mkdir(parents=True, exist_ok=True)
    kept = data_dir / "demo-keys.env"
    if not kept.exists():
        kept.touch(mode=0o600)
        kept.write_text("".join(f"{name}={value}\n" for name, value in sealing.generate_keys()))
    made = dict(line.split("=", 1) for line in kept.read_text().splitlines())
    ours = {"VOLUNTEER_SMS": "demo", "VOLUNTEER_INSECURE_COOKIES": "1", "VOLUNTEER_DATA_DIR": str(data_dir)}
    return {name: environ.get(name, value) for name, value in (made | ours).items()}


def welcome(port: int) -> str:
    """Return the lines that `make run` prints: where, and who can sign in."""
    people = [("administrator", ADMIN_PHONE), *STAFF.items(), ("volunteer", VOLUNTEER_PHONE)]
    lines = "".join(f"    {role:<16} {phone}\n" for role, phone in people)
    return (
        f"Volunteer 志愿服务管理系统 · demo on http://127.0.0.1:{port}\n"
        f"  sign in with the password {PASSWORD} as\n{lines}"
        f"  API description: http://127.0.0.1:{port}/api/v1/openapi.json\n"
        "  stop with Ctrl-C; data lies under VOLUNTEER_DATA_DIR (var/)"
    )
