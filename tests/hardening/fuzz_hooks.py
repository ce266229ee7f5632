"""What Schemathesis is told about us; it loads this file into its own process (`hooks` of its configuration).

Only three things, so that the fuzzing stays honest: requests come from many addresses (or the limits would answer
alone), half of the times are near the present, where shifts are, and a request that fits the schema may still break a
rule of the trade, which JSON Schema cannot say: two days in the wrong order, a check digit, a phone code. It may never
be refused for its form.
"""

import datetime as dt
import itertools
import json
from typing import Any

import schemathesis
from hypothesis import strategies as st

#: Codes of 422 that speak of form alone, which JSON Schema can say: `volunteer.web.schemas` and the phone.
FORM = {
    "required",
    "invalid",
    "length",
    "unknown-field",
    "unknown-value",
    "invalid-date",
    "invalid-instant",
    "out-of-range",
    "bad-phone",
}
#: Where a code of form says what JSON Schema cannot: (field, code) -> why.
BEYOND = {
    ("latitude", "required"): "goes with a longitude",
    ("longitude", "required"): "goes with a latitude",
    ("near", "required"): "goes with a radius",
    ("sex", "required"): "of papers that do not tell it",
    ("birth_date", "required"): "of papers that do not tell it",
    ("phone", "required"): "unless staff register on paper",
    ("phone_code", "required"): "depends on whose phone it is",
    ("guardian", "required"): "of minors, and then whole",
    ("code", "required"): "or a ticket",
    ("reason", "required"): "of a refusal, or of a sheet of paper in the place of a good one",
    ("category", "unknown-value"): "the table of codes can be edited",
    ("political_status", "unknown-value"): "the table of codes can be edited",
    ("skills", "unknown-value"): "the table of codes can be edited",
    ("service_categories", "unknown-value"): "the table of codes can be edited",
    ("required_skill", "unknown-value"): "the table of codes can be edited",
    ("official_ids", "required"): "or units",
    ("name", "required"): "of a paper of a kind of its own",
    ("date", "out-of-range"): "a pack is for the days just ahead",
    ("minutes", "out-of-range"): "at most the length of that shift",
    ("events", "invalid-instant"): "three instants that lie ages apart",
    ("scanned_at", "invalid-instant"): "two instants that lie ages apart",
}
NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
NEAR = st.integers(-4000, 4000).map(lambda minutes: NOW + dt.timedelta(minutes=minutes))
EVER = st.integers(0, 2_560_000).map(lambda days: dt.datetime(1971, 1, 2, 3, 4, 5, tzinfo=dt.UTC) + dt.timedelta(days))
OFFSETS = st.sampled_from(["Z", "+08:00", "-11:30", "+00:00"])
INSTANTS = st.builds("{:%Y-%m-%dT%H:%M:%S}{}".format, NEAR | EVER, OFFSETS)
schemathesis.openapi.format("date-time", INSTANTS)
schemathesis.openapi.format("date", (NEAR | EVER).map("{:%Y-%m-%d}".format))
ADDRESSES = itertools.count(1)


def address() -> str:
    """Return the next address; a loopback one, since the demo's sender of codes serves no other."""
    number = next(ADDRESSES)
    return f"127.{number // 65536 % 256}.{number // 256 % 256}.{number % 256}"


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Come from another address each time."""
    case.headers["X-Forwarded-For"] = address()


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Drop 'schema-valid request rejected' where a rule of the trade refused it, not its form."""
    if type(failure).__name__ != "RejectedPositiveData" or response.status_code != 422:
        return True
    problem = json.loads(response.content)
    if "errors" not in problem:  # what is in a file is beyond its schema
        return False
    faults = [
        fault | {"field": fault["field"].removeprefix("shifts.").lstrip("0123456789.")} for fault in problem["errors"]
    ]
    return any(
        fault["code"] in FORM and (fault["field"].split(".")[0], fault["code"]) not in BEYOND for fault in faults
    )
