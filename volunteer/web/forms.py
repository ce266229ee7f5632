"""What a form sent, loaded by the same schema as the API's body, with the faults of the form and of the service."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from flask import request
from marshmallow import Schema, ValidationError

from volunteer.clock import Instant
from volunteer.config import settings
from volunteer.errors import Fault, InvalidInput, VolunteerError
from volunteer.web.schemas import flatten


def typed(*names: str) -> dict[str, str]:
    """Return what was typed into these fields, without blanks around; an untouched field is an empty text."""
    return {name: request.form.get(name, "").strip() for name in names}


def filled(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that hold something."""
    return {name: text for name, text in texts.items() if text}


def load(schema: Schema, raw: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """Return what the schema makes of a form, and its faults; nothing beside faults."""
    try:
        return dict(schema.load(raw)), []
    except ValidationError as error:
        return {}, flatten(error.messages)


def faults_of(error: VolunteerError, field: str) -> list[Fault]:
    """Return what a refusal means for the form: its own faults, or its sentence beside `field`."""
    return list(error.faults) if isinstance(error, InvalidInput) else [Fault(field, error.code, error.detail)]


def tried(act: Callable[[], object], field: str) -> list[Fault]:
    """Do something; return what is wrong with the form where it is refused, `field` for what names none.

    Raises:
        VolunteerError: 403 and 404: no form mends these.
    """
    try:
        act()
    except VolunteerError as error:
        if error.status in (403, 404):
            raise
        return faults_of(error, field)
    return []


def instant(text: str) -> str:
    """Return the value of a `datetime-local` field as an instant of the site's zone for a schema; junk as it is."""
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=settings().zone).isoformat()
    except ValueError:
        return text


def local(at: Instant | None) -> str:
    """Return an instant as the value of a `datetime-local` field."""
    return at.astimezone(settings().zone).strftime("%Y-%m-%dT%H:%M") if at else ""
