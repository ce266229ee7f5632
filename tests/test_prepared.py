"""Prepared statements: the same rows as by the session, in one transaction with it, on both databases."""

import uuid

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import START
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
