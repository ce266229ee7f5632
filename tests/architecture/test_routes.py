"""No route is unmarked: whatever the app serves was declared with a permission and a scope, or is named here."""

from flask import Flask

from volunteer.access import Permission, Scope
from volunteer.app import PAGES, routes
from volunteer.web.routes import Route

#: What stands outside the guard, with the reason.
OUTSIDE = {
    "static": "our own style sheet and scripts",
    "healthz": "for the machine that restarts us: tells nothing",
    "readyz": "for the machine that balances load: tells nothing",
    "openapi": "the public description of the API",
}


def test_every_rule_of_the_app_is_declared_or_named(app: Flask) -> None:
    declared = {route.endpoint for route in routes()}
    declared |= {f"{room.name}.{page.view.__name__}" for room in PAGES for page in room.routes}
    served = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert served - declared == set(OUTSIDE)


def test_every_declaration_names_a_permission_and_a_scope() -> None:
    for route in routes():
        assert isinstance(route.permission, Permission), route
        assert isinstance(route.scope, Scope), route
        if route.permission not in (Permission.ANYONE, Permission.SIGNED_IN):
            assert route.scope is not Scope.NOTHING, route.endpoint


def test_a_route_without_a_permission_cannot_be_declared() -> None:
    required = {"permission", "scope", "method", "path", "view"}
    assert required <= set(Route.__dataclass_fields__)
    assert all(Route.__dataclass_fields__[name].default.__class__.__name__ == "_MISSING_TYPE" for name in required)


def test_a_device_may_call_exactly_what_the_contract_lists() -> None:
    allowed = {
        ("POST", "/checkins"),
        ("POST", "/checkins/batch"),
        ("GET", "/stations/<uuid:station_id>/today"),
        ("GET", "/stations/<uuid:station_id>/code"),
        ("GET", "/stations/<uuid:station_id>/offline-pack"),
    }
    assert {(route.method, route.path) for route in routes() if route.devices} == allowed
