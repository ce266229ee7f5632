"""Prepared statements: the same rows as by the session, in one transaction with it, on both databases."""

import uuid

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import START
from volunteer import drivers
from volunteer.database import db, new_id, reading, transaction
from volunteer.prepared import Insert, Query, Update
from volunteer.web.idempotency import IdempotencyKey
from volunteer.web.limits import LimitHit

HITS, KEYS = LimitHit.__table__, IdempotencyKey.__table__
ADD, MOVE = Insert(HITS), Update(HITS, "id", ["key", "at"])
CLAIM = Insert(KEYS, if_free="digest")
OF_KEYS = Query(lambda among: sa.select(HITS).where(among(HITS.c.key, "keys")).order_by(HITS.c.id))


def hits(*keys: bytes) -> list[dict[str, object]]:
    return [{"id": new_id(), "key": key, "at": START} for key in keys]


@pytest.mark.parametrize("count", [1, 3, 40])
def test_what_is_written_is_read_as_the_session_reads_it(app: Flask, count: int) -> None:
    rows = hits(*(bytes([number]) for number in range(count)))
    with app.app_context(), transaction() as session:
        assert ADD(session, rows) == count
        found = OF_KEYS(session, keys=[row["key"] for row in rows])
        assert [one._asdict() for one in found] == rows
        by_session = session.execute(sa.select(HITS).order_by(HITS.c.id)).mappings().all()
        assert [dict(one) for one in by_session] == rows
        MOVE(session, [row | {"key": b"moved"} for row in rows])
        assert {row.id for row in OF_KEYS(session, keys=[b"moved"])} == {row["id"] for row in rows}
        assert OF_KEYS(session, keys=[]) == []


def test_any_text_and_any_bytes_come_back_as_they_went_in(app: Flask) -> None:
    odd = ["", "NULL", "null", "{a,b}", '"', "\\", "\\x41", "a'b", "汉字 🙂", " x ", "a\nb", ","]
    rows = [
        {"digest": bytes([number, 0, 255, 92, 34]), "body_digest": b"", "status": -number, "media_type": text}
        | {"answer": text.encode(), "created_at": START}
        for number, text in enumerate(odd)
    ]
    of = Query(lambda among: sa.select(KEYS).where(among(KEYS.c.media_type, "texts")).order_by(KEYS.c.digest))
    with app.app_context(), transaction() as session:
        assert CLAIM(session, rows) == len(odd)
        assert [one._asdict() for one in of(session, texts=odd)] == rows
        for number, text in enumerate(odd):
            assert [one._asdict() for one in of(session, texts=[text])] == [rows[number]]


def test_alone_it_sees_what_a_use_case_under_way_has_written(app: Flask) -> None:
    one = Query(lambda _: sa.select(HITS.c.id).where(HITS.c.key == sa.bindparam("key")))
    with app.app_context():
        with transaction() as session:
            ADD(session, hits(b"a"))
            assert len(one.alone(key=b"a")) == 1
        assert len(one.alone(key=b"a")) == 1


