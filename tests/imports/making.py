"""Makes rosters and uploads them, for this room's tests."""

from collections.abc import Sequence
from typing import Any

from tests.conftest import Answer, Api
from tests.registration.making import new_phone, resident_id

HEADER = ("姓名", "身份证号", "手机号", "单位代码")


def person(name: str = "闻人甲", *, code: str = "", phone: str | None = None, number: str = "") -> list[str]:
    """Return a sound row of somebody new."""
    return [name, number or resident_id(), new_phone() if phone is None else phone, code]


def roster(*rows: Sequence[Any], header: Sequence[str] = HEADER) -> bytes:
    """Return a roster as CSV."""
    return "".join(",".join(map(str, row)) + "\n" for row in (header, *rows)).encode()


def upload(api: Api, token: str, data: bytes, expect: int = 201, kind: str = "volunteers", **fields: str) -> Answer:
    """Upload a file to be checked."""
    return api.upload(f"/imports/{kind}", "名单.csv", data, token, expect, **fields)


def commit(api: Api, token: str, import_id: str, expect: int = 200, **options: Any) -> Any:
    """Commit an import; return the body of the answer."""
    return api("POST", f"/imports/{import_id}/commit", options, token, expect).body


def bring_in(api: Api, token: str, *rows: Sequence[Any], **options: Any) -> Any:
    """Upload and commit; return what it did."""
    made = upload(api, token, roster(*rows)).body
    return commit(api, token, made["id"], **options)
