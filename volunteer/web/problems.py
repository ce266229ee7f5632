"""The one handler of errors: problem+json for the API (RFC 9457), a page with the next step for people."""

import json
import logging
import uuid
from typing import Any

from flask import Flask, Response, g, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException

from volunteer import errors
from volunteer.errors import VolunteerError

log = logging.getLogger(__name__)
API_PREFIX = "/api/"
BY_STATUS: dict[int, type[VolunteerError]] = {
    kind.status: kind
    for kind in (
        errors.MalformedJson,
        errors.Unauthenticated,
        errors.Forbidden,
        errors.NotFound,
        errors.Conflict,
        errors.PayloadTooLarge,
        errors.UnsupportedMediaType,
        errors.RateLimited,
        errors.Unavailable,
    )
    if kind is not errors.RateLimited
}


def document(error: VolunteerError) -> dict[str, Any]:
    """Return the problem document of an error."""
    return {
        "type": f"/problems/{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        **error.extra,
    }


def respond(error: VolunteerError) -> Response:
    """Render an error for who asked: JSON below /api/, else a page."""
    if request.path.startswith(API_PREFIX):
        body = json.dumps(document(error), ensure_ascii=False, default=str)
        response = Response(body, error.status, mimetype="application/problem+json")
    else:
        response = Response(render_template("problem.html", problem=error, needed=g.get("needed", ())), error.status)
    if isinstance(error, errors.RateLimited):
        response.headers["Retry-After"] = str(error.retry_after_s)
    if error.status == 401 and request.path.startswith(API_PREFIX):
        response.headers["WWW-Authenticate"] = "Bearer"
    response.headers["Cache-Control"] = "no-store"
    return response


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(VolunteerError, respond)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DataError, _data)
    app.register_error_handler(OverflowError, _data)
    app.register_error_handler(Exception, _unexpected)


def _csrf(_error: CSRFError) -> Response:
    """A form that has lain open too long, or was not ours."""
    return respond(errors.Forbidden("页面已过期,请返回上一页刷新后重新提交,您填写的内容不会丢失。", code="csrf"))


def _http(error: HTTPException) -> Response:
    """Werkzeug's own errors in our vocabulary, with their headers (405 keeps Allow)."""
    status = error.code or 500
    if status < 400:
        return Response(error.get_response().data, status, headers=list(error.get_response().headers))
    kind = BY_STATUS.get(status)
    problem = kind() if kind else VolunteerError("请求不能处理,请检查地址和方法。", code=f"http-{status}")
    if status == 405:
        problem.detail, problem.code = "这个地址不支持这种请求方法。", "method-not-allowed"
    response = respond(problem)
    response.status_code = status
    if kind is None and request.path.startswith(API_PREFIX):
        body = document(problem) | {"status": status, "title": error.name}
        response.set_data(json.dumps(body, ensure_ascii=False))
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _data(_error: Exception) -> Response:
    """A number or text that no column can hold is bad input, never our fault (stack.md G18)."""
    return respond(errors.invalid("body", "out-of-range", "有数值超出了允许的范围,请检查后重新提交。"))


def _unexpected(error: Exception) -> Response:
    """Our own fault: logged with a number that the person can tell us; nothing was saved."""
    trace = uuid.uuid4().hex[:12]
    log.error("unexpected error %s on %s %s", trace, request.method, request.path, exc_info=error)
    return respond(
        VolunteerError(f"系统出错了,您的数据没有丢失。请稍后再试,或把编号 {trace} 告诉工作人员。", trace=trace)
    )
