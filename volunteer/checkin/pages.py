"""What a volunteer shows at a station: the living code on their phone. Source: ux.md V2, J3; decisions 12."""

import uuid
from typing import Any

from flask import Response, g, make_response, render_template, request

from volunteer.access import Permission, Scope
from volunteer.accounts import service as accounts
from volunteer.checkin.credentials import cards, spoken
from volunteer.web.pages import Pages

pages = Pages("checkin")


@pages.page("/me/code", Permission.SIGNED_IN, Scope.SELF)
def my_code_page() -> Any:
    """Show the caller's living code, or that of somebody they act for; it renews itself, with scripts or without."""
    me, who = accounts.who_am_i(g.actor), _whose()
    code = cards.own_code(g.actor, who, g.now)
    shown = next((one for one in me["acts_for"] if one.id == who), None)
    said = spoken.own_codes(g.actor, who, g.now)
    body = render_template("checkin/my_code.html", code=code, me=me, shown=shown, who=who, spoken=said)
    response = make_response(body)
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.page("/me/code.svg", Permission.SIGNED_IN, Scope.SELF)
def my_code_picture() -> Any:
    """Draw the living code of this moment, or that of a step ahead, which a phone keeps for a lost network."""
    ahead = {"1": 1, "2": 2}.get(request.args.get("ahead", ""), 0)
    return _picture(cards.own_code_svg(g.actor, _whose(), g.now, ahead))


@pages.page("/me/offline-code.svg", Permission.SIGNED_IN, Scope.SELF)
def offline_code_picture() -> Any:
    """Draw the code of the caller's card: what a phone shows when it has been without a network for long."""
    return _picture(cards.version_1(cards.own_card(g.actor, _whose())["payload"]))


@pages.page("/people/<uuid:person_id>/card.pdf", Permission.RUN_ACTIVITIES, Scope.PERSON)
def person_card(person_id: uuid.UUID) -> Any:
    """Print the card of somebody without a phone."""
    made = cards.card_pdf(g.actor, person_id, g.now)
    return Response(made, mimetype="application/pdf", headers={"Cache-Control": "no-store"})


def _picture(svg: bytes) -> Response:
    """Return a picture that nobody keeps."""
    return Response(svg, mimetype="image/svg+xml", headers={"Cache-Control": "no-store"})


def _whose() -> uuid.UUID | None:
    """Return whom the address names; what is no id means oneself."""
    try:
        return uuid.UUID(request.args["volunteer_id"])
    except (KeyError, ValueError):
        return None
