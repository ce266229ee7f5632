"""Who may import what inside and between rooms: the part of docs/architecture.md that lint-imports cannot say.

The floors are a contract in pyproject.toml. Here, a module's door is found by the words of its name: ``api``,
``api_batches`` and ``batches_api`` are all the door ``api``, in the room itself or in a package of it.
"""

from collections.abc import Callable, Iterable, Iterator

import grimp
import pytest

ROOT = "volunteer"
RANKS = {"rules": 0, "models": 1, "queries": 2, "service": 3, "schemas": 4, "api": 5, "pages": 5}
PURE = {"rules", "codes", "fold", "segments", "reasons", "policy", "spans"}
IMPURE = {"flask", "sqlalchemy", "marshmallow"}
NO_ROOMS = {"app", "web", "migrations"}
FRONT_DOORS = {"api", "pages"}

Check = Callable[[grimp.ImportGraph], Iterable[str]]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(ROOT, include_external_packages=True, cache_dir=None)


def room_of(module: str) -> str | None:
    """Return the room a module is in, or None for the building itself and for other packages."""
    parts = module.split(".")
    return parts[1] if parts[0] == ROOT and len(parts) > 2 and parts[1] not in NO_ROOMS else None


def door_of(module: str) -> str | None:
    """Return the door of a room that a module is, or None."""
    if not room_of(module):
        return None
    words = module.rpartition(".")[2].split("_")
    return next((door for door in RANKS if door in words), None)


def imports(graph: grimp.ImportGraph) -> Iterator[tuple[str, str]]:
    """Return every direct import as (importer, imported)."""
    for importer in sorted(graph.modules):
        for imported in sorted(graph.find_modules_directly_imported_by(importer)):
            yield importer, imported


def pure_rules_that_reach_a_framework(graph: grimp.ImportGraph) -> Iterator[str]:
    frameworks = sorted(module for module in graph.modules if is_framework(module))
    for module in sorted(graph.modules):
        if room_of(module) and (door_of(module) == "rules" or module.rpartition(".")[2] in PURE):
            for framework in frameworks:
                chain = graph.find_shortest_chain(importer=module, imported=framework)
                if chain:
                    yield " -> ".join(chain)


def is_framework(module: str) -> bool:
    """Return whether a module is Flask, an extension of it, SQLAlchemy or marshmallow."""
    return module in IMPURE or module.startswith("flask_")


def flask_behind_the_front_doors(graph: grimp.ImportGraph) -> Iterator[str]:
    for importer, imported in imports(graph):
        if imported == "flask" and room_of(importer) and door_of(importer) not in FRONT_DOORS:
            yield f"{importer} -> {imported}"


def models_read_by_others(graph: grimp.ImportGraph) -> Iterator[str]:
    for importer, imported in imports(graph):
        room = room_of(imported)
        if door_of(imported) != "models" or room_of(importer) == room:
            continue
        is_migration = importer.startswith(f"{ROOT}.migrations")
        reads_all = room_of(importer) in ("reports", "anomalies")
        is_report = reads_all and door_of(importer) == "queries" and room != "registration"
        if not (is_migration or is_report):
            yield f"{importer} -> {imported}"


def front_doors_opened_from_inside(graph: grimp.ImportGraph) -> Iterator[str]:
    for importer, imported in imports(graph):
        if door_of(imported) not in FRONT_DOORS or importer == f"{ROOT}.app" or importer.startswith(f"{ROOT}.app."):
            continue
        if not (room_of(importer) == room_of(imported) and door_of(importer) in FRONT_DOORS):
            yield f"{importer} -> {imported}"


def doors_in_the_wrong_order(graph: grimp.ImportGraph) -> Iterator[str]:
    for importer, imported in imports(graph):
        if room_of(importer) and room_of(importer) == room_of(imported):
            upper, lower = door_of(importer), door_of(imported)
            if upper and lower and RANKS[upper] < RANKS[lower]:
                yield f"{importer} -> {imported}"


CHECKS: dict[Check, tuple[str, str]] = {
    pure_rules_that_reach_a_framework: ("volunteer.hours.rules", "volunteer.database"),
    flask_behind_the_front_doors: ("volunteer.hours.service", "flask"),
    models_read_by_others: ("volunteer.reports.queries", "volunteer.registration.models"),
    front_doors_opened_from_inside: ("volunteer.hours.service", "volunteer.checkin.api"),
    doors_in_the_wrong_order: ("volunteer.hours.queries", "volunteer.hours.service"),
}


@pytest.mark.parametrize("check", CHECKS)
def test_the_house_keeps_the_rule(check: Check, graph: grimp.ImportGraph) -> None:
    assert list(check(graph)) == []


@pytest.mark.parametrize(("check", "fault"), CHECKS.items())
def test_the_rule_finds_a_fault_and_only_that(check: Check, fault: tuple[str, str]) -> None:
    graph = grimp.ImportGraph()
    allowed = [
        ("volunteer.app", "volunteer.hours.api"),
        ("volunteer.database", "sqlalchemy"),
        ("volunteer.hours.api", "flask"),
        ("volunteer.hours.api", "volunteer.hours.service"),
        ("volunteer.hours.models", "volunteer.hours.rules"),
        ("volunteer.hours.service", "volunteer.database"),
        ("volunteer.hours.service_credit", "volunteer.hours.models"),
        ("volunteer.migrations.env", "volunteer.registration.models"),
        ("volunteer.reports.queries", "volunteer.hours.models"),
        ("volunteer.web.guard", "flask"),
    ]
    for importer, imported in allowed:
        graph.add_import(importer=importer, imported=imported)
    assert list(check(graph)) == []

    graph.add_import(importer=fault[0], imported=fault[1])

    (found,) = check(graph)
    assert found.startswith(f"{fault[0]} -> {fault[1]}")
