"""Where a room declares its routes: method, path, permission, scope, body, query and answers, in one place.

The guard, the OpenAPI document, the authorisation matrix and the tests read the same declarations, so that none can be
forgotten: a view without one cannot be registered. ADR 0003 says why this stands instead of flask-smorest.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema

from volunteer.access import Actor, Permission, Scope

View = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One request as a view sees it: who, when, and the loaded body and query."""

    actor: Actor
    now: dt.datetime
    body: Mapping[str, Any]
    query: Mapping[str, Any]
    address: str
    channel: str


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer that is not JSON: a picture, a PDF, a sheet."""

    data: bytes
    media_type: str
    filename: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Route:
    """One declaration. `answers` maps a status to the schema that dumps it (None: no body; a str: a media type)."""

    method: str
    path: str
    view: View
    room: str
    permission: Permission
    scope: Scope
    body: Schema | None
    query: Schema | None
    answers: Mapping[int, Schema | str | None]
    errors: tuple[int, ...]
    devices: bool
    limit: str
    summary: str
    upload: bool = False

    @property
    def endpoint(self) -> str:
        """Flask's name of the route."""
        return f"api.{self.room}.{self.view.__name__}"

    @property
    def creates(self) -> bool:
        """Whether it may make something, so that an `Idempotency-Key` is heeded; a sign-in makes nothing to repeat."""
        return self.method == "POST" and not self.path.startswith("/auth/")


class Room:
    """A room's list of API routes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.routes: list[Route] = []

    def route(
        self,
        method: str,
        path: str,
        permission: Permission,
        scope: Scope,
        *,
        body: type[Schema] | Schema | None = None,
        query: type[Schema] | Schema | None = None,
        answers: Mapping[int, type[Schema] | Schema | str | None],
        errors: tuple[int, ...] = (),
        devices: bool = False,
        limit: str = "",
        upload: bool = False,
    ) -> Callable[[View], View]:
        """Declare a route under `/api/v1`. Its summary is the first line of the view's docstring.

        With `upload` the body is a form (`multipart/form-data`) whose files the schema loads as `schemas.Upload`.
        """

        def declare(view: View) -> View:
            route = Route(
                method,
                path,
                view,
                self.name,
                permission,
                scope,
                _made(body),
                _made(query),
                {status: _made(schema) for status, schema in answers.items()},
                errors,
                devices,
                limit,
                (view.__doc__ or "").strip().splitlines()[0],
                upload,
            )
            self.routes.append(route)
            return view

        return declare


def _made(schema: Any) -> Any:
    """Return an instance where a class was given."""
    return schema() if isinstance(schema, type) else schema
