"""The OpenAPI 3.1 document, made from the route declarations and their schemas."""

import re
from collections.abc import Iterable
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

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


def build(routes: Iterable[Route], prefix: str, version: str) -> dict[str, Any]:
    """Return the document for `routes`."""
    plugin = MarshmallowPlugin(schema_name_resolver=_name)
    spec = APISpec("Volunteer", version, "3.1.0", plugins=[plugin], servers=[{"url": prefix}])
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


def _name(schema: Any) -> str:
    """Name a component after its class."""
    kind = schema if isinstance(schema, type) else type(schema)
    return str(kind.__name__).removesuffix("Schema")


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
        operation["requestBody"] = {"required": required, "content": {"application/json": {"schema": route.body}}}
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
    for status in sorted({*_usual(route), *route.errors}):
        found.setdefault(str(status), {"description": TITLES[status], "content": PROBLEM})
    return found


def _usual(route: Route) -> set[int]:
    """Return the statuses that the guard itself can answer with on this route."""
    usual = {401, 403, 422}
    if "<" in route.path:
        usual.add(404)
    if route.method != "GET":
        usual |= {400, 413, 415}
    if route.creates:
        usual.add(409)
    if route.limit:
        usual.add(429)
    return usual
