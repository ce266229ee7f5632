"""Short ways through a schema: its fields' own rules without the machinery around them.

Schemas are declared, documented and tested as they are; this only walks them faster. A body in which anything at all is
not as it should be takes the long way through marshmallow, which tells every fault. A schema that does more than its
fields say (hooks, views of other attributes) always takes the long way. Source: perf.md §6.
"""

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, missing, validate

from volunteer.web.schemas import Choice, Id, Instant, Upload

Way = Callable[[Any], Any]
REQUIRED = object()
#: By the schema's identity, each kept with the schema so that the identity stays its own.
_IN: dict[int, tuple[Schema, Way | None]] = {}
_OUT: dict[int, tuple[Schema, Way | None]] = {}


class LongWay(Exception):
    """Something is not as it should be, or not of a kind that is known here."""


def load(schema: Schema, raw: Any) -> Any:
    """Return what `schema.load` gives.

    Raises:
        ValidationError: all faults, as marshmallow tells them.
    """
    known = _IN.get(id(schema))
    if known is None:
        known = _IN[id(schema)] = (schema, _way_in(schema))
    if known[1] is not None:
        try:
            return known[1](raw)
        except (LongWay, ValidationError):
            pass
    return schema.load(raw)


def dump(schema: Schema, thing: Any) -> Any:
    """Return what `schema.dump` gives."""
    known = _OUT.get(id(schema))
    if known is None:
        known = _OUT[id(schema)] = (schema, _way_out(schema))
    return schema.dump(thing) if known[1] is None else known[1](thing)


def _is_plain(schema: Schema) -> bool:
    """Whether a schema is nothing but its fields."""
    looks_itself = type(schema).get_attribute is not Schema.get_attribute
    dotted = any("." in (field.attribute or "") for field in schema.fields.values())
    return not (schema.many or looks_itself or dotted or schema.partial or any(schema._hooks.values()))


def _way_in(schema: Schema) -> Way | None:
    """Return the short way in, None where there is none; a file can be read once, so it is not tried on."""
    has_file = any(isinstance(field, Upload) for field in schema.load_fields.values())
    if has_file or not _is_plain(schema) or schema.unknown != "raise":
        return None
    steps = [
        (
            field.data_key or name,
            field.attribute or name,
            REQUIRED if field.required else field.load_default,
            field.allow_none,
            _reader(field),
        )
        for name, field in schema.load_fields.items()
    ]

    def walk(raw: Any) -> dict[str, Any]:
        if type(raw) is not dict:
            raise LongWay
        found, seen = {}, 0
        for key, name, default, may_be_none, reader in steps:
            if key not in raw:
                if default is REQUIRED:
                    raise LongWay
                if default is not missing:
                    found[name] = default() if callable(default) else default
                continue
            seen += 1
            value = raw[key]
            if value is None and not may_be_none:
                raise LongWay
            found[name] = None if value is None else reader(value)
        if seen != len(raw):
            raise LongWay
        return found

    return walk


def _reader(field: fields.Field[Any]) -> Way:
    """Return what reads a value that is there; it raises LongWay or ValidationError for one that is wrong."""
    if type(field) is Choice:
        words = frozenset(field.words)
        return lambda value: value if type(value) is str and value in words else _long_way()
    if isinstance(field, fields.Nested):
        inner = None if field.many else _way_in(field.schema)
        return inner or _checked(field)
    if type(field) is fields.List:
        each, validators = _reader(field.inner), field.validators
        return lambda value: _list_of(value, each, validators, may_hold_none=field.inner.allow_none)
    lengths = field.validators[0] if len(field.validators) == 1 else None
    if type(field)._deserialize is fields.String._deserialize and type(lengths) is validate.Length:
        least, most = lengths.min or 0, lengths.max or 10**9
        if lengths.equal is None:
            return lambda value: value if type(value) is str and least <= len(value) <= most else _long_way()
    if type(field) in (Id, Instant) and not field.validators:
        deserialize = field._deserialize
        return lambda value: deserialize(value, None, None)
    return _checked(field)


def _checked(field: fields.Field[Any]) -> Way:
    """Return what reads a value by the field's own rules."""

    def read(value: Any) -> Any:
        found = field.deserialize(value)
        return found if found is not missing else _long_way()

    return read


def _list_of(value: Any, each: Way, validators: Any, *, may_hold_none: bool) -> list[Any]:
    """Read a list."""
    if type(value) is not list or (None in value and not may_hold_none):
        raise LongWay
    found = [None if one is None else each(one) for one in value]
    for check in validators:
        check(found)
    return found


def _long_way() -> Any:
    """Raise LongWay in an expression."""
    raise LongWay


def _way_out(schema: Schema) -> Way | None:
    """Return the short way out, None where there is none; what is no mapping goes the long way."""
    known = [(name, field, _writer(field)) for name, field in schema.dump_fields.items()]
    if not _is_plain(schema) or any(writer is None for _, _, writer in known):
        return None
    steps = [(field.attribute or name, field.data_key or name, writer) for name, field, writer in known if writer]

    def walk(thing: Any) -> Any:
        if not isinstance(thing, Mapping):
            return schema.dump(thing)
        found = {}
        for name, key, writer in steps:
            if name in thing:
                value = thing[name]
                found[key] = None if value is None else writer(value)
        return found

    return walk


def _writer(field: fields.Field[Any]) -> Way | None:
    """Return what writes a value that is there, None where the field does more than that."""
    if not field._CHECK_ATTRIBUTE or field.dump_default is not missing or field.load_only:
        return None
    if isinstance(field, fields.Nested):
        return None if field.many else _way_out(field.schema)
    if type(field) is fields.List:
        each = _writer(field.inner)
        return (lambda value: [None if one is None else each(one) for one in value]) if each else None
    serialize = field._serialize
    if type(field)._serialize is fields.String._serialize:
        return lambda value: value if type(value) is str else serialize(value, None, None)
    if type(field) is Id:
        return str
    if type(field)._serialize is fields.Boolean._serialize:
        return lambda value: value if type(value) is bool else serialize(value, None, None)
    return lambda value: serialize(value, None, None)