def test_it_is_of_the_session_s_transaction(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(KeyError), transaction() as session:  # noqa: PT012 - what a use case does before it fails
            session.add(LimitHit(**hits(b"a")[0]))
            assert len(OF_KEYS(session, keys=[b"a"])) == 1  # what the session holds back was written
            ADD(session, hits(b"a", b"b"))
            raise KeyError
        assert OF_KEYS(reading(), keys=[b"a", b"b"]) == []
        with pytest.raises(RuntimeError, match="outside"):
            ADD(reading(), hits(b"a"))
        with pytest.raises(RuntimeError, match="outside"):
            MOVE(reading(), hits(b"a"))


def test_taken_keys_are_left_out(app: Flask) -> None:
    def key(digest: bytes) -> dict[str, object]:
        rest = {"body_digest": b"", "status": 200, "media_type": "x", "answer": b"", "created_at": START}
        return {"digest": digest} | rest

    with app.app_context(), transaction() as session:
        assert CLAIM(session, [key(b"a"), key(b"b")]) == 2
        assert CLAIM(session, [key(b"b"), key(b"c"), key(b"d")]) == 2
        assert (CLAIM(session, [key(b"d")]), CLAIM(session, [key(b"e")])) == (0, 1)


def test_errors_are_sqlalchemys_and_listeners_hear(app: Flask) -> None:
    heard: list[str] = []
    same = hits(b"a") * 2
    with app.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", lambda *args: heard.append(args[2]))
        with pytest.raises(sa.exc.IntegrityError), transaction() as session:
            ADD(session, same)
        with pytest.raises(ValueError, match="naive"), transaction() as session:
            ADD(session, [{"id": uuid.uuid4(), "key": b"", "at": START.replace(tzinfo=None)}])
    assert [text for text in heard if text.startswith("INSERT INTO limit_hits")]


def test_what_is_asked_later_is_answered_in_order_with_what_was_asked_before(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        none = OF_KEYS.later(session, keys=[b"a"])
        added = ADD.later(session, hits(b"a"))
        one = OF_KEYS.later(session, keys=[b"a"])
        taken = CLAIM.later(session, [])
        session.add(LimitHit(**hits(b"a")[0]))
        both = OF_KEYS(session, keys=[b"a"])
        by_session = session.scalar(sa.select(sa.func.count()).select_from(HITS))
        assert (len(none()), added(), len(one()), taken(), len(both), by_session) == (0, 1, 1, 0, 2, 2)


def test_all_that_waits_makes_one_journey_with_begin_and_commit(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    journeys: list[int] = []
    travel = drivers._travel
    monkeypatch.setattr(drivers, "_travel", lambda link, waiting, **more: [
        journeys.append(len(waiting)), travel(link, waiting, **more)
    ][1])  # fmt: skip
    with app.app_context():
        is_postgresql = db.engine.dialect.name == "postgresql"
        with transaction() as session:
            asked = [OF_KEYS.later(session, keys=[key]) for key in (b"a", b"b", b"c")]
            assert [one() for one in asked] == [[], [], []]
            ADD.later(session, hits(b"a"))
            ADD.later(session, hits(b"b", b"c"))
        assert journeys == ([3, 2] if is_postgresql else [])
        assert len(OF_KEYS(reading(), keys=[b"a", b"b", b"c"])) == 3


def test_what_the_tables_refuse_is_raised_at_the_commit_at_the_latest_and_nothing_stays(app: Flask) -> None:
    same = hits(b"a")
    with app.app_context():
        with pytest.raises(sa.exc.IntegrityError), transaction() as session:  # noqa: PT012 - what a use case does
            ADD.later(session, same)
            ADD.later(session, same)
            MOVE.later(session, same)
        assert OF_KEYS(reading(), keys=[b"a"]) == []
        with transaction() as session:
            assert ADD(session, same) == 1
        assert len(OF_KEYS(reading(), keys=[b"a"])) == 1


def test_what_waits_goes_with_its_transaction(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(KeyError), transaction() as session:  # noqa: PT012 - what a use case does before it fails
            ADD.later(session, hits(b"a"))
            asked = OF_KEYS.later(session, keys=[b"a"])
            raise KeyError
        assert OF_KEYS(reading(), keys=[b"a"]) == []
        if db.engine.dialect.name == "postgresql":
            with pytest.raises(RuntimeError, match="has ended"):
                asked()


def test_a_connection_that_is_gone_is_told_and_replaced(app: Flask) -> None:
    with app.app_context():
        if db.engine.dialect.name != "postgresql":
            return
        with pytest.raises(sa.exc.OperationalError), transaction() as session:  # noqa: PT012 - a server that stops
            pid = session.scalar(sa.text("SELECT pg_backend_pid()"))
            with db.engine.connect() as other:
                other.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            ADD.later(session, hits(b"a"))
            OF_KEYS(session, keys=[b"a"])
        with transaction() as session:
            assert ADD(session, hits(b"b")) == 1
