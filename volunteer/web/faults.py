"""The list of faults at the head of a form: each named by its field's label, although labels are rendered further down.

`error_summary` leaves a mark, the fields tell their labels while they are rendered, and the frame puts the list where
the mark is. Source: ux.md D4 (one summary, links to the fields), AC17.
"""

import re
from collections.abc import Iterable, Mapping

from flask import Flask, g
from flask_babel import gettext
from markupsafe import Markup, escape

from volunteer.errors import Fault

MARK = Markup("<!-- faults -->")
ROW = re.compile(r"\.(\d+)\.")


def init_app(app: Flask) -> None:
    """Offer templates what marks the place, tells a label, and fills the place."""
    app.add_template_global(mark_faults)
    app.add_template_global(tell_label)
    app.add_template_filter(with_faults)


def mark_faults(faults: Iterable[Fault]) -> Markup:
    """Remember the faults of this page; return the mark where their list will stand."""
    g.faults = list(faults)
    return MARK if g.faults else Markup()


def tell_label(name: str, label: str) -> str:
    """Remember the label of a field; return nothing, so that a macro can call it."""
    labels: dict[str, str] = g.setdefault("labels", {})
    labels[name] = str(label)
    return ""


def with_faults(body: Markup) -> Markup:
    """Return the body of a page with the list of faults in the place of the mark."""
    faults: list[Fault] = g.get("faults") or []
    if not faults or MARK not in body:
        return body
    return Markup(body.replace(MARK, _listed(faults, g.get("labels", {})), 1))  # noqa: S704 - both are escaped


def said(fault: Fault, labels: Mapping[str, str]) -> str:
    """Return a fault with the label of its field and the number of its row, where its sentence does not name them."""
    label, row = labels.get(fault.field, ""), ROW.search(fault.field)
    if not label or label in fault.message:
        label = ""
    number = gettext("No. %(n)s", n=int(row[1]) + 1) if row else ""
    heading = " · ".join(part for part in (number, label) if part)
    return f"{heading}:{fault.message}" if heading else fault.message


def _listed(faults: list[Fault], labels: Mapping[str, str]) -> Markup:
    """Return the list, each entry a link to its field."""
    title = escape(gettext("%(n)s things need to be changed", n=len(faults)))
    rows = Markup().join(
        Markup('<li><a href="#{}">{}</a></li>').format(fault.field, said(fault, labels)) for fault in faults
    )
    return Markup('<div class="summary" role="alert" tabindex="-1"><h2>{}</h2><ul>{}</ul></div>').format(title, rows)
