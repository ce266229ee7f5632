"""What units propose, over HTTP: the unit writes and hands in, the station takes over or sends back."""

import uuid
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.activities import proposals_schemas as s
from volunteer.activities import proposing
from volunteer.activities.models import Activity
from volunteer.activities.schemas import ReasonIn
from volunteer.web.paging import decode_cursor, page
from volunteer.web.routes import Call, Room

room = Room("activity_proposals")
PROPOSE, RUN, READ = Permission.PROPOSE_ACTIVITIES, Permission.RUN_ACTIVITIES, Permission.READ_PROPOSALS
UNIT, HERE = Scope.UNIT, Scope.STATION
ONE = "/activity-proposals/<uuid:activity_id>"


def _told(call: Call, activity: Activity) -> Any:
    """Return a proposal as the caller may see it."""
    return proposing.get(call.actor, activity.id)


@room.route(
    "POST", "/activity-proposals", PROPOSE, UNIT, body=s.ProposalIn, answers={201: s.ProposalOut}, errors=(404,)
)
def write_proposal(call: Call) -> Any:
    """Begin a proposal of one of the caller's units at any station."""
    return 201, _told(call, proposing.write(call.actor, call.body, call.channel, call.now))


@room.route("GET", "/activity-proposals", READ, UNIT, query=s.ProposalQuery, answers={200: s.ProposalPage})
def list_proposals(call: Call) -> Any:
    """List proposals of the caller's units and to the caller's stations, the newest first."""
    last, limit = decode_cursor(call.query["cursor"], uuid.UUID), call.query["limit"]
    rows = proposing.list_proposals(call.actor, call.query["state"], limit + 1, last[0] if last else None)
    return 200, page(rows, limit, lambda row: (row["id"],))


@room.route("GET", ONE, READ, UNIT, answers={200: s.ProposalOut})
def get_proposal(call: Call, activity_id: uuid.UUID) -> Any:
    """Show a proposal with its steps."""
    return 200, proposing.get(call.actor, activity_id)


@room.route("PUT", ONE, PROPOSE, UNIT, body=s.ProposalIn, answers={200: s.ProposalOut}, errors=(409,))
def rewrite_proposal(call: Call, activity_id: uuid.UUID) -> Any:
    """Write a proposal anew that the unit holds; its shifts are those of the body."""
    values = s.whole(call.body)
    return 200, _told(
        call, proposing.rewrite(call.actor, activity_id, values, [None] * len(values["shifts"]), call.now)
    )


@room.route("POST", f"{ONE}/hand-in", PROPOSE, UNIT, answers={200: s.ProposalOut}, errors=(409,))
def hand_in_proposal(call: Call, activity_id: uuid.UUID) -> Any:
    """Hand a proposal to its station."""
    return 200, _told(call, proposing.hand_in(call.actor, activity_id, call.now))


@room.route("POST", f"{ONE}/recall", PROPOSE, UNIT, answers={200: s.ProposalOut}, errors=(409,))
def recall_proposal(call: Call, activity_id: uuid.UUID) -> Any:
    """Take a proposal back from the station, to change it."""
    return 200, _told(call, proposing.recall(call.actor, activity_id, call.now))


@room.route("POST", f"{ONE}/drop", PROPOSE, UNIT, answers={200: s.ProposalOut}, errors=(409,))
def drop_proposal(call: Call, activity_id: uuid.UUID) -> Any:
    """Give a proposal up."""
    return 200, _told(call, proposing.drop(call.actor, activity_id, call.now))


@room.route("POST", f"{ONE}/take-over", RUN, HERE, answers={200: s.ProposalOut}, errors=(409,))
def take_over_proposal(call: Call, activity_id: uuid.UUID) -> Any:
    """Take a proposal over: from then on it is a draft of the station."""
    return 200, _told(call, proposing.take_over(call.actor, activity_id, call.now))


@room.route("POST", f"{ONE}/send-back", RUN, HERE, body=ReasonIn, answers={200: s.ProposalOut}, errors=(409,))
def send_back_proposal(call: Call, activity_id: uuid.UUID) -> Any:
    """Send a proposal back to its unit, with a reason."""
    return 200, _told(call, proposing.send_back(call.actor, activity_id, call.body["reason"], call.now))
