"""How the source is cut: short files and functions, telling names, one clock, no loose ends, no secrets."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE_LINES = 400
FUNCTION_LINES = 40
EMPTY_WORDS = {"util", "utils", "helper", "helpers"}
LOOSE_ENDS = re.compile(r"\b(TODO|FIXME|XXX|raise NotImplementedError)\b")
SECRET_NAME = re.compile(r"(^|_)(SECRET|PASSWORD|PASSWD|PEPPER|PRIVATE_KEY|API_KEY|SECRET_KEY|TOKEN)$", re.IGNORECASE)
SECRET_VALUE = re.compile(r"-----BEGIN|[0-9a-f]{32,}|(?=\S*[a-z])(?=\S*[A-Z])(?=\S*[0-9])[A-Za-z0-9+/_-]{40,}={0,2}")

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Source:
    """One file of Python, read once."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.tree = ast.parse(text)

    def at(self, node: ast.expr | ast.stmt, what: str) -> str:
        return f"{self.name}:{node.lineno} {what}"


def sources_below(folder: str) -> list[Source]:
    paths = sorted((ROOT / folder).rglob("*.py"))
    return [Source(str(path.relative_to(ROOT)), path.read_text("utf-8")) for path in paths]


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    return sources_below("volunteer")


def test_files_are_short(sources: list[Source]) -> None:
    lengths = {source.name: len(source.text.splitlines()) for source in sources}
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES} == {}


def test_functions_are_short(sources: list[Source]) -> None:
    # A migration is history: one list of columns, read once, never called by the rest.
    offenders = [
        source.at(node, f"{node.name} has {lines} lines")
        for source in sources
        if not source.name.startswith("volunteer/migrations/versions/")
        for node in ast.walk(source.tree)
        if isinstance(node, Function) and (lines := length_of(node)) > FUNCTION_LINES
    ]
    assert offenders == []


def length_of(function: Function) -> int:
    """Return the lines of a function from `def` on, without its docstring."""
    first = function.body[0]
    lines = (function.end_lineno or 0) - function.lineno + 1
    if ast.get_docstring(function, clean=False) is not None:
        lines -= (first.end_lineno or 0) - first.lineno + 1
    return lines


def test_names_tell_what_is_inside() -> None:
    paths = [path for folder in ("volunteer", "tests", "tools", "templates") for path in (ROOT / folder).rglob("*")]
    assert [str(path) for path in paths if EMPTY_WORDS & set(re.split(r"[._-]", path.name.lower()))] == []


def test_only_the_clock_reads_the_clock(sources: list[Source]) -> None:
    offenders = [found for source in sources if source.name != "volunteer/clock.py" for found in clock_readings(source)]
    assert offenders == []


def clock_readings(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = ast.unparse(node.func.value).lower()
            is_date = owner.rpartition(".")[2] in {"datetime", "date", "dt"}
            if node.func.attr == "utcnow" or (node.func.attr in {"now", "today"} and is_date):
                yield source.at(node, ast.unparse(node.func))


def test_tables_come_from_migrations(sources: list[Source]) -> None:
    offenders = [
        source.at(node, "create_all")
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and node.attr == "create_all"
    ]
    assert offenders == []


def test_no_loose_ends(sources: list[Source]) -> None:
    texts = {source.name: source.text for source in [*sources, *sources_below("tools")]}
    for folder, pattern in (("templates", "*.html"), ("static", "*.js"), ("static", "*.css")):
        for path in (ROOT / folder).rglob(pattern):
            if not {"dist", "vendor"} & set(path.relative_to(ROOT).parts):
                texts[str(path.relative_to(ROOT))] = path.read_text("utf-8")
    assert {name: found for name, text in texts.items() if (found := LOOSE_ENDS.findall(text))} == {}


def test_no_secrets_in_the_source(sources: list[Source]) -> None:
    assert [found for source in [*sources, *sources_below("tools")] for found in secrets_in(source)] == []


def secrets_in(source: Source) -> Iterator[str]:
    # The demo prints its password at its start and serves loopback alone; keys are not allowed there either.
    is_demo = source.name.startswith("volunteer/demo")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            value = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
            is_alphabet = len(set(value)) == len(value)
            if SECRET_VALUE.fullmatch(value) and not is_alphabet:
                yield source.at(node, "looks like a key")
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [target.id for target in targets if isinstance(target, ast.Name) and target.id.isupper()]
            if not is_demo and any(map(SECRET_NAME.search, names)) and len(str(node.value.value)) >= 8:
                yield source.at(node, f"{names[0]} is written down")


def test_the_checks_find_what_they_look_for() -> None:
    source = Source(
        "volunteer/wrong.py",
        "import datetime as dt\n"
        "NOW = dt.datetime.now(dt.UTC)\n"
        "TODAY = dt.date.today()\n"
        "SESSION_SECRET = 'correct horse battery'\n"
        "KEY = '00112233445566778899aabbccddeeff'\n"
        "ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'\n"
        "def long():\n"
        "    '''Two\n    lines.'''\n" + "    pass\n" * 40,
    )

    assert len(list(clock_readings(source))) == 2
    assert [found.partition(" ")[0][-1] for found in secrets_in(source)] == ["4", "5"]
    assert length_of(next(node for node in ast.walk(source.tree) if isinstance(node, Function))) == 41
