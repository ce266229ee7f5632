"""The one vocabulary of errors: each has a permanent code, an HTTP status and a Chinese sentence that says what next.

Subclasses differ by what the caller can do about it: sign in, ask for a right, look elsewhere, resolve a conflict, mend
the input, wait. One handler (`volunteer.web.problems`) renders them as RFC 9457 problem+json or as a page.
Source: contract/api.md, Conventions.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Self


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the input: `field` is a dotted path (`shifts.0.ends_at`), `message` is for people."""

    field: str
    code: str
    message: str


class Worded(StrEnum):
    """An enum of decisions: each member is its permanent code, with one Chinese sentence that says what to do next."""

    sentence: str

    def __new__(cls, code: str, sentence: str) -> Self:
        """Make the member whose value is `code`."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.sentence = sentence
        return member

    def at(self, field: str) -> Fault:
        """Return this decision as a fault on a field of the input."""
        return Fault(field, str(self), self.sentence)


class VolunteerError(Exception):
    """Anything that the caller should be told. `extra` becomes members of the problem document."""

    status: ClassVar[int] = 500
    code: str = "internal-error"
    title: ClassVar[str] = "系统出错了"
    detail: str = "系统出错了,您的数据没有丢失,请稍后再试。"

    def __init__(self, detail: str | None = None, *, code: str | None = None, **extra: Any) -> None:
        self.detail = detail or type(self).detail
        self.code = code or type(self).code
        self.extra = extra
        super().__init__(f"{self.code}: {self.detail}")


class InvalidInput(VolunteerError):
    """422: the input has faults; all of them are named at once."""

    status = 422
    code = "validation-failed"
    title = "填写的内容有误"
    detail = "有内容需要修改,请按提示改正后再提交。"

    def __init__(self, faults: Iterable[Fault], detail: str | None = None) -> None:
        self.faults = tuple(faults)
        super().__init__(detail)
        self.extra = {"errors": [{"field": f.field, "code": f.code, "message": f.message} for f in self.faults]}


def invalid(field: str, code: str, message: str) -> InvalidInput:
    """Return the error for a single faulty field."""
    return InvalidInput([Fault(field, code, message)])


class MalformedJson(VolunteerError):
    """400: the body is not JSON at all."""

    status = 400
    code = "malformed-json"
    title = "请求格式有误"
    detail = "请求内容不是有效的 JSON,请检查后重新发送。"


class Unauthenticated(VolunteerError):
    """401: sign in first."""

    status = 401
    code = "unauthenticated"
    title = "请先登录"
    detail = "请先登录,再进行这项操作。"


class InvalidCredentials(VolunteerError):
    """401: the phone and the secret do not belong together; the same for known and unknown phones."""

    status = 401
    code = "invalid-credentials"
    title = "登录失败"
    detail = "手机号与密码或验证码不符,请检查后重试,或用短信验证码登录。"


class Forbidden(VolunteerError):
    """403: signed in, but without the right."""

    status = 403
    code = "forbidden"
    title = "没有权限"
    detail = "您没有这项操作的权限,请联系上级管理员。"


class NotFound(VolunteerError):
    """404: not there, or not for the caller to see."""

    status = 404
    code = "not-found"
    title = "没有找到"
    detail = "没有找到这项内容,它可能已被删除,或不在您的管理范围内。"


class Gone(VolunteerError):
    """410: it was here and is part of something else now; `extra` says of what."""

    status = 410
    code = "gone"
    title = "已不在这里"
    detail = "这项内容已并入别处,请按提示查看。"


class Conflict(VolunteerError):
    """409: it contradicts what is already there."""

    status = 409
    code = "conflict"
    title = "与已有内容冲突"
    detail = "与已有内容冲突,请刷新后再试。"


class IllegalTransition(Conflict):
    """409: the thing is not in a state from which this action leads anywhere."""

    code = "illegal-transition"
    title = "当前状态不能进行这项操作"
    detail = "当前状态不能进行这项操作,请刷新后查看最新状态。"


class PayloadTooLarge(VolunteerError):
    """413: more than we read."""

    status = 413
    code = "payload-too-large"
    title = "内容太大"
    detail = "提交的内容太大,请减少后再试。"


class UnsupportedMediaType(VolunteerError):
    """415: not a type that this address takes."""

    status = 415
    code = "unsupported-media-type"
    title = "不支持的格式"
    detail = "请用 application/json 格式提交。"


class RateLimited(VolunteerError):
    """429: wait `retry_after_s` seconds."""

    status = 429
    code = "rate-limited"
    title = "操作太频繁"
    detail = "操作太频繁,请稍后再试。"

    def __init__(self, retry_after_s: int, detail: str | None = None) -> None:
        super().__init__(detail)
        self.retry_after_s = max(1, retry_after_s)


class Unavailable(VolunteerError):
    """503: for the moment the service cannot do this."""

    status = 503
    code = "unavailable"
    title = "暂时不可用"
    detail = "系统正忙,请稍后再试。"
