"""Count the SQL statements of one request, in a process of its own with the same keys and database."""

import json
import subprocess
import sys
from typing import Any

from tools.bench.service import Service

PROGRAM = """
import json, sys
from sqlalchemy import event
from volunteer.app import create_app
from volunteer.database import db
method, path, body, token = json.load(sys.stdin)
app = create_app()
count = []
with app.app_context():
    event.listen(db.engine, "before_cursor_execute", lambda *a: count.append(a[2]))
more = {"json": body} if body is not None else {}
answer = app.test_client().open("/api/v1" + path, method=method, headers={"Authorization": "Bearer " + token}, **more)
print(json.dumps([answer.status_code, len(count)]))
"""


def count_statements(service: Service, request: tuple[str, str, Any, str]) -> int:
    """Return how many statements the request took, BEGIN on SQLite included."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(request).encode(),
        env=service.environ,
        check=True,
        capture_output=True,
    )
    status, count = json.loads(done.stdout.splitlines()[-1])
    if status >= 300:
        raise RuntimeError(f"{request[:2]}: {status}")
    return int(count)
