"""The ledger refuses change, and whoever gets past that is found: each kind of tampering on a ledger that held."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from tests.conftest import Api
from tests.hours.making import Told, World, pair
from tests.registration.making import Volunteer
from tests.units.making import make_staff
from volunteer.clock import SettableClock
from volunteer.database import db, transaction
from volunteer.hours import heads, ledger, verification
from volunteer.hours.models import LedgerChain, LedgerHead, LedgerHeadChain, LedgerLine


@pytest.fixture
def people(world: World, told: Told) -> list[Volunteer]:
    """Two people with three and two lines."""
    shift, other = world.shifts([(-180, -60), (-60, 30)])
    first, second = world.volunteer(shift, other), world.volunteer(shift, other)
    told.settle(first, pair(shift, -180, -100), pair(other, -60, -10))
    told.settle(first, pair(shift, -90, -70))
    told.settle(second, pair(shift, -180, -60), pair(other, -60, 0))
    return [first, second]


@contextmanager
def tampering(app: Flask) -> Iterator[Session]:
    """Let the owner of the database change what its triggers protect."""
    with app.app_context(), transaction() as session:
        is_pg = db.engine.dialect.name == "postgresql"
        for table in ("ledger_lines", "ledger_heads", "ledger_head_chains"):
            for deed in ("",) if is_pg else ("_update", "_delete"):
                on = f" ON {table}" if is_pg else ""
                session.execute(sa.text(f"DROP TRIGGER IF EXISTS {table}_append_only{deed}{on}"))
        yield session


def verified(app: Flask, api: Api) -> verification.Verification:
    with app.app_context():
        return verification.verify(api.now())


def last_line(session: Session, who: Volunteer) -> LedgerLine:
    query = sa.select(LedgerLine).where(LedgerLine.person_id == uuid.UUID(who.id)).order_by(LedgerLine.sequence.desc())
    return session.scalars(query.limit(1)).one()


def roll_back_last_line(session: Session, who: Volunteer) -> None:
    """Delete a person's last line and put the sealed end back as it was before it: a copy kept from then."""
    line = last_line(session, who)
    person_id, entries, previous = line.person_id, line.sequence - 1, line.prev_hash
    session.execute(sa.delete(LedgerLine).where(LedgerLine.id == line.id))
    end = {"entries": entries, "last_hash": previous, "mac": ledger.end_mac(person_id, entries, previous)}
    session.execute(sa.update(LedgerChain).where(LedgerChain.person_id == person_id).values(end))


def sign(app: Flask, api: Api) -> int | None:
    with app.app_context():
        return heads.sign_heads(api.now())


def test_an_untouched_ledger_holds(app: Flask, api: Api, admin: str, people: list[Volunteer]) -> None:
    answer = api("GET", "/ledger/verification", token=admin, expect=200).body
    assert (answer["ok"], answer["entries"], answer["first_bad"], answer["fault"]) == (True, 6, None, None)
    auditor = make_staff(api, admin, "auditor")
    assert api("GET", "/ledger/verification", token=auditor, expect=200).body["ok"] is True
    api("GET", "/ledger/verification", token=people[0].token, expect=403)


def test_the_database_refuses_change_and_deletion(app: Flask, people: list[Volunteer]) -> None:
    for statement in ("UPDATE ledger_lines SET minutes = 1", "DELETE FROM ledger_lines"):
        with app.app_context(), pytest.raises(sa.exc.IntegrityError, match="append-only"), transaction() as session:
            session.execute(sa.text(statement))


@pytest.mark.parametrize("is_signed", [True, False])
def test_a_changed_line_is_found(app: Flask, api: Api, people: list[Volunteer], is_signed: bool) -> None:
    if is_signed:
        sign(app, api)
    with tampering(app) as session:
        line = last_line(session, people[0])
        session.execute(sa.update(LedgerLine).where(LedgerLine.id == line.id).values(minutes=line.minutes + 60))
    found = verified(app, api)
    assert (found.ok, found.fault, found.first_bad) == (False, "changed", line.id)


def test_a_line_computed_anew_is_found(app: Flask, api: Api, people: list[Volunteer]) -> None:
    with tampering(app) as session:
        line = last_line(session, people[0])
        session.expunge(line)
        line.minutes += 60
        fresh = {"minutes": line.minutes, "hash": ledger.hash_of(line)}
        session.execute(sa.update(LedgerLine).where(LedgerLine.id == line.id).values(fresh))
    found = verified(app, api)
    assert (found.fault, found.first_bad) == ("foreign", line.id)


