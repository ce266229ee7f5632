"""The page that a proof's QR code leads to: for anybody, without signing in, without scripts."""

from typing import Any

from flask import g, make_response, render_template, request

from volunteer.access import Permission, Scope
from volunteer.certificates import contents, rules, service
from volunteer.errors import NotFound
from volunteer.web import limits
from volunteer.web.pages import Pages

pages = Pages("certificates")


@pages.page("/v/<string:number>", Permission.ANYONE, Scope.NOTHING)
def verify_page(number: str) -> Any:
    """Say whether a proof holds, in words, by a sign and by a colour; unknown ones get the next step."""
    limits.take("verify", request.remote_addr or "", g.now)
    try:
        seen = service.verify(number, request.args.get("token", "")[:200])
    except NotFound:
        seen = None
    shown = (
        {"duration": rules.duration(seen.minutes), "issued_on": contents.issued_words(seen.issued_at)} if seen else {}
    )
    body = render_template("certificates/verify.html", seen=seen, **shown)
    response = make_response(body, 200 if seen else 404)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
