"""`Idempotency-Key`: a creating POST that is sent again answers as it did the first time, and does nothing.

The key's row is written in the same transaction as what the request makes, so there is never one without the other. The
stored answer is sealed (it may hold names); the body is kept only as a keyed digest. Source: contract, Conventions.
"""

import datetime as dt
from collections.abc import Callable

import sqlalchemy as sa
from flask import Response
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.config import settings
from volunteer.database import Base, lock_name, transaction
from volunteer.errors import Conflict, InvalidInput, invalid

KEPT = dt.timedelta(days=2)


class IdempotencyKey(Base):
    """One request that was carried out, by its asker, route and key."""

    __tablename__ = "idempotency_keys"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    body_digest: Mapped[bytes]
    status: Mapped[int]
    media_type: Mapped[str] = mapped_column(sa.String(80))
    answer: Mapped[bytes]
    created_at: Mapped[dt.datetime] = mapped_column(index=True)


def once(asker: str, key: str, body: bytes, now: dt.datetime, run: Callable[[], Response]) -> Response:
    """Run the request, or repeat the answer that it had.

    Raises:
        InvalidInput: the key is empty or longer than 200 characters.
        Conflict: the same key came with another body.
    """
    if not 1 <= len(key) <= 200:
        raise _bad_key()
    ring = settings().keyring
    digest = ring.blind_index(f"{asker} {key}", "idempotency")
    seen_body = ring.blind_index(body.hex(), "idempotency")
    with transaction() as session:
        lock_name(session, digest.hex())
        row = session.get(IdempotencyKey, digest)
        if row is not None and row.created_at > now - KEPT:
            if row.body_digest != seen_body:
                raise Conflict("这个 Idempotency-Key 已用于另一个请求,请换一个新的。", code="conflict")
            answer = ring.open(row.answer, "idempotency_keys", "answer", digest.hex())
            return Response(answer, row.status, mimetype=row.media_type)
        response = run()
        text = response.get_data(as_text=True)
        values = {
            "body_digest": seen_body,
            "status": response.status_code,
            "media_type": response.mimetype,
            "answer": ring.seal(text, "idempotency_keys", "answer", digest.hex()),
            "created_at": now,
        }
        if row is None:
            session.add(IdempotencyKey(digest=digest, **values))
        else:
            for name, value in values.items():
                setattr(row, name, value)
        return response


def _bad_key() -> InvalidInput:
    """Return the error for a key that cannot be one."""
    return invalid("Idempotency-Key", "invalid", "Idempotency-Key 应为 1 到 200 个字符。")


def forget_old(now: dt.datetime) -> int:
    """Delete keys older than two days; return how many."""
    with transaction() as session:
        result = session.execute(sa.delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEPT))
        return int(result.rowcount)  # type: ignore[attr-defined]
