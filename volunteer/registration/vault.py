"""Personal columns in and out: sealed for their row, with the blind indexes under which they are found.

A sealed column `x_sealed` of `persons` is addressed as `x`. Source: decisions 9.
"""

import uuid
from typing import Any

from volunteer.config import settings
from volunteer.phone import mask_phone
from volunteer.registration.models import Person
from volunteer.registration.rules import IdType, PersonStatus, mask_name

TABLE = "persons"
ERASED_NAME = "已注销"
MERGED_NAME = "已合并"
TAIL_DIGITS = 4


def seal(person: Person, what: str, text: str | None) -> None:
    """Put `text` into the sealed column `what` of a person; None empties it."""
    setattr(person, f"{what}_sealed", sealed(person.id, what, text))


def sealed(person_id: uuid.UUID, what: str, text: str | None) -> bytes | None:
    """Return `text` sealed for the column `what` of a person; None stays None."""
    return None if text is None else settings().keyring.seal(text, TABLE, f"{what}_sealed", person_id)


def opened(person: Person, what: str) -> str | None:
    """Return what the sealed column `what` of a person holds."""
    column = f"{what}_sealed"
    value: bytes | None = getattr(person, column)
    return None if value is None else settings().keyring.open(value, TABLE, column, person.id)


def put_name(person: Person, name: str, *, is_minor: bool) -> None:
    """Keep a name: an adult's plain, a minor's sealed with an index of the whole. Source: decisions 9."""
    _put(person, name_columns(person.id, name, is_minor=is_minor))


def name_columns(person_id: uuid.UUID, name: str, *, is_minor: bool) -> dict[str, Any]:
    """Return the columns that hold a name."""
    return {
        "name": None if is_minor else name,
        "name_sealed": sealed(person_id, "name", name if is_minor else None),
        "name_index": settings().keyring.blind_index(name, "name") if is_minor else None,
    }


def _put(person: Person, columns: dict[str, Any]) -> None:
    """Set columns of a person."""
    for column, value in columns.items():
        setattr(person, column, value)


def name_of(person: Person) -> str:
    """Return a person's full name; a tombstone's is a word for it."""
    return person.name or opened(person, "name") or ERASED_NAME


def shown_name(person: Person) -> str:
    """Return the name as everybody but the person sees it."""
    if person.status == PersonStatus.MERGED:
        return MERGED_NAME
    return ERASED_NAME if person.erased_at else mask_name(name_of(person))


def put_phone(person: Person, phone: str | None) -> None:
    """Keep a normalised phone, found by its whole and by its last four digits."""
    _put(person, phone_columns(person.id, phone))


def phone_columns(person_id: uuid.UUID, phone: str | None) -> dict[str, Any]:
    """Return the columns that hold a normalised phone."""
    ring = settings().keyring
    return {
        "phone_sealed": sealed(person_id, "phone", phone),
        "phone_index": ring.blind_index(phone, "phone") if phone else None,
        "phone_tail_index": ring.blind_index(_tail(phone), "phone") if phone else None,
    }


def phone_indexes(phone: str) -> list[bytes]:
    """Return the indexes of a phone under every key version."""
    return settings().keyring.blind_indexes(phone, "phone")


def tail_indexes(digits: str) -> list[bytes]:
    """Return the indexes of the last four of `digits` under every key version."""
    return settings().keyring.blind_indexes(_tail(digits), "phone")


def name_indexes(name: str) -> list[bytes]:
    """Return the indexes of a whole name under every key version."""
    return settings().keyring.blind_indexes(name, "name")


def _tail(digits: str) -> str:
    """Return the text that is indexed for the last four digits; no phone can be spelt so."""
    return f"tail {digits[-TAIL_DIGITS:]}"


def put_identity(person: Person, id_type: IdType, number: str) -> None:
    """Keep a checked identity number; its index is the identity of the person."""
    _put(person, identity_columns(person.id, id_type, number))


def identity_columns(person_id: uuid.UUID, id_type: IdType, number: str) -> dict[str, Any]:
    """Return the columns that hold a checked identity number."""
    return {
        "id_type": id_type.value,
        "id_number_sealed": sealed(person_id, "id_number", number),
        "id_number_index": identity_indexes(id_type, number)[0],
    }


def identity_indexes(id_type: IdType, number: str) -> list[bytes]:
    """Return the indexes of an identity under every key version, the current first."""
    return settings().keyring.blind_indexes(f"{id_type.value} {number}", "id_number")


def masked_phone(phone: str | None) -> str | None:
    """Return a phone for strangers."""
    return None if phone is None else mask_phone(phone)


def masked_number(number: str | None) -> str | None:
    """Return an identity number for display: its first and last character. Never more outside GET /me/data."""
    return None if number is None else number[0] + "*" * (len(number) - 2) + number[-1]


def seal_reference(consent_id: uuid.UUID, text: str) -> bytes:
    """Return a paper's reference sealed for its consent: people write names into such references."""
    return settings().keyring.seal(text, "consents", "paper_reference_sealed", consent_id)


def open_reference(consent: Any) -> str | None:
    """Return the reference of a consent's paper."""
    if consent.paper_reference_sealed is None:
        return None
    place = ("consents", "paper_reference_sealed", consent.id)
    return settings().keyring.open(consent.paper_reference_sealed, *place)
