"""The base schema, our field types, and their error messages: `code|sentence`, split when a fault is told.

Unknown fields are refused, all faults are told at once, instants carry an offset, ids are UUIDs in lower case.
Source: contract/api.md, Conventions.
"""

import datetime as dt
import hashlib
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from marshmallow import RAISE, Schema, ValidationError, fields, validate
from werkzeug.datastructures import FileStorage

from volunteer.errors import Fault

MESSAGES = {
    "required": "required|请填写这一项。",
    "null": "required|这一项不能为空。",
    "invalid": "invalid|这一项的格式不对,请重新填写。",
    "invalid_utf8": "invalid|这一项含有无法识别的字符。",
    "invalid_uuid": "invalid|这不是有效的编号。",
    "too_large": "invalid|这个数字太大了。",
    "format": "invalid|格式不对,请重新填写。",
    "special": "invalid|请填写有效的数字。",
    "type": "invalid|这一项的格式不对。",
}
UNKNOWN_FIELD = "unknown-field|没有这一项,请删去。"
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
#: The same for JSON Schema: no control characters, and (unless it may be blank) something to see.
PLAIN = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
SEEN = r"[^\s\x00-\x1f\x7f]"


class BaseSchema(Schema):
    """A body, query or answer of ours.

    What JSON Schema can say beyond the fields stands in `openapi`, on a schema as on a field; the document adds it.
    """

    class Meta:
        """Refuse what we do not know; keep the declared order."""

        unknown = RAISE

    error_messages = {  # noqa: RUF012 - marshmallow's own way, and typed so there
        "unknown": UNKNOWN_FIELD,
        "type": "invalid|请求内容应是一个 JSON 对象。",
    }

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Give every field our messages."""
        for key in field_obj.error_messages:
            if key in MESSAGES and "|" not in str(field_obj.error_messages[key]):
                field_obj.error_messages[key] = MESSAGES[key]


class Text(fields.String):
    """Text without control characters, trimmed, of 1 to `most` characters (0 with `blank=True`)."""

    def __init__(self, most: int = 200, *, blank: bool = False, **kwargs: Any) -> None:
        least = 0 if blank else 1
        length = validate.Length(least, most, error=f"length|请填写 {least} 到 {most} 个字。")
        self.openapi = {"pattern": f"^{PLAIN}*$" if blank else f"^{PLAIN}*{SEEN}{PLAIN}*$"}
        super().__init__(validate=length, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if CONTROL.search(text):
            raise ValidationError("invalid|这一项含有无法识别的字符。")
        return text.strip()


class Secret(fields.String):
    """A password or code: as typed, bounded, never echoed."""

    openapi: ClassVar = {"pattern": f"^{PLAIN}*$"}

    def __init__(self, least: int = 1, most: int = 128, **kwargs: Any) -> None:
        kwargs.setdefault("load_only", True)
        super().__init__(
            validate=validate.Length(least, most, error=f"length|请填写 {least} 到 {most} 个字符。"), **kwargs
        )

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if CONTROL.search(text):
            raise ValidationError("invalid|这一项含有无法识别的字符。")
        return text


UUID_TEXT = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Id(fields.Field[uuid.UUID]):
    """A UUID in its usual text form."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else str(value)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> uuid.UUID:
        if not isinstance(value, str) or not UUID_TEXT.fullmatch(value):
            raise ValidationError("invalid|这不是有效的编号。")
        return uuid.UUID(value)


INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)")


class Instant(fields.Field[dt.datetime]):
    """RFC 3339 with an explicit offset; years 1971 to 8999 so that arithmetic never overflows."""

    openapi: ClassVar = {"pattern": r"^(197[1-9]|19[89][0-9]|[2-8][0-9]{3})-"}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> dt.datetime:
        fault = "invalid-instant|请填写带时区的时间,例如 2026-03-05T09:00:00+08:00。"
        if not isinstance(value, str) or not INSTANT.fullmatch(value):
            raise ValidationError(fault)
        try:
            instant = dt.datetime.fromisoformat(value.upper().replace(" ", "T"))
            inside = 1970 < instant.year < 9000
        except (ValueError, OverflowError) as error:
            raise ValidationError(fault) from error
        if not inside:
            raise ValidationError(fault)
        return instant.astimezone(dt.UTC)


