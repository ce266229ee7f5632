"""The one guard: who is asking, may they, is the input sound, was it sent before; then one call of the view.

Every API request passes here in this order: token (401), device or permission (403), rate (429), body and query (400,
413, 415, 422, all faults at once), idempotency key, view, dump. A deadlock on PostgreSQL is tried again from the start:
the rolled-back attempt left nothing. Source: contract/api.md, Conventions; architecture.md, The journey of one scan.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response, current_app, g, request
from marshmallow import Schema, ValidationError
from sqlalchemy.exc import OperationalError

from volunteer import database, errors
from volunteer.access import NOBODY, Actor, Permission
from volunteer.config import settings
from volunteer.errors import Fault, InvalidInput
from volunteer.web import idempotency, limits, shortcuts
from volunteer.web.routes import Call, Raw, Route
from volunteer.web.schemas import BaseSchema, QuerySchema, flatten

Authenticate = Callable[[str, Any], Actor | None]
RETRY_STATES = ("40P01", "40001")
TRIES = 4
#: Bytes of a form that carries a file: 20 MB for the file, and what goes around it.
MOST_UPLOADED = 21 * 1024 * 1024
_ENCODER = json.JSONEncoder(ensure_ascii=False)
NO_BODY = BaseSchema()
NO_QUERY = QuerySchema()


class Guard:
    """Turns route declarations into Flask views."""

    def __init__(self, authenticate: Authenticate) -> None:
        self._authenticate = authenticate

    def register(self, app: Flask, route: Route, prefix: str) -> None:
        """Add the route to the app."""

        def view(**params: Any) -> Response:
            return self._answer(route, params)

        app.add_url_rule(prefix + route.path, route.endpoint, view, methods=[route.method])

    def _answer(self, route: Route, params: dict[str, Any]) -> Response:
        now = current_app.extensions["clock"].now()
        actor = self._actor(route, now)
        g.actor = actor
        if route.limit:
            limits.take(route.limit, request.remote_addr or "", now)
        body, query = _load(route)
        call = Call(actor, now, body, query, request.remote_addr or "", channel_of(actor))
        for attempt in range(TRIES):
            try:
                return self._once(route, call, params)
            except OperationalError as error:
                if getattr(error.orig, "sqlstate", "") not in RETRY_STATES or attempt == TRIES - 1:
                    raise
        raise errors.Unavailable

    def _once(self, route: Route, call: Call, params: dict[str, Any]) -> Response:
        key = request.headers.get("Idempotency-Key") if route.creates else None
        if key is not None:
            return idempotency.once(
                f"{call.actor.key} {request.method} {request.path}",
                key,
                _sent(route, call),
                call.now,
                lambda: _dump(route, route.view(call, **params)),
            )
        return _dump(route, route.view(call, **params))

    def _actor(self, route: Route, now: Any) -> Actor:
        header = request.headers.get("Authorization", "")
        if header:
            scheme, _, token = header.partition(" ")
            actor = self._authenticate(token.strip(), now) if scheme.lower() == "bearer" else None
            database.done_reading()
            if actor is None:
                raise errors.Unauthenticated
        else:
            actor = NOBODY
        return permit(actor, route.permission, devices=route.devices)


def _sent(route: Route, call: Call) -> bytes:
    """Return what was sent, to know it again: the body, or of a form its fields and files."""
    if not route.upload:
        return request.get_data()
    parts = (f"{name}={getattr(value, 'digest', value)}" for name, value in sorted(call.body.items()))
    return "&".join(parts).encode()


def permit(actor: Actor, permission: Permission, *, devices: bool = False) -> Actor:
    """Return the actor if it may come in at all; else raise Unauthenticated or Forbidden."""
    if actor.is_device and not devices:
        raise errors.Forbidden("设备只能用于扫码和查看本站当天的班次。")
    if permission is Permission.ANYONE:
        return actor
    if actor.is_anonymous:
        raise errors.Unauthenticated
    if permission is Permission.SIGNED_IN or actor.has(permission):
        return actor
    raise errors.Forbidden


def channel_of(actor: Actor) -> str:
    """Return how this request reached us (decisions 16)."""
    if actor.is_device:
        return "device"
    return "wechat" if "MicroMessenger" in request.headers.get("User-Agent", "") else "browser"


def public_root() -> str:
    """Return the public origin for links."""
    return settings().base_url or request.host_url.rstrip("/")


def _load(route: Route) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Load query and body; raise InvalidInput with the faults of both."""
    query, faults = _loaded(route.query or NO_QUERY, request.args.to_dict())
    body: Mapping[str, Any] = {}
    if route.method in ("POST", "PUT", "PATCH", "DELETE"):
        raw = read_form() if route.upload else read_json()
        if not isinstance(raw, dict):
            faults.append(Fault("body", "invalid", "请求内容应是一个 JSON 对象。"))
        else:
            body, more = _loaded(route.body or NO_BODY, raw)
            faults += more
    if faults:
        raise InvalidInput(faults)
    return body, query


def _loaded(schema: Schema, raw: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Fault]]:
    """Load `raw`; return what came out and the faults."""
    try:
        return shortcuts.load(schema, raw), []
    except ValidationError as error:
        return {}, flatten(error.messages)


def read_form() -> dict[str, Any]:
    """Return the fields and files of a form that carries a file, larger than other bodies may be.

    Raises:
        UnsupportedMediaType, PayloadTooLarge: as their names say.
    """
    request.max_content_length = MOST_UPLOADED
    if request.mimetype != "multipart/form-data":
        raise errors.UnsupportedMediaType("请用 multipart/form-data 格式上传文件。")
    return request.form.to_dict() | request.files.to_dict()


def read_json() -> Any:
    """Return the JSON of the request; an empty body is an empty object.

    Raises:
        UnsupportedMediaType, MalformedJson: as their names say. NaN, deep nesting and absurd numbers are malformed.
    """
    data = request.get_data()
    if not data:
        return {}
    if request.mimetype != "application/json" and not request.mimetype.endswith("+json"):
        raise errors.UnsupportedMediaType
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise errors.MalformedJson from error


def _refuse(word: str) -> Any:
    """NaN and Infinity are no JSON."""
    raise ValueError(word)


def _dump(route: Route, answer: Any) -> Response:
    """Render a view's `(status, thing)`; a Raw is sent as it is."""
    status, thing = answer
    if isinstance(thing, Raw):
        response = Response(thing.data, status, mimetype=thing.media_type, headers=dict(thing.headers))
        if thing.filename:
            response.headers.set("Content-Disposition", "attachment", filename=thing.filename)
        return response
    schema = route.answers[status]
    if schema is None:
        return Response(status=status, mimetype="application/json") if status == 204 else _json({}, status)
    assert isinstance(schema, Schema)  # noqa: S101 - the declaration, not input
    return _json(shortcuts.dump(schema, thing), status)


def _json(body: Any, status: int) -> Response:
    """Return a JSON response; personal data is never cached on the way."""
    kind = "application/problem+json" if status >= 400 else "application/json"
    response = Response(_ENCODER.encode(body), status, mimetype=kind)
    response.headers["Cache-Control"] = "no-store"
    return response
