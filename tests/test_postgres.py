"""The PostgreSQL of the tests: shared while it is used, gone when the last user has stopped or died."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import NullPool, create_engine, text

from tests import postgres

USER = """
import sys
from tests import postgres
server = postgres.start(key=sys.argv[1])
print(server.folder, server.create_template("template_shared", lambda url: print("built")), flush=True)
sys.stdin.read()
if sys.argv[2] == "stop":
    server.stop()
"""


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    with postgres.start(key=uuid.uuid4().hex) as server:
        yield server


@pytest.fixture(scope="module")
def run_server() -> Iterator[postgres.Server]:
    with postgres.start() as server:
        yield server


def processes_of(folder: Path) -> list[int]:
    """Return the processes that name a folder in their command line."""
    return [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if str(folder).encode() in read(path) and postgres.is_running(int(path.parent.name))
    ]


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def ask(url: str, statement: str) -> object:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return connection.execute(text(statement)).scalar()


def start_user(key: str, ending: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", USER, key, ending], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def await_end(folder: Path) -> bool:
    return postgres._wait_until(lambda: not folder.exists() and not processes_of(folder), 20)


def test_answers_through_its_socket_with_the_flags_of_tests(run_server: postgres.Server) -> None:
    assert ask(run_server.url(), "SELECT current_user") == "postgres"
    assert ask(run_server.url(), "SHOW fsync") == "off"
    assert ask(run_server.url(), "SHOW listen_addresses") == ""
    assert ask(run_server.url(), "SHOW max_connections") == "200"
    assert ask(run_server.url(), "SHOW server_encoding") == "UTF8"


def test_databases_are_copies_of_a_template(run_server: postgres.Server) -> None:
    template = run_server.create_template(postgres.unique_name("template"), build_word)

    first, second = postgres.unique_name(), postgres.unique_name()
    for name in (first, second):
        run_server.create_database(name, template=template)
    with psycopg.connect(run_server.url(first).replace("+psycopg", "")) as connection:
        connection.execute("DELETE FROM words")

    assert ask(run_server.url(first), "SELECT count(*) FROM words") == 0
    assert ask(run_server.url(second), "SELECT word FROM words") == "交通"


def build_word(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE words AS SELECT '交通' AS word")


def test_a_template_is_built_once_and_a_failed_one_not_at_all(run_server: postgres.Server) -> None:
    name = postgres.unique_name("template")

    def fail(url: str) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        run_server.create_template(name, fail)
    built: list[str] = []
    for _ in range(2):
        run_server.create_template(name, built.append)

    assert len(built) == 1


def test_names_are_unique_and_plain(run_server: postgres.Server) -> None:
    assert len({postgres.unique_name() for _ in range(100)}) == 100
    with pytest.raises(ValueError, match="not a plain name"):
        run_server.create_database('x"; DROP')


def test_a_database_in_use_can_be_dropped(run_server: postgres.Server) -> None:
    name = postgres.unique_name()
    url = run_server.create_database(name)
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        run_server.drop_database(name)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    run_server.drop_database(name)


def test_stop_leaves_nothing_even_with_a_client_connected(server: postgres.Server) -> None:
    client = psycopg.connect(server.url().replace("+psycopg", ""))
    assert processes_of(server.folder)

    server.stop()

    assert not server.folder.exists()
    assert not processes_of(server.folder)
    client.close()
    server.stop()


@pytest.mark.parametrize("ending", ["stop", "killed"])
def test_several_processes_share_one_server_until_the_last_has_gone(ending: str) -> None:
    key = uuid.uuid4().hex
    users = [start_user(key, ending) for _ in range(3)]
    outputs = [next(line for line in user.stdout if line.startswith("/")) for user in users if user.stdout]
    folder = Path(outputs[0].split()[0])

    assert len(set(outputs)) == 1
    for user in users:
        assert len(processes_of(folder)) == 2, "one server and its keeper"
        if ending == "killed":
            user.kill()
        user.communicate()
    assert await_end(folder)


def test_a_killed_keeper_takes_the_server_with_it(server: postgres.Server) -> None:
    os.kill(server.keeper_pid(), signal.SIGKILL)

    assert postgres._wait_until(lambda: not processes_of(server.folder), 20)
    server.stop()
    postgres._sweep()
    assert not server.folder.exists()


def test_wrong_binaries_are_said_clearly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    with pytest.raises(postgres.PostgresError, match="No initdb in"):
        postgres.start()
    for name in ("initdb", "postgres"):
        (tmp_path / name).write_text("#!/bin/sh\necho broken binary\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(postgres.PostgresError):
        postgres.start(key=uuid.uuid4().hex)


@pytest.mark.slow
def test_a_durable_server_writes_through() -> None:
    with postgres.start(durable=True, key=uuid.uuid4().hex) as server:
        for setting in postgres.DURABILITY:
            assert ask(server.url(), f"SHOW {setting}") == "on"
