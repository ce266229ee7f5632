"""Headcounts and tasks of many units as one table, level by level or of what a filter finds. Source: ux.md A5."""

import uuid
from dataclasses import dataclass
from typing import Any

from flask import g, redirect, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.accounts import directory
from volunteer.errors import Fault, InvalidInput, NotFound
from volunteer.units import listing, numbers, service
from volunteer.units import schemas as s
from volunteer.units.numbers import HEADCOUNT, TARGET, NumbersLine, Row, Wish, field
from volunteer.web.forms import filled, load
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page

pages = Pages("units_desk")
ROWS = 50
NAMES = (HEADCOUNT, TARGET)
NO_NUMBER = "请填写整数,如 120;没有这个数就留空。"
FILTERS = ("parent", "q", "kind", "area_id", "show", "year")


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which units of which year, and the words of the address that say so."""

    wanted: listing.Wanted
    year: int
    same: dict[str, str]
    faults: list[Fault]


@pages.page("/manage/units/numbers", Permission.MANAGE_SITE, Scope.SITE, methods=("GET", "POST"))
def numbers_page() -> Any:
    """Show headcounts and tasks of one level, or of what a filter finds, and write those that were changed."""
    g.actor.require_admin()
    asked = _asked()
    if request.method == "POST" and not asked.faults:
        return _written(asked)
    cursor = decode_cursor(request.args.get("cursor"), str)
    found = [] if asked.faults else _lines(asked, asked.wanted, cursor[0] if cursor else None)
    listed = page(found, ROWS, lambda line: (line.unit.code,))
    return _table(asked, listed["items"], listed["next_cursor"], {}, asked.faults), 422 if asked.faults else 200


def _asked() -> _Asked:
    """Return what the address asks for; a year that is not offered is this one."""
    today = service.today(g.now)
    texts = filled({name: request.args.get(name, "").strip() for name in FILTERS})
    query, faults = load(s.NumbersFilter(), texts)
    year = query.pop("year", None)
    wanted = listing.Wanted(query.pop("parent"), **query) if not faults else listing.Wanted()
    return _Asked(wanted, year if year in _years() else today.year, texts, faults)


def _years() -> tuple[int, int]:
    """Return the years whose tasks are set here: this one and the next."""
    this = service.today(g.now).year
    return this, this + 1


def _lines(asked: _Asked, wanted: listing.Wanted, after: str | None) -> list[NumbersLine]:
    """Return one page of lines, and one more where there are more."""
    return numbers.list_numbers(g.actor, wanted, asked.year, ROWS + 1, after, service.today(g.now))


def _written(asked: _Asked) -> Any:
    """Write what was changed and lead on; with faults, show the same units with all that was typed."""
    ids = [service.find_id(text) for text in request.form.getlist("unit")]
    if len(ids) > ROWS:
        raise NotFound
    rows, faults = [], []
    for unit_id in ids:
        row, wrong = _row(unit_id)
        faults += wrong
        rows.append(row)
    if not faults:
        try:
            count = numbers.set_numbers(g.actor, asked.year, rows, g.now)
        except InvalidInput as error:
            faults = list(error.faults)
        else:
            on = request.form.get("next", "") if request.form.get("then") == "next" else request.args.get("cursor")
            words: dict[str, Any] = {**asked.same, "cursor": on or None, "done": count}
            return redirect(url_for("units_desk.numbers_page", **words), 303)
    else:
        faults += numbers.faults_of(g.actor, asked.year, rows)
    lines = _lines(asked, listing.Wanted(ids=tuple(ids)), None)
    return _table(asked, lines, request.form.get("next") or None, _kept(lines, faults), faults), 422


def _row(unit_id: uuid.UUID) -> tuple[Row, list[Fault]]:
    """Return what is wanted of one unit; a number that cannot be read is one that was not touched, with its fault."""
    wishes, faults = {}, []
    for name in NAMES:
        key = field(name, unit_id)
        body, wrong = load(s.NumbersForm(only=(name,)), filled({name: request.form.get(key, "").strip()}))
        shown = request.form.get("was-" + key, "")
        was = int(shown) if shown.isascii() and shown.isdigit() else None
        wishes[name] = Wish(was, was if wrong else body[name])
        faults += [Fault(key, one.code, NO_NUMBER if one.code == "invalid" else one.message) for one in wrong]
    return Row(unit_id, **wishes), faults


def _kept(lines: list[NumbersLine], faults: list[Fault]) -> dict[str, str]:
    """Return what stands in the fields: what was typed; what was not touched is as it stands now.

    A number that was changed meanwhile counts as shown from now on, so that saving once more is meant.
    """
    changed = {fault.field for fault in faults if fault.code == "changed-meanwhile"}
    kept: dict[str, str] = {}
    for line in lines:
        for name in NAMES:
            key = field(name, line.unit.id)
            now_there = text_of(getattr(line.unit, name))
            typed, was = request.form.get(key, "").strip(), request.form.get("was-" + key, "")
            kept[key] = now_there if typed == was else typed
            kept["was-" + key] = now_there if typed == was or key in changed else was
    return kept


def text_of(number: int | None) -> str:
    """Return a number as a field holds it."""
    return "" if number is None else str(number)


def _table(
    asked: _Asked, lines: list[NumbersLine], cursor: str | None, texts: dict[str, str], faults: list[Fault]
) -> str:
    """Return the page."""
    set_by = {one.by for line in lines for one in (line.headcount_set, line.target_set) if one and one.by}
    return render_template(
        "units/desk_numbers.html",
        lines=lines,
        texts=texts,
        text_of=text_of,
        field_name=field,
        faults=faults,
        wanted=asked.wanted,
        year=asked.year,
        years=_years(),
        same=asked.same,
        cursor=cursor,
        here=request.args.get("cursor"),
        above=[] if asked.wanted.is_search else listing.lineage(asked.wanted.parent_id),
        setters=directory.names_of(g.actor, set_by),
        done=request.args.get("done", "") if not faults else "",
    )
