"""The lists of pairings as a sheet: the rows that are seen, one line for each who answers. Source: domain.md A23."""

from collections.abc import Iterator
from typing import Any

from flask import g, request

from volunteer.access import Permission, Scope
from volunteer.errors import InvalidInput
from volunteer.exports import service as exports
from volunteer.exports.rules import ExportKind, Format
from volunteer.pairings import service, views
from volunteer.pairings.schemas import ListFilter
from volunteer.pairings.views import AreaLine, PairingView
from volunteer.reports.sheets import Cell, Column, to_xlsx
from volunteer.site import service as site
from volunteer.web.attachments import XLSX, attachment
from volunteer.web.forms import filled, load
from volunteer.web.pages import Pages

pages = Pages("pairing_sheets")
FILTERS = ("by", "level", "q", "on", "gaps")
COLUMNS = (
    Column("对象", width=24),
    Column("级别", width=12),
    Column("方式", width=8),
    Column("领导或单位", width=28),
    Column("职务", width=28),
    Column("开始日期", width=12),
    Column("情况", width=14),
)


@pages.page("/pairings.xlsx", Permission.READ_PAIRINGS, Scope.SITE)
def list_xlsx() -> Any:
    """Give the rows that are seen as an Excel sheet."""
    query, faults = load(ListFilter(), filled({name: request.args.get(name, "").strip() for name in FILTERS}))
    if faults:
        raise InvalidInput(faults)
    day = query["on"] or service.today(g.now)
    titles = (f"{site.facts().name}:包联情况", f"截至 {day}")
    cells = [line for row in views.rows_of(query, day) for line in _lines(row)]
    stamp = exports.record(g.actor, exports.Taken(ExportKind.PAIRINGS, Format.XLSX, str(day), len(cells)), g.now)
    sheet = to_xlsx("包联", titles, COLUMNS, cells, stamp)
    return attachment(sheet, XLSX, f"pairings-{query['by']}-{day}.xlsx", stamp.number)


def _lines(row: Any) -> Iterator[list[Cell]]:
    """Yield a line for each who answers; for an area that nobody answers for, one that says so."""
    if isinstance(row, AreaLine):
        for one in row.own:
            yield _line(one, row.name, row.level.label, row.gap.label if row.gap else "")
        if not row.own:
            yield [row.name, row.level.label, "", "", "", "", row.gap.label if row.gap else ""]
        return
    for one in row.pairings:
        yield _line(one, one.target, one.level, "")


def _line(one: PairingView, target: str, level: str, gap: str) -> list[Cell]:
    """Return the cells of one pairing."""
    return [target, level, one.kind.label, one.party, one.office, str(one.from_on), gap]
