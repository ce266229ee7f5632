"""Keyset pages: an opaque cursor that names the last row seen; a bad one is a fault on `cursor`."""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

from volunteer.errors import invalid


def encode_cursor(*parts: Any) -> str:
    """Return a cursor that holds `parts` (strings, numbers, anything that `str` makes plain)."""
    raw = json.dumps([p if isinstance(p, str | int | float) or p is None else str(p) for p in parts])
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None, *kinds: Any) -> Any:
    """Return the parts of a cursor, each made by its `kind`, or None without a cursor; 422 for a bad one."""
    if cursor is None:
        return None
    try:
        raw = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(raw, list) or len(raw) != len(kinds):
            raise ValueError(cursor)
        return tuple(kind(part) for kind, part in zip(kinds, raw, strict=True))
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise invalid("cursor", "bad-cursor", "翻页标记无效,请从第一页重新查看。") from error


def page(rows: Sequence[Any], limit: int, key: Any) -> dict[str, Any]:
    """Return `{items, next_cursor}` from up to `limit + 1` rows; `key(row)` gives the cursor's parts."""
    items = rows[:limit]
    more = len(rows) > limit
    return {"items": items, "next_cursor": encode_cursor(*key(items[-1])) if more else None}
