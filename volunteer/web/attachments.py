"""Sheets on their way out: a number in the file's name and in a header, and nothing leaves without one.

XLSX carries the mark inside (`exports`); CSV is read by machines and carries it in its name alone. Source: ADR 0011.
"""

from typing import Final

from flask import Flask, Response

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV: Final = "text/csv"
SHEETS: Final = (XLSX, CSV, "application/vnd.ms-excel", "application/vnd.oasis.opendocument.spreadsheet")
NUMBER: Final = "X-Export-Number"
BLANK: Final = "blank"
"""In the place of a number: an empty form to fill in, which holds nobody and no figures."""


def headers(number: str) -> dict[str, str]:
    """Return the headers of a sheet with that number."""
    return {NUMBER: number, "Cache-Control": "no-store"}


def named(name: str, number: str) -> str:
    """Return a file's name with the export's number before its ending."""
    stem, dot, ending = name.rpartition(".")
    return name if number == BLANK else f"{stem}-{number}{dot}{ending}"


def attachment(data: bytes, media_type: str, name: str, number: str) -> Response:
    """Return a file to keep; never kept on the way."""
    response = Response(data, mimetype=media_type, headers=headers(number))
    response.headers.set("Content-Disposition", "attachment", filename=named(name, number))
    return response


def init_app(app: Flask) -> None:
    """Stop every sheet without a number: whoever made it forgot to put it on record."""
    app.after_request(_numbered)


def _numbered(response: Response) -> Response:
    """Let an answer go, unless it is a sheet that no log knows.

    Raises:
        RuntimeError: such a sheet; the answer becomes a 500, and nothing has left.
    """
    if response.mimetype in SHEETS and NUMBER not in response.headers:
        raise RuntimeError("a sheet without an export number: call exports.service.record")
    return response
