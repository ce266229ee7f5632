"""What the workers of one service inherit: a service that is loaded, and nothing that is open (`volunteer.serving`)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import KEYS

ROOT = Path(__file__).resolve().parent.parent
#: Loads the service as gunicorn's parent does, and tells what is open then, how many threads run, and what two forks
#: make that must not be the same.
LOAD = """
import json, os, secrets
before = set(os.listdir("/proc/self/fd"))
import wsgi
from volunteer.database import new_id
new_id()
opened = [os.readlink(f"/proc/self/fd/{one}") for one in set(os.listdir("/proc/self/fd")) - before
          if os.path.exists(f"/proc/self/fd/{one}")]
made = []
for _ in range(2):
    read, write = os.pipe()
    if os.fork() == 0:
        os.write(write, json.dumps([new_id().hex[-16:], secrets.token_hex(8)]).encode())
        os._exit(0)
    made.append(json.loads(os.read(read, 1000)))
print(json.dumps({"opened": opened, "threads": len(os.listdir("/proc/self/task")), "made": made}))
"""


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="asks Linux")
@pytest.mark.parametrize("url", ["sqlite:///{folder}/nothing.db", "postgresql+psycopg://nobody@127.0.0.1:1/nothing"])
def test_what_workers_are_forked_from_has_opened_nothing(url: str, tmp_path: Path) -> None:
    """A connection, a lock or a thread of the parent would be shared or lost; the database need not even be there."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("VOLUNTEER_")} | KEYS
    environ |= {"VOLUNTEER_DATABASE_URL": url.format(folder=tmp_path), "VOLUNTEER_DATA_DIR": str(tmp_path)}
    environ |= {"VOLUNTEER_SMS": "demo", "VOLUNTEER_INSECURE_COOKIES": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", LOAD], env=environ, cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = json.loads(ran.stdout)
    assert found["opened"] == []
    assert found["threads"] == 1
    assert not set(found["made"][0]) & set(found["made"][1])
    assert list(tmp_path.iterdir()) == []
