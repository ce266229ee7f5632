"""The command line: keys, database, first admin, serving, the demo, and the jobs an operator runs by hand."""

import ipaddress
import os
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path

import click
from flask import Flask

from volunteer import demo, housekeeping, jobs, migrations, queueing, rotation, sealing, serving
from volunteer.access import OPERATOR
from volunteer.accounts import service as accounts
from volunteer.app import create_app
from volunteer.checkin import jobs as checkin
from volunteer.clock import SettableClock
from volunteer.config import LOOPBACK_SMS, Settings, SettingsError, read_settings
from volunteer.errors import InvalidInput, VolunteerError
from volunteer.hours import verification
from volunteer.imports import service as imports
from volunteer.imports.rules_states import Kind
from volunteer.notifications import service as notifications
from volunteer.phone import PhoneError, normalize_phone
from volunteer.units import service as units

ROOT = Path(__file__).resolve().parent.parent


@click.group()
def main() -> None:
    """志愿服务管理系统: the service's command line."""


@main.group()
def keys() -> None:
    """Keys and secrets."""


@keys.command("generate")
def generate_keys() -> None:
    """Print every key that the service needs, as NAME=value lines for the environment."""
    for name, value in sealing.generate_keys():
        click.echo(f"{name}={value}")


@keys.command("rotate")
def rotate_keys() -> None:
    """Seal everything again under the newest keys, while the service runs: restart it with both keys first."""
    with _app().app_context():
        for table, rows in rotation.rotate().items():
            click.echo(f"{table}: {rows}")


@main.group("db")
def database() -> None:
    """The database."""


@database.command("upgrade")
def upgrade() -> None:
    """Bring the database up to the code."""
    settings = _settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrations.upgrade(settings.database_url)
    click.echo("the database is current")


@main.group()
def admin() -> None:
    """Administrators."""


@admin.command("create")
@click.option("--phone", required=True)
@click.option("--name", required=True)
def create_admin(phone: str, name: str) -> None:
    """Make an administrator; the password comes from VOLUNTEER_ADMIN_PASSWORD or a prompt."""
    app = _app()
    password = os.environ.get("VOLUNTEER_ADMIN_PASSWORD") or click.prompt(
        "Password", hide_input=True, confirmation_prompt=True
    )
    with app.app_context():
        try:
            account_id = accounts.create_first_admin(normalize_phone(phone), name, password, _now(app))
        except InvalidInput as error:
            raise click.ClickException("; ".join(fault.message for fault in error.faults)) from error
        except PhoneError as error:
            raise click.ClickException("请填写 11 位手机号。") from error
    click.echo(f"admin {account_id}")


@main.group()
def attendance() -> None:
    """Attendances."""


@attendance.command("close")
def close_attendances() -> None:
    """Close what nobody signed out of in time, and tell the people why."""
    app = _app()
    with app.app_context():
        _echo(checkin.close_due(_now(app)))


@attendance.command("rebuild")
def rebuild_attendances() -> None:
    """Fold all attendances anew from the scans; nothing changes unless somebody changed what is folded."""
    app = _app()
    with app.app_context():
        _echo(checkin.rebuild(_now(app)))


@main.group()
def ledger() -> None:
    """The ledger of hours."""


@ledger.command("verify")
def verify_ledger() -> None:
    """Check every chain and its signed heads, and sign them if all holds; exit 1 and name the first bad line if not."""
    app = _app()
    with app.app_context():
        found = verification.verify_and_sign(_now(app))
    if not found.ok:
        raise click.ClickException(f"{found.entries} lines; the first bad one is {found.first_bad}: {found.fault}")
    click.echo(f"{found.entries} lines, all good")


@main.command("import")
@click.argument("kind", type=click.Choice([kind.value for kind in Kind]))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check only; write nothing.")
@click.option("--only-valid", is_flag=True, help="Write the rows without a fault.")
@click.option("--unit", default=None, help="The code of the unit that is meant where a row names none.")
def import_file(kind: str, file: Path, dry_run: bool, only_valid: bool, unit: str | None) -> None:
    """Bring in a list from a XLSX, XLS or CSV file: all of it, or nothing and every fault."""
    app = _app()
    with app.app_context():
        try:
            asked = (OPERATOR, Kind(kind), file.name, file.read_bytes(), _unit_of(unit), _now(app))
            made = imports.upload(*asked, at_once=True)
            for fault in made.errors:
                click.echo(f"{fault['row']}\t{fault['column']}\t{fault['code']}\t{fault['message']}", err=True)
            click.echo(f"rows: {made.rows}\nvalid: {made.valid}\ninvalid: {made.invalid}")
            if not dry_run:
                _echo(imports.commit(OPERATOR, made.id, {"only_valid": only_valid}, _now(app), at_once=True).plan)
        except VolunteerError as error:
            raise click.ClickException(error.detail) from error


def _unit_of(code: str | None) -> uuid.UUID | None:
    """Return the unit with a code."""
    found = None if code is None else units.find_by_code(code)
    if code is not None and found is None:
        raise click.ClickException(f"no unit has the code {code}")
    return found


