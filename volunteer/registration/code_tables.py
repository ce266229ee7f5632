"""Code tables that an admin edits: categories, skills, relations, political status, guarantees.

The migration seeds them. A code that is taken off a list is kept and no longer offered, since people and activities
refer to it. Source: contract, Volunteers; domain.md c3.
"""

import datetime as dt
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor
from volunteer.database import reading, transaction
from volunteer.errors import Fault, InvalidInput, NotFound
from volunteer.registration.models import CodeEntry

TABLES = ("categories", "skills", "relations", "political_status", "guarantees")


def list_codes(table: str) -> list[CodeEntry]:
    """Return what a table offers, in its order.

    Raises:
        NotFound: no such table.
    """
    if table not in TABLES:
        raise NotFound
    query = sa.select(CodeEntry).where(CodeEntry.table_name == table, CodeEntry.is_offered.is_(True))
    return list(reading().scalars(query.order_by(CodeEntry.position, CodeEntry.code)))


def replace_codes(actor: Actor, table: str, items: Sequence[dict[str, str]], now: dt.datetime) -> list[CodeEntry]:
    """Make `items` (code, label) what a table offers, in this order.

    Raises:
        NotFound: no such table.
        InvalidInput: `repeated` on the second of two equal codes.
    """
    actor.require_admin()
    if table not in TABLES:
        raise NotFound
    codes = [item["code"] for item in items]
    twice = [index for index, code in enumerate(codes) if code in codes[:index]]
    if twice:
        raise InvalidInput([Fault(f"items.{i}.code", "repeated", "这个代码出现了两次,请删去一个。") for i in twice])
    with transaction() as session:
        query = sa.select(CodeEntry).where(CodeEntry.table_name == table).order_by(CodeEntry.code).with_for_update()
        known = {entry.code: entry for entry in session.scalars(query)}
        for entry in known.values():
            entry.is_offered = entry.code in codes
        for position, item in enumerate(items):
            entry = known.get(item["code"]) or CodeEntry(table_name=table, code=item["code"], is_offered=True)
            entry.label, entry.position = item["label"], position
            session.add(entry)
        audit.record(session, actor, now, "code-table.replace", ("code-table", None), table=table, codes=codes)
        session.flush()
    return list_codes(table)


def labels(session: Session, table: str) -> dict[str, str]:
    """Return code -> label of all that a table offers."""
    query = sa.select(CodeEntry.code, CodeEntry.label).where(
        CodeEntry.table_name == table, CodeEntry.is_offered.is_(True)
    )
    return {code: label for code, label in session.execute(query)}


def unknown_codes(session: Session, table: str, codes: Iterable[str], field: str) -> list[Fault]:
    """Return a fault for each code of the list `field` that the table does not offer."""
    offered = labels(session, table)
    return [unknown_code(f"{field}.{i}") for i, code in enumerate(codes) if code not in offered]


def unknown_code(field: str) -> Fault:
    """Return the fault of a code that is not on offer."""
    return Fault(field, "unknown-value", "没有这个选项,请从列表中选择。")
