"""How long what is kept, on a page: rules with their reasons, what the last run removed, and times to change."""

from typing import Any

from flask import g, redirect, render_template, request, url_for
from marshmallow import fields, validate

from volunteer.access import Permission, Scope
from volunteer.accounts import directory
from volunteer.errors import Fault, InvalidInput
from volunteer.retention import service
from volunteer.retention.rules import KEPT, RULES
from volunteer.web.forms import filled, load, typed
from volunteer.web.pages import Pages
from volunteer.web.schemas import BaseSchema, Text

pages = Pages("retention")
READ = (Permission.AUDIT, Scope.SITE)


class DaysIn(BaseSchema):
    """Which rule, and how many days."""

    key = Text(20, required=True)
    days = fields.Integer(required=True, validate=validate.Range(0, 10_000, error="outside|请填写 0 到 10000 的整数。"))


@pages.page("/manage/retention", *READ)
def list_page() -> Any:
    """Show every rule, its last run, and what stays with its reason."""
    return _page("", {}, [])


@pages.page("/manage/retention/<key>", Permission.MANAGE_SITE, Scope.SITE, methods=("POST",))
def change(key: str) -> Any:
    """Set a time within its bounds."""
    texts = typed("days")
    body, faults = load(DaysIn(), filled(texts) | {"key": key})
    try:
        if not faults:
            service.set_days(g.actor, body["key"], body["days"], g.now)
            return redirect(url_for("retention.list_page", saved=1), 303)
    except InvalidInput as error:
        faults = list(error.faults)
    return _page(key, texts, faults)


def _page(key: str, texts: dict[str, str], faults: list[Fault]) -> Any:
    """Return the page, with what was typed for one rule and its faults."""
    found = service.lines()
    names = directory.names_of(g.actor, {line.set_by for line in found if line.set_by})
    going = {table for rule in RULES for table in rule.tables}
    body = render_template(
        "retention/rules.html",
        lines=found,
        kept=sorted({reason for table, reason in KEPT.items() if table not in going}),
        names=names,
        may_change=g.actor.is_admin,
        wrong=key,
        typed=texts,
        faults=[Fault(f"days-{key}", fault.code, fault.message) for fault in faults],
        is_saved="saved" in request.args and not faults,
    )
    return body, 422 if faults else 200
