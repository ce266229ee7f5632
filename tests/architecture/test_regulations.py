"""docs/regulations.md names functions and tests that exist, and every line names both."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES = [
    line
    for line in (ROOT / "docs" / "regulations.md").read_text("utf-8").splitlines()
    if line.startswith("|") and not line.startswith(("|---", "| article"))
]


def test_there_are_articles() -> None:
    assert len(LINES) >= 20


@pytest.mark.parametrize("line", LINES, ids=[line.split("|")[1].strip() for line in LINES])
def test_an_article_leads_to_a_function_and_a_test(line: str) -> None:
    function, test = (cell.strip().strip("`") for cell in line.split("|")[3:5])
    module, _, name = function.partition(":")
    assert hasattr(importlib.import_module(module), name), function
    path, _, test_name = test.partition("::")
    assert re.search(rf"^def {test_name}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE), test
