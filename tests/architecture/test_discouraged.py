"""What the law tells volunteer systems not to collect does not exist: no column, no field of any body or answer.

Source: domain.md b5 (Beijing credit rules 6: no religion, genes, fingerprints, blood type, illness or medical history).
"""

import re

from marshmallow import Schema

from volunteer import app
from volunteer.database import metadata

DISCOURAGED = {
    "biometric",
    "blood",
    "disease",
    "dna",
    "faith",
    "fingerprint",
    "gene",
    "genes",
    "genetic",
    "health",
    "illness",
    "medical",
    "religion",
    "religious",
}


def schemas(base: type[Schema] = Schema) -> set[type[Schema]]:
    """Return every schema that the rooms have."""
    return {base} | {found for below in base.__subclasses__() for found in schemas(below)}


def said(name: str) -> set[str]:
    """Return the words of a name."""
    return set(re.split(r"[_\W]+", name.lower()))


def test_no_table_and_no_schema_asks_what_the_law_discourages() -> None:
    assert app.ROOMS
    columns = {f"{table.name}.{column.name}" for table in metadata.sorted_tables for column in table.columns}
    fields = {f"{one.__name__}.{name}" for one in schemas() for name in one._declared_fields}

    found = {name for name in columns | fields if said(name.partition(".")[2]) & DISCOURAGED}

    assert found == set()
    assert len(columns) > 300
    assert len(fields) > 300


def test_a_name_is_read_by_its_words() -> None:
    assert said("blood_type") & DISCOURAGED
    assert not said("general_number") & DISCOURAGED