class Day(fields.Field[dt.date]):
    """A day of the site, `2026-03-05`, of the years 1900 to 8999."""

    openapi: ClassVar = {"pattern": r"^(19[0-9]{2}|[2-8][0-9]{3})-"}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.isoformat()

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> dt.date:
        fault = "invalid-date|请填写日期,例如 2026-03-05。"
        if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            raise ValidationError(fault)
        try:
            day = dt.date.fromisoformat(value)
        except ValueError as error:
            raise ValidationError(fault) from error
        if not 1900 <= day.year < 9000:
            raise ValidationError(fault)
        return day


class Whole(fields.Integer):
    """A whole number between `least` and `most`; from a query string, digits."""

    def __init__(self, least: int, most: int, *, strict: bool = True, **kwargs: Any) -> None:
        self.bounds = (least, most)
        bounds = validate.Range(least, most, error=f"out-of-range|请填写 {least} 到 {most} 之间的整数。")
        super().__init__(validate=bounds, strict=strict, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        digits = isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value)
        if isinstance(value, bool) or not (digits or (isinstance(value, int | float) and self.strict is not None)):
            raise self.make_error("invalid", input=value)
        if isinstance(value, str) and not self.root_is_query():
            raise self.make_error("invalid", input=value)
        if isinstance(value, float) and not value.is_integer():
            raise self.make_error("invalid", input=value)
        return int(value)

    def root_is_query(self) -> bool:
        """Whether this field stands in a query schema, where everything arrives as text."""
        return isinstance(self.root, QuerySchema)


class Number(fields.Float):
    """A finite number between `least` and `most`, for coordinates."""

    def __init__(self, least: float, most: float, **kwargs: Any) -> None:
        bounds = validate.Range(least, most, error=f"out-of-range|请填写 {least} 到 {most} 之间的数字。")
        super().__init__(validate=bounds, allow_nan=False, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> float:
        if isinstance(value, bool) or (isinstance(value, str) and not isinstance(self.root, QuerySchema)):
            raise self.make_error("invalid", input=value)
        return float(super()._deserialize(value, attr, data, **kwargs))


class Truth(fields.Boolean):
    """JSON true or false; in a query also 1 and 0."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(truthy={True, "true", "1"}, falsy={False, "false", "0"}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if not isinstance(value, bool) and not isinstance(self.root, QuerySchema):
            raise self.make_error("invalid", input=value)
        return bool(super()._deserialize(value, attr, data, **kwargs))


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file as it was sent: the name that the sender gave it, and what is in it."""

    name: str
    data: bytes

    @property
    def digest(self) -> str:
        """The SHA-256 of the content, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


class Upload(fields.Field[Uploaded]):
    """A file of a form."""

    openapi: ClassVar = {"type": "string", "format": "binary"}
    default_error_messages = {  # noqa: RUF012 - marshmallow's own way, and typed so there
        "required": "required|请选择要上传的文件。",
    }

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Uploaded:
        if not isinstance(value, FileStorage):
            raise ValidationError("required|请选择要上传的文件。")
        name = CONTROL.sub("", value.filename or "").replace("\\", "/").rpartition("/")[2]
        with value.stream as stream:
            return Uploaded(name[-100:], stream.read())


class Choice(fields.String):
    """One of a StrEnum's values, or of an iterable of words."""

    def __init__(self, words: type[StrEnum] | Iterable[str], **kwargs: Any) -> None:
        self.words = [str(word) for word in words]
        listed = "、".join(self.words)
        super().__init__(validate=validate.OneOf(self.words, error=f"unknown-value|只能是:{listed}。"), **kwargs)


class QuerySchema(BaseSchema):
    """A query string."""


class Page(QuerySchema):
    """`?limit=&cursor=` of every list."""

    limit = Whole(1, 200, load_default=50)
    cursor = Text(200, load_default=None)


def flatten(messages: Any, path: str = "") -> list[Fault]:
    """Turn marshmallow's nested messages into faults with dotted paths (`shifts.0.ends_at`)."""
    if isinstance(messages, Mapping):
        found: list[Fault] = []
        for key, value in messages.items():
            step = "" if key == "_schema" else str(key)
            found += flatten(value, f"{path}.{step}".strip("."))
        return found
    if isinstance(messages, list | tuple):
        return [fault for message in messages for fault in flatten(message, path)]
    code, bar, sentence = str(messages).partition("|")
    return [Fault(path or "body", code, sentence) if bar else Fault(path or "body", "invalid", str(messages))]