@main.command("housekeeping")
def keep_house() -> None:
    """Run what a timer runs, hourly or daily: close, deliver, forget, erase, sign."""
    app = _app()
    with app.app_context():
        _echo(housekeeping.run(_now(app)))


@main.command()
def work() -> None:
    """Do what takes too long for an answer: big imports, text messages. `serve` starts one of these by itself."""
    queueing.work(_app())


@main.command("jobs")
def show_jobs() -> None:
    """List the newest jobs: what waits, runs, is done or has failed."""
    app = _app()
    with app.app_context():
        for job in jobs.list_jobs():
            progress = f"{job.done}/{job.total}"
            click.echo(f"{job.created_at:%Y-%m-%d %H:%M}\t{job.name}\t{job.state}\t{progress}\t{job.error or ''}")


@main.command("messages")
def show_messages() -> None:
    """Count text messages by state, and list the newest that are not sent; no number and no words."""
    app = _app()
    with app.app_context():
        counts, rows = notifications.standing()
        _echo(dict(sorted(counts.items())))
        for row in rows:
            due = f"{row.due_at:%H:%M}" if row.due_at else "-"
            click.echo(
                f"{row.created_at:%Y-%m-%d %H:%M}\t{row.kind}\t{row.state}\t{row.attempts}\t{due}\t{row.result or ''}"
            )


@main.command()
@click.option("--port", default=8000, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--workers", default=2, show_default=True)
@click.option("--no-work", is_flag=True, help="Without the worker for jobs: `volunteer work` runs elsewhere.")
def serve(port: int, host: str, workers: int, no_work: bool) -> None:
    """Serve with gunicorn as in production, in the foreground; its workers end with it."""
    settings = _settings()
    if settings.sms in LOOPBACK_SMS and not _is_loopback(host):
        raise click.ClickException(f"VOLUNTEER_SMS={settings.sms} shows codes: it serves loopback addresses alone")
    run_gunicorn(host, port, workers, {}, with_work=not no_work)


@main.group("demo")
def demo_group() -> None:
    """The demo: for trying out, on this machine alone."""


@demo_group.command("load")
def load_demo() -> None:
    """Load the demo data once; a second time changes nothing."""
    click.echo("the demo is loaded" if _tell_demo() else "there is data already: nothing was changed")


def _tell_demo() -> bool:
    """Load the demo under a clock of its own; False where there is data already."""
    if _settings().sms != "demo":
        raise click.ClickException("the demo has known passwords: it is loaded with VOLUNTEER_SMS=demo alone")
    app = _app()
    now = app.extensions["clock"].now()
    app.extensions["clock"] = story = SettableClock(now)
    with app.app_context():
        return demo.load(now, story, _tell_progress)


def _tell_progress(percent: int) -> None:
    """Say how far the loading is, so that nobody thinks that it hangs."""
    click.echo(f"  {percent} %" if percent else "Loading the demo district, once; this takes half a minute or so …")


@demo_group.command("serve")
@click.option("--port", default=8000, show_default=True)
def serve_demo(port: int) -> None:
    """Make the demo's own keys, migrate, load the demo once, say how to sign in, and serve on 127.0.0.1."""
    os.environ.update(demo.environment(os.environ))
    settings = _settings()
    migrations.upgrade(settings.database_url)
    _tell_demo()
    click.echo(demo.welcome(port))
    run_gunicorn("127.0.0.1", port, 2, os.environ)


def run_gunicorn(host: str, port: int, workers: int, environ: Mapping[str, str], *, with_work: bool = True) -> None:
    """Become gunicorn: threads of two workers share the work of two cores (perf.md §6.3)."""
    os.environ.update(environ)
    if not with_work:
        os.environ[serving.ALONE] = "1"
    tmp = ["--worker-tmp-dir", "/dev/shm"] if os.access("/dev/shm", os.W_OK) else []  # noqa: S108 - heartbeat only
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "wsgi:app",
        "--chdir",
        str(ROOT),
        "--bind",
        f"{host}:{port}",
        "--workers",
        str(workers),
        "--worker-class",
        "gthread",
        "--threads",
        "4",
        "--keep-alive",
        "30",
        "--graceful-timeout",
        "10",
        "--no-control-socket",
        "--config",
        str(ROOT / "volunteer" / "serving.py"),
        *tmp,
    ]
    os.execv(sys.executable, command)  # noqa: S606 - our own command, no shell


def _settings() -> Settings:
    """Read the settings, or say what is wrong with them."""
    try:
        return read_settings()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def _app() -> Flask:
    """Make the app for a command."""
    settings = _settings()
    try:
        return create_app(settings)
    except VolunteerError as error:
        raise click.ClickException(error.detail) from error


def _echo(counts: Mapping[str, int]) -> None:
    """Print what was done, a line each."""
    for name, count in counts.items():
        click.echo(f"{name}: {count}")


def _now(app: Flask):  # type: ignore[no-untyped-def]
    """Return the present by the app's clock."""
    return app.extensions["clock"].now()


def _is_loopback(host: str) -> bool:
    """Whether an address is this machine's own."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
