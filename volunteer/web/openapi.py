"""The OpenAPI 3.1 document, made from the route declarations and their schemas."""

import re
from collections.abc import Iterable
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields, validate

from volunteer.access import Permission
from volunteer.web.routes import Route
from volunteer.web.schemas import Day, Id, Instant

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
TITLES = {
    400: "Malformed JSON",
    401: "Sign in first",
    403: "No right",
    404: "Not there, or not for the caller",
    409: "Conflict",
    413: "Too large",
    415: "Not JSON",
    422: "Faulty input, all faults named",
    429: "Too many; see Retry-After",
}


class _Converter(OpenAPIConverter):
    """Adds what a schema or a field says of itself in `openapi`."""

    def schema2jsonschema(self, schema: Any) -> dict[str, Any]:
        """Return the JSON Schema of a schema."""
        found: dict[str, Any] = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]
        return {**found, **getattr(schema, "openapi", {})}


class _Plugin(MarshmallowPlugin):
    """The plugin, with our converter."""

    Converter = _Converter


def _said_by_field(_converter: Any, field: Any, **_ret: Any) -> dict[str, Any]:
    """Return what a field says of itself; of a pattern, that it is matched from the start (Python's way)."""
    said = dict(getattr(field, "openapi", {}))
    for rule in field.validators:
        if isinstance(rule, validate.Regexp):
            said["pattern"] = "^" + str(rule.regex.pattern).removeprefix("^").replace(r"\Z", "$")
    return said


def build(routes: Iterable[Route], prefix: str, version: str) -> dict[str, Any]:
    """Return the document for `routes`."""
    plugin = _Plugin(schema_name_resolver=_Names())
    spec = APISpec("Volunteer", version, "3.1.0", plugins=[plugin], servers=[{"url": prefix}])
    assert plugin.converter is not None  # noqa: S101 - set by APISpec
    plugin.converter.add_attribute_function(_said_by_field)  # type: ignore[no-untyped-call]
    for kind, form in ((Id, "uuid"), (Instant, "date-time"), (Day, "date")):
        plugin.map_to_openapi_type(kind, "string", form)  # type: ignore[no-untyped-call]
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    spec.components.schema("Problem", _problem())
    for route in routes:
        spec.path(
            re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", r"{\1}", route.path),
            operations={route.method.lower(): _operation(route)},
        )
    return spec.to_dict()


class _Names:
    """Names components after their classes; of two rooms' classes with one name, the second carries its room's."""

    def __init__(self) -> None:
        self._classes: dict[str, type] = {}

    def __call__(self, schema: Any) -> str:
        """Return the name of a schema's component."""
        kind = schema if isinstance(schema, type) else type(schema)
        name = str(kind.__name__).removesuffix("Schema")
        if self._classes.setdefault(name, kind) is not kind:
            name = kind.__module__.split(".")[1].capitalize() + name
        return name


def _problem() -> dict[str, Any]:
    """Return the schema of RFC 9457 problems as we send them."""
    fault = {"type": "object", "properties": {name: {"type": "string"} for name in ("field", "code", "message")}}
    texts = {name: {"type": "string"} for name in ("type", "title", "detail", "code")}
    return {
        "type": "object",
        "properties": {**texts, "status": {"type": "integer"}, "errors": {"type": "array", "items": fault}},
        "required": ["type", "title", "status", "detail", "code"],
    }


def _operation(route: Route) -> dict[str, Any]:
    """Return the operation object of one route."""
    operation: dict[str, Any] = {
        "operationId": route.endpoint.removeprefix("api.").replace(".", "_"),
        "summary": route.summary,
        "tags": [route.room],
        "x-permission": route.permission.value,
        "x-scope": route.scope.value,
        "responses": _responses(route),
    }
    parameters = [
        _path_parameter(kind, name) for kind, name in re.findall(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>", route.path)
    ]
    if route.query is not None:
        parameters.append({"in": "query", "schema": route.query})
    if route.creates:
        key = {"type": "string", "minLength": 1, "maxLength": 200}
        parameters.append({"in": "header", "name": "Idempotency-Key", "required": False, "schema": key})
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        required = any(field.required for field in route.body.fields.values())
        media = "multipart/form-data" if route.upload else "application/json"
        operation["requestBody"] = {"required": required, "content": {media: {"schema": route.body}}}
    if route.permission is not Permission.ANYONE:
        operation["security"] = [{"bearer": []}]
    else:
        operation["security"] = [{}, {"bearer": []}]
    return operation


def _path_parameter(kind: str, name: str) -> dict[str, Any]:
    """Return one path parameter."""
    schemas: dict[str, dict[str, Any]] = {
        "uuid": {"type": "string", "format": "uuid"},
        "int": {"type": "integer", "minimum": 0},
    }
    if name == "year":
        schemas["int"] |= {"minimum": 2000, "maximum": 2999}
    return {"in": "path", "name": name, "required": True, "schema": schemas.get(kind, {"type": "string"})}


def _responses(route: Route) -> dict[str, Any]:
    """Return the answers a route promises, and the problems that any route may have."""
    found: dict[str, Any] = {}
    for status, schema in route.answers.items():
        answer: dict[str, Any] = {"description": "Done" if status < 400 else TITLES.get(status, "Refused")}
        if isinstance(schema, Schema):
            media = "application/problem+json" if status >= 400 else "application/json"
            answer["content"] = {media: {"schema": schema}}
        elif isinstance(schema, str):
            answer["content"] = {schema: {"schema": {"type": "string", "format": "binary"}}}
        found[str(status)] = answer
    if route.query is not None:
        found["414"] = {"description": "The whole address is longer than 4094 characters: not read at all"}
    for status in sorted({*_usual(route), *route.errors}):
        found.setdefault(str(status), {"description": TITLES[status], "content": PROBLEM})
    return found


def _usual(route: Route) -> set[int]:
    """Return the statuses that the guard itself can answer with on this route."""
    usual = {401, 403, 422}
    if "<" in route.path or _names_things(route.query) or _names_things(route.body):
        usual.add(404)
    if route.method != "GET":
        usual |= {400, 413, 415}
    if route.creates:
        usual.add(409)
    if route.limit:
        usual.add(429)
    return usual


def _names_things(schema: Schema | None) -> bool:
    """Whether a body or query refers to things by their ids, one of which may not be there or not be the caller's."""
    return schema is not None and any(isinstance(_inner(field), Id) for field in schema.fields.values())


def _inner(field: fields.Field[Any]) -> fields.Field[Any]:
    """Return what a list holds, or the field itself."""
    return field.inner if isinstance(field, fields.List) else field