@pytest.mark.parametrize("is_signed", [True, False])
def test_a_deleted_last_line_is_found(app: Flask, api: Api, people: list[Volunteer], is_signed: bool) -> None:
    if is_signed:
        sign(app, api)
    with tampering(app) as session:
        session.execute(sa.delete(LedgerLine).where(LedgerLine.id == last_line(session, people[0]).id))
    found = verified(app, api)
    assert found.fault == ("missing" if is_signed else "chain-end")
    assert found.first_bad is not None


def test_a_deleted_line_in_the_middle_is_found(app: Flask, api: Api, people: list[Volunteer]) -> None:
    with tampering(app) as session:
        middle = sa.select(LedgerLine.id).where(
            LedgerLine.person_id == uuid.UUID(people[0].id), LedgerLine.sequence == 2
        )
        session.execute(sa.delete(LedgerLine).where(LedgerLine.id.in_(list(session.scalars(middle)))))
    assert verified(app, api).fault == "missing"


@pytest.mark.parametrize("is_signed", [True, False])
def test_a_deleted_chain_is_found(app: Flask, api: Api, people: list[Volunteer], is_signed: bool) -> None:
    person_id = uuid.UUID(people[1].id)
    if is_signed:
        sign(app, api)
    with tampering(app) as session:
        session.execute(sa.delete(LedgerLine).where(LedgerLine.person_id == person_id))
        if is_signed:
            session.execute(sa.delete(LedgerChain).where(LedgerChain.person_id == person_id))
    found = verified(app, api)
    assert (found.fault, found.first_bad) == ("missing", person_id)


def test_an_earlier_end_put_back_is_found_once_signed(app: Flask, api: Api, people: list[Volunteer]) -> None:
    sign(app, api)
    with tampering(app) as session:
        roll_back_last_line(session, people[0])
    assert verified(app, api).fault == "missing"


def test_the_control_an_unsigned_tail_put_back_whole_is_not_found(
    app: Flask, api: Api, people: list[Volunteer]
) -> None:
    """What no seal inside the database can find, and why heads are signed daily (see `heads`)."""
    with tampering(app) as session:
        roll_back_last_line(session, people[0])
    assert verified(app, api).ok


@pytest.mark.parametrize("deed", ["change", "drop-last-end", "drop-one-between"])
def test_a_tampered_head_is_found(
    app: Flask, api: Api, people: list[Volunteer], world: World, told: Told, clock: SettableClock, deed: str
) -> None:
    for number in range(3):
        told.settle(people[0], pair(world.shift(-1000, -900), -1000 + 10 * number, -995 + 10 * number))
        assert sign(app, api) == number + 1
        assert sign(app, api) is None
    with app.app_context(), transaction() as session:
        first, second, _ = session.scalars(sa.select(LedgerHead).order_by(LedgerHead.sequence))
        assert heads.is_signed(second, first.signature)
        assert not heads.is_signed(second, second.signature)  # it signs the one before it too
    with tampering(app) as session:
        if deed == "change":
            session.execute(sa.update(LedgerHead).where(LedgerHead.sequence == 2).values(entries=1))
        else:
            number = 3 if deed == "drop-last-end" else 2
            session.execute(sa.delete(LedgerHeadChain).where(LedgerHeadChain.head == number))
        if deed == "drop-one-between":
            session.execute(sa.text("DELETE FROM ledger_heads WHERE sequence = 2"))
    assert verified(app, api).fault == "head"


def test_a_tampered_chain_is_not_signed(app: Flask, api: Api, people: list[Volunteer]) -> None:
    with tampering(app) as session:
        session.execute(sa.update(LedgerChain).values(entries=99))
    assert sign(app, api) is None
    assert verified(app, api).fault == "chain-end"


def test_verification_reads_one_snapshot_and_keeps_its_answer(
    app: Flask, api: Api, admin: str, people: list[Volunteer], monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        assert verification.verify_and_sign(api.now()).ok
    with tampering(app) as session:
        session.execute(sa.update(LedgerLine).values(policy_version=9))
    monkeypatch.setattr(verification, "INLINE_LINES", 1)
    assert api("GET", "/ledger/verification", token=admin, expect=200).body["ok"] is True
    monkeypatch.setattr(verification, "INLINE_LINES", 100)
    assert api("GET", "/ledger/verification", token=admin, expect=200).body["ok"] is False
