"""The talent pool as a sheet. An export is a form, since it is put on record."""

from typing import Any

from flask import g, request

from volunteer.access import Permission, Scope
from volunteer.errors import InvalidInput
from volunteer.reports import talent_sheets
from volunteer.talents.asking import asked_of, wanted_of
from volunteer.web.attachments import XLSX, attachment
from volunteer.web.pages import Pages

pages = Pages("talent_sheets")


@pages.page("/talents.xlsx", Permission.READ_REPORTS, Scope.UNIT, methods=("POST",))
def talents_xlsx() -> Any:
    """Give what a search found as an Excel sheet."""
    wanted, _, faults = wanted_of(asked_of(request.form))
    if faults:
        raise InvalidInput(faults)
    data, stamp = talent_sheets.export(g.actor, wanted, g.now)
    return attachment(data, XLSX, "talents.xlsx", stamp.number)
