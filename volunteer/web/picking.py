"""Choosing a unit, a station or an area in a form by typing: a code, a name or a part of it; no scripts needed.

One thing fits: it is taken. Several fit: the form comes back with them to choose from. The text field is `<field>`, the
choice `<field>_choice`, and `<field>_for` says for which text the choices were offered.
"""

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from flask import request

from volunteer.errors import Fault

MOST = 20
#: How a thing is written in a field: its name, and its code in parentheses.
SPELLED = re.compile(r"[((]([^()()]+)[))]\s*$")


class Option(Protocol):
    """What can be chosen."""

    @property
    def id(self) -> uuid.UUID:
        """Its id."""

    @property
    def code(self) -> str:
        """Its code."""

    @property
    def name(self) -> str:
        """Its name."""


#: Finds up to so many things in whose name or code a text stands.
Find = Callable[[str, int], Sequence[Option]]


@dataclass(frozen=True, slots=True)
class Picked:
    """What was chosen: nothing, a thing, or what there is to choose from."""

    text: str = ""
    id: uuid.UUID | None = None
    options: tuple[tuple[str, str], ...] = ()
    faults: tuple[Fault, ...] = ()


def spell(thing: Option | None) -> str:
    """Return a thing as a field shows it, and as `pick` finds it again."""
    return f"{thing.name}({thing.code})" if thing else ""


def shown(thing: Option | None) -> Picked:
    """Return the field of a form that is opened anew."""
    return Picked(spell(thing))


def pick(field: str, find: Find, *, required: bool = False) -> Picked:
    """Return what a form's field means."""
    text = request.form.get(field, "").strip()
    if not text:
        return Picked(faults=(Fault(field, "required", "请填写这一项。"),) if required else ())
    chosen = _chosen(field) if request.form.get(f"{field}_for", "") == text else None
    if chosen:
        return Picked(text, chosen)
    coded = SPELLED.search(text)
    found = list(find(coded[1] if coded else text, MOST + 1))
    same = [one for one in found if one.code == (coded[1] if coded else text)]
    same = same or [one for one in found if one.name == text]
    if len(same) == 1 or len(found) == 1:
        return Picked(text, (same or found)[0].id)
    return _unclear(field, text, same or found)


def _chosen(field: str) -> uuid.UUID | None:
    """Return the id of the choice that was ticked."""
    try:
        return uuid.UUID(request.form.get(f"{field}_choice", ""))
    except ValueError:
        return None


def _unclear(field: str, text: str, found: Sequence[Option]) -> Picked:
    """Return what to ask: nothing fits, or too much."""
    if not found:
        return Picked(text, faults=(Fault(field, "unknown", f"没有找到“{text[:30]}”,请核对名称或代码。"),))
    options = tuple((str(one.id), spell(one)) for one in found[:MOST])
    more = len(found) > MOST
    said = "符合的太多,请选一个,或多填几个字。" if more else f"有 {len(found)} 个符合,请选一个。"
    return Picked(text, options=options, faults=(Fault(field, "several", said),))
