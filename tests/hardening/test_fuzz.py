"""Schemathesis against a service that really runs: every route, sound and faulty requests, all its checks.

Its pytest plugin does not know our pytest, so its command line runs as a process of its own. The world that it meets
holds real things, and half of the ids that it sends are theirs.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import world
from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, API, Backend
from tests.hardening.services import Service, served_on
from tests.world import World
from volunteer.app import routes

HOOKS = Path(__file__).with_name("fuzz_hooks.py")
#: What Schemathesis checks and we leave out, with the reason.
UNCHECKED: dict[str, str] = {}
#: How a faulty request may be refused; 414 is gunicorn's word for an address that it does not read to the end.
REFUSALS = [400, 401, 403, 404, 405, 409, 413, 414, 415, 422, 429]
#: Real ids for the parameters of these names: path, query and body.
REAL = {
    "path.account_id": ("account_spare", "account_keeper"),
    "path.grant_id": ("grant_spare",),
    "path.unit_id": ("school", "bureau"),
    "path.person_id": ("volunteer", "paper", "spare_person", "unproven"),
    "path.volunteer_id": ("volunteer", "paper"),
    "path.number": ("certificate", "spare_certificate"),
    "path.station_id": ("station", "center"),
    "path.device_id": ("spare_device",),
    "path.activity_id": ("open", "draft", "submitted", "submitted2", "choosy"),
    "path.shift_id": ("shift", "later_shift", "draft_shift", "choosy_shift"),
    "path.signup_id": ("signup", "pending_signup", "later_signup"),
    "path.entry_id": ("entry",),
    "path.request_id": ("pending_make_up", "pending_make_up2", "correction"),
    "query.unit_id": ("school", "bureau"),
    "query.root": ("bureau",),
    "query.station_id": ("station",),
    "body.unit_id": ("school", "bureau"),
    "body.station_id": ("station",),
    "body.shift_id": ("shift",),
    "body.volunteer_id": ("volunteer", "paper", "child"),
}


def configuration(found: World, phone: str, password: str, examples: int) -> str:
    """Return the text of schemathesis.toml."""
    lines = [
        "continue-on-failure = true",
        "workers = 1",
        f'hooks = "{HOOKS}"',
        "[generation]",
        "deterministic = true",
        'mode = "all"',
        f"max-examples = {examples}",
        "[auth.dynamic.openapi.bearer]",
        'path = "/auth/login"',
        'extract_selector = "/access_token"',
        "retry_on = [401]",
        "[auth.dynamic.openapi.bearer.payload]",
        f'phone = "{phone}"',
        f'password = "{password}"',
        "[checks.negative_data_rejection]",
        f"expected-statuses = {REFUSALS}",
        "[parameters]",
    ]
    lines += [f'"{name}" = {{dictionary = "{name}", probability = 0.5}}' for name in REAL]
    for name, keys in REAL.items():
        values = ", ".join(f'"{found.ids[key]}"' for key in keys)
        lines += [f'[dictionaries."{name}"]', f"values = [{values}]"]
    return "\n".join(lines) + "\n"


def fuzz(service: Service, folder: Path, config: str, *arguments: str) -> str:
    """Run Schemathesis; fail with all that it found, else return its report."""
    path = folder / "schemathesis.toml"
    path.write_text(config)
    unchecked = ["--exclude-checks", ",".join(UNCHECKED)] if UNCHECKED else []
    program = Path(sys.executable).with_name("schemathesis")
    command = [str(program), "--config-file", str(path), "run", service.base + API + "/openapi.json", "--checks", "all"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("VOLUNTEER_")}
    done = subprocess.run(
        [*command, *unchecked, "--no-color", *arguments], cwd=folder, env=environ, capture_output=True, text=True
    )
    log = service.log.read_text()
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:] + log[-5_000:]
    assert "unexpected error" not in log, log[-5_000:]
    return done.stdout


def run(backend: Backend, folder: Path, examples: int) -> None:
    """Fuzz every route as an admin, then what is one's own as a volunteer."""
    with served_on(backend, folder, VOLUNTEER_TRUSTED_PROXIES="1") as service:
        found = world.build(service, service.login(ADMIN_PHONE, ADMIN_PASSWORD))
        phone = found.people["volunteer"].phone
        own = configuration(found, phone, world.PASSWORD, examples)
        alone = ("--phases", "coverage,fuzzing")
        fuzz(service, folder, own, *alone, "--include-path-regex", "^/(me|make-ups|hours|shifts|signups)")
        everything = configuration(found, ADMIN_PHONE, ADMIN_PASSWORD, examples)
        report = fuzz(service, folder, everything, "--phases", "examples,coverage,fuzzing,stateful")
    assert f"Tested: {len(routes())}\n" in report


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_no_request_breaks_the_service_or_its_description(backend: Backend, tmp_path: Path) -> None:
    run(backend, tmp_path, 5)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_no_request_breaks_the_service_on_postgresql(backend: Backend, tmp_path: Path) -> None:
    run(backend, tmp_path, 40)
