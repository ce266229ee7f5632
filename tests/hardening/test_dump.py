"""What somebody gets who carries the database away: no phone, no identity number, no minor's name, no secret.

A world lives its whole life on a service that really runs; then the database is read byte by byte, in every form in
which a value could stand there, and so are the service's files and its log. Source: decisions 9; peers.md T43.
"""

import re
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests import world
from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Backend
from tests.hardening.services import Service, served_on
from tests.world import World


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True)
def test_t43_a_dump_names_nobody_and_opens_nothing(backend: Backend, tmp_path: Path) -> None:
    with served_on(backend, tmp_path, VOLUNTEER_TRUSTED_PROXIES="1") as service:
        admin = service.login(ADMIN_PHONE, ADMIN_PASSWORD)
        found = world.build(service, admin)
        codes = live(service, found)
        secrets = all_secrets(service, found)
        url = service.environ["VOLUNTEER_DATABASE_URL"]
        dump = b"\n".join(raw_bytes(tmp_path)) + b"\n".join(form for value in values(url) for form in forms(value))
        texts = {str(value) for value in values(url, without_times=True)}
    log = service.log.read_bytes()
    control = found.people["volunteer"].no.encode()
    assert control in dump, "the search finds nothing at all"
    assert [name for name, secret in secrets.items() if is_in(secret, dump)] == []
    assert [name for name, secret in secrets.items() if is_in(secret, log)] == []
    assert re.findall(world.PHONES, dump + log) == []
    assert [code for code in codes if any(code in one for one in texts)] == []
    assert not any(code.encode() in log for code in codes)


def live(service: Service, found: World) -> list[str]:
    """Do what leaves traces: codes asked for and mistyped, keys for repeats, masks lifted; return the phone codes."""
    people, tokens = found.people, found.tokens
    volunteer, child = people["volunteer"], people["child"]
    codes = [service.code(volunteer.phone, purpose) for purpose in ("login", "reset", "guardian", "register")]
    service("POST", "/auth/login", {"phone": volunteer.phone, "phone_code": codes[0]}, expect=200)
    service("POST", "/auth/login", {"phone": volunteer.phone, "password": "Mistyped-2026"}, expect=401)
    builder = world.Builder(service, tokens["admin"])
    phone = world.new_phone()
    code = service.code(phone, "register")
    born = world.CHILD_BIRTH.replace(year=1977)
    form = builder.form("诸葛重发", born, phone=phone, phone_code=code, password="Repeat-2026-pass")
    for _ in range(2):
        key = {"Idempotency-Key": "ein-key-" + phone[-4:]}
        service("POST", "/volunteers", form, expect=201, headers=key)
    found.secrets |= {"repeated phone": phone, "repeated id number": form["id_number"], "mistyped": "Mistyped-2026"}
    found.secrets |= {"repeated password": "Repeat-2026-pass"}
    for fields in (["phone"], ["name", "guardian_phone", "guardian_name"]):
        body = {"fields": fields, "reason": "核对"}
        service("POST", f"/volunteers/{volunteer.id}/unmask", body, tokens["admin"], expect=200)
        service("POST", f"/volunteers/{child.id}/unmask-requests", body, tokens["admin"], expect=201)
    service("GET", f"/volunteers?q={volunteer.phone}", token=tokens["liaison"], expect=200)
    service("GET", f"/volunteers?q={volunteer.phone[-4:]}", token=tokens["liaison"], expect=200)
    service("GET", "/me/data", token=volunteer.token, expect=200)
    body = {"volunteer_code": "1" * 27, "direction": "in"}
    service("POST", "/checkins", body, tokens["device"], expect=409)
    events = [body | {"id": str(uuid.uuid4()), "scanned_at": service.now().isoformat()}]
    service("POST", "/checkins/batch", {"sent_at": service.now().isoformat(), "events": events}, tokens["device"], 200)
    service("GET", "/me/hours", token="not-a-token-at-all", expect=401)
    found.secrets["a token that never was"] = "not-a-token-at-all"
    return [*codes, code]


def all_secrets(service: Service, found: World) -> dict[str, str]:
    """Return all that must not be found, by what it is."""
    own = service("GET", "/me/code", token=found.tokens["volunteer"], expect=200).body
    card = service("GET", "/me/card", token=found.tokens["volunteer"], expect=200).body["payload"]
    secrets = found.secrets | {f"token of {role}": token for role, token in found.tokens.items()}
    secrets |= {"an uploaded file's name": "闻人名单"}
    secrets |= {"living code": own["payload"], "card": card, "certificate's token": found.ids["certificate_token"]}
    secrets |= {f"later code {one['valid_from']}": one["payload"] for one in own["upcoming"]}
    secrets |= {"password": world.PASSWORD, "admin's password": ADMIN_PASSWORD, "admin's phone": ADMIN_PHONE}
    secrets |= {f"{name}": value for name, value in service.environ.items() if "KEY" in name and "VOLUNTEER" in name}
    return secrets


def is_in(secret: str, dump: bytes) -> bool:
    """Whether a secret stands there, as text or as the hexadecimal form of its bytes."""
    plain = secret.encode()
    return plain in dump or plain.hex().encode() in dump


def raw_bytes(folder: Path) -> Iterator[bytes]:
    """Yield every file of the service: the database with its journal, and whatever else lies there, but for the log."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "serve.log":
            yield path.read_bytes()


def values(url: str, *, without_times: bool = False) -> Iterator[Any]:
    """Yield every value of every table."""
    if url.startswith("sqlite"):
        yield from sqlite_values(url.removeprefix("sqlite:///"), without_times=without_times)
        return
    engine = create_engine(url)
    query = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    with engine.connect() as connection:
        for (table,) in connection.execute(text(query)).all():
            for row in connection.execute(text(f'SELECT * FROM "{table}"')):  # noqa: S608 - a name of the catalogue
                yield from (value for value in row if not (without_times and hasattr(value, "isoformat")))
            if not without_times:
                yield from connection.scalars(text(f'SELECT t::text FROM "{table}" t'))  # noqa: S608 - as above
    engine.dispose()


def sqlite_values(path: str, *, without_times: bool) -> Iterator[Any]:
    """Yield every value of an SQLite file, and its dump as SQL."""
    connection = sqlite3.connect(path)
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        columns = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
        kept = [n for n, column in enumerate(columns) if not (without_times and column[2] in ("DATETIME", "DATE"))]
        for row in connection.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - a name of the catalogue
            yield from (row[n] for n in kept)
    if not without_times:
        yield from connection.iterdump()
    connection.close()


def forms(value: Any) -> Iterator[bytes]:
    """Yield the bytes in which a value could be recognised."""
    if isinstance(value, bytes | memoryview):
        yield bytes(value)
    elif value is not None:
        yield str(value).encode()


def test_the_search_finds_what_stands_there() -> None:
    for value in ("13800001111", b"13800001111", memoryview(b"13800001111"), 13800001111, {"phone": "13800001111"}):
        assert is_in("13800001111", b"".join(forms(value)))
    assert is_in("王小明", "王小明".encode().hex().encode())
    assert not is_in("13800001111", b"1380000111")
