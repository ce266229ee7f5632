"""Spot checks over HTTP: published results for everybody, draws and answers for admins."""

import uuid
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.anomalies import spot_checks
from volunteer.anomalies import spot_schemas as s
from volunteer.web.paging import decode_cursor, page
from volunteer.web.routes import Call, Room

room = Room("spot_checks")
READ, DO, SITE = Permission.AUDIT, Permission.MANAGE_SITE, Scope.SITE
CHECK = "/spot-checks/<uuid:check_id>"


@room.route("GET", "/spot-checks", Permission.ANYONE, Scope.NOTHING, query=s.SpotQuery, answers={200: s.SpotCheckPage})
def list_checks(call: Call) -> Any:
    """List published checks, the newest first."""
    limit, before = call.query["limit"], decode_cursor(call.query["cursor"], uuid.UUID)
    rows = spot_checks.list_checks(limit + 1, before[0] if before else None, published_only=True)
    return 200, page(rows, limit, lambda row: (row["id"],))


@room.route("POST", "/spot-checks", DO, SITE, body=s.DrawIn, answers={201: s.SpotCheckOut})
def draw(call: Call) -> Any:
    """Draw records by lot."""
    body = call.body
    scope = spot_checks.Scope(body["from_on"], body["to_on"], body["station_id"])
    made = spot_checks.draw(call.actor, body["title"], scope, body["size"], call.now)
    return 201, spot_checks.get_check(call.actor, made.id)


@room.route("GET", CHECK, Permission.ANYONE, Scope.NOTHING, answers={200: s.SpotCheckOut})
def get_check(call: Call, check_id: uuid.UUID) -> Any:
    """Show a published check, with all that it takes to draw again."""
    return 200, spot_checks.get_check(call.actor, check_id)


@room.route("GET", f"{CHECK}/items", READ, SITE, answers={200: s.SpotItemsOut})
def list_items(call: Call, check_id: uuid.UUID) -> Any:
    """List the drawn records, people masked."""
    return 200, {"items": spot_checks.list_items(call.actor, check_id)}


@room.route(
    "PUT",
    "/spot-check-items/<uuid:item_id>",
    DO,
    SITE,
    body=s.AnswerIn,
    answers={200: s.SpotAnsweredOut},
    errors=(409,),
)
def answer(call: Call, item_id: uuid.UUID) -> Any:
    """Write down what was found about one record."""
    answers = dict(call.body)
    note = answers.pop("note")
    return 200, spot_checks.answer(call.actor, item_id, answers, note, call.now)


@room.route("POST", f"{CHECK}/publish", DO, SITE, body=s.PublishIn, answers={200: s.SpotCheckOut}, errors=(409,))
def publish(call: Call, check_id: uuid.UUID) -> Any:
    """Publish the figures of a check with its conclusion."""
    spot_checks.publish(call.actor, check_id, call.body["conclusion"], call.now)
    return 200, spot_checks.get_check(call.actor, check_id)
