"""Reports over HTTP, as JSON and as sheets."""

from typing import Any

from volunteer.access import Permission, Scope
from volunteer.exports.rules import Format, Stamp
from volunteer.reports import area_sheets, rate_sheets
from volunteer.reports import schemas as s
from volunteer.reports.area_rates import area_rates
from volunteer.reports.service import registration_rates
from volunteer.site import service as site
from volunteer.web.attachments import CSV, XLSX, headers, named
from volunteer.web.routes import Call, Raw, Room

room = Room("reports")


@room.route(
    "GET",
    "/reports/registration-rates",
    Permission.READ_REPORTS,
    Scope.UNIT,
    query=s.RegistrationRatesQuery,
    answers={200: s.RegistrationRatesOut},
    errors=(404,),
)
def show_registration_rates(call: Call) -> Any:
    """Report the registration rates of units as of a day."""
    report = registration_rates(call.actor, call.query["rates"], call.now)
    total = {"counts": report.total, "without_unit": report.without_unit}
    about = {"as_of": report.as_of, "year": report.year, "denominator": report.denominator}
    last = report.last_set.at if report.last_set else None
    return 200, about | {"denominator_set_at": last, "rows": report.rows, "total": total}


@room.route(
    "GET",
    "/reports/registration-rates.xlsx",
    Permission.READ_REPORTS,
    Scope.UNIT,
    query=s.RegistrationRatesQuery,
    answers={200: XLSX},
    errors=(404,),
)
def registration_rates_as_xlsx(call: Call) -> Any:
    """Give the same report as an Excel sheet."""
    report = registration_rates(call.actor, call.query["rates"], call.now)
    stamp = rate_sheets.taken(call.actor, report, Format.XLSX, call.now)
    sheet = rate_sheets.as_xlsx(report, site.facts().name, stamp)
    return 200, _file(sheet, XLSX, f"registration-rates-{report.as_of}", stamp, "xlsx")


@room.route(
    "GET",
    "/reports/registration-rates.csv",
    Permission.READ_REPORTS,
    Scope.UNIT,
    query=s.RegistrationRatesQuery,
    answers={200: CSV},
    errors=(404,),
)
def registration_rates_as_csv(call: Call) -> Any:
    """Give the same report as CSV."""
    report = registration_rates(call.actor, call.query["rates"], call.now)
    stamp = rate_sheets.taken(call.actor, report, Format.CSV, call.now)
    return 200, _file(rate_sheets.as_csv(report), CSV, f"registration-rates-{report.as_of}", stamp, "csv")


@room.route(
    "GET",
    "/reports/area-rates",
    Permission.READ_REPORTS,
    Scope.UNIT,
    query=s.AreaRatesQueryIn,
    answers={200: s.AreaRatesOut},
    errors=(404,),
)
def show_area_rates(call: Call) -> Any:
    """Report the registration rates by area as of a day."""
    report = area_rates(call.actor, call.query["rates"], call.now)
    about = {name: getattr(report, name) for name in ("as_of", "year", "denominator", "is_part", "rows")}
    last = report.last_set.at if report.last_set else None
    total = {"counts": report.total, "without_area": report.without_area}
    return 200, about | {"denominator_set_at": last, "total": total}


@room.route(
    "GET",
    "/reports/area-rates.xlsx",
    Permission.READ_REPORTS,
    Scope.UNIT,
    query=s.AreaRatesQueryIn,
    answers={200: XLSX},
    errors=(404,),
)
def area_rates_as_xlsx(call: Call) -> Any:
    """Give the report by area as an Excel sheet."""
    report = area_rates(call.actor, call.query["rates"], call.now)
    stamp = area_sheets.taken(call.actor, report, Format.XLSX, call.now)
    sheet = area_sheets.as_xlsx(report, site.facts().name, stamp)
    return 200, _file(sheet, XLSX, f"area-rates-{report.as_of}", stamp, "xlsx")


@room.route(
    "GET",
    "/reports/area-rates.csv",
    Permission.READ_REPORTS,
    Scope.UNIT,
    query=s.AreaRatesQueryIn,
    answers={200: CSV},
    errors=(404,),
)
def area_rates_as_csv(call: Call) -> Any:
    """Give the report by area as CSV."""
    report = area_rates(call.actor, call.query["rates"], call.now)
    stamp = area_sheets.taken(call.actor, report, Format.CSV, call.now)
    return 200, _file(area_sheets.as_csv(report), CSV, f"area-rates-{report.as_of}", stamp, "csv")


def _file(data: bytes, media_type: str, name: str, stamp: Stamp, ending: str) -> Raw:
    """Return a file named after the report, its day and its number."""
    return Raw(data, media_type, named(f"{name}.{ending}", stamp.number), headers(stamp.number))
