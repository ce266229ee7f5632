"""Alibaba Cloud's SMS service over its signed HTTP interface (Dysmsapi 2017-05-25), with the standard library.

`SendSms` takes a message; it is not idempotent, so each carries our id as OutId, and `QuerySendDetails` finds it again
where an answer was lost. Source: the provider's "V3 request structure and signature" (ACS3-HMAC-SHA256; its published
example is a test of ours), SendSms, QuerySendDetails and its list of error codes.
"""

import datetime as dt
import hashlib
import hmac
import http.client
import json
import logging
import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from volunteer.notifications.rules import Outcome

log = logging.getLogger(__name__)
ALGORITHM: Final = "ACS3-HMAC-SHA256"
VERSION: Final = "2017-05-25"
TIMEOUT_SECONDS: Final = 5.0
MOST_BYTES: Final = 64 * 1024
PAGE: Final = 50

#: The provider's codes by what can be done about them; a code of the whole family (`isv.`) not listed is a refusal.
THROTTLED: Final = (
    "isv.BUSINESS_LIMIT_CONTROL",
    "isv.DAY_LIMIT_CONTROL",
    "isv.MONTH_LIMIT_CONTROL",
    "Throttling",
)
MISSET: Final = (
    "isv.OUT_OF_SERVICE",
    "isv.AMOUNT_NOT_ENOUGH",
    "isv.PRODUCT_UN_SUBSCRIPT",
    "isv.PRODUCT_UNSUBSCRIBE",
    "isv.ACCOUNT_",
    "isv.SMS_SIGN",
    "isv.SIGN_",
    "isv.SMS_TEMPLATE_ILLEGAL",
    "isv.DENY_IP_RANGE",
    "isp.RAM_PERMISSION_DENY",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "InvalidTimeStamp",
    "Forbidden",
    "NoPermission",
    "InvalidVersion",
    "InvalidAction",
)
UNSURE: Final = ("isp.SYSTEM_ERROR", "InternalError", "ServiceUnavailable")


def sign(method: str, query: str, headers: Mapping[str, str], body: bytes, key_secret: str) -> tuple[str, str]:
    """Return the names of the signed headers and the signature of a request to `/`; `query` is in canonical form."""
    names = sorted(headers)
    head = "".join(f"{name}:{headers[name]}\n" for name in names)
    signed = ";".join(names)
    request = "\n".join((method, "/", query, head, signed, hashlib.sha256(body).hexdigest()))
    text = f"{ALGORITHM}\n{hashlib.sha256(request.encode()).hexdigest()}"
    return signed, hmac.new(key_secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def canonical_query(params: Mapping[str, str]) -> str:
    """Return parameters in order, percent-encoded by RFC 3986."""
    return "&".join(f"{quote(name, safe='-_.~')}={quote(params[name], safe='-_.~')}" for name in sorted(params))


def classify(status: int, code: str) -> Outcome:
    """Return what an answer means for the message."""
    if code == "OK":
        return Outcome.SENT
    for outcome, known in ((Outcome.THROTTLED, THROTTLED), (Outcome.MISSET, MISSET), (Outcome.UNSURE, UNSURE)):
        if code.startswith(known):
            return outcome
    if status == http.HTTPStatus.TOO_MANY_REQUESTS:
        return Outcome.THROTTLED
    if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR or not code:
        return Outcome.UNSURE
    return Outcome.REFUSED


class Aliyun:
    """A client for one account, sign name and endpoint."""

    def __init__(self, url: str, key_id: str, key_secret: str, sign_name: str, zone: ZoneInfo) -> None:
        parts = urlsplit(url)
        self.is_tls, self.host = parts.scheme == "https", parts.netloc
        self.key_id, self.key_secret, self.sign_name, self.zone = key_id, key_secret, sign_name, zone

    def send(
        self, phone: str, template: str, values: Mapping[str, str], out_id: str, now: dt.datetime
    ) -> tuple[Outcome, str, str | None]:
        """Send one message; return what came of it, the provider's code and its reference."""
        params = {
            "PhoneNumbers": phone,
            "SignName": self.sign_name,
            "TemplateCode": template,
            "TemplateParam": json.dumps(values, ensure_ascii=False),
            "OutId": out_id,
        }
        status, answer = self._call("SendSms", params, now)
        if status == 0:
            return (Outcome.UNSURE if answer else Outcome.NOT_TAKEN), "no-answer", None
        code = str(answer.get("Code", ""))
        outcome = classify(status, code)
        return outcome, code or f"http-{status}", answer.get("BizId") if outcome is Outcome.SENT else None

    def was_taken(self, phone: str, out_id: str, sent_at: dt.datetime, now: dt.datetime) -> bool | None:
        """Whether a message with this OutId was taken on one of the days it may have been sent; None if nobody says."""
        days = {at.astimezone(self.zone).strftime("%Y%m%d") for at in (sent_at, now)}
        for day in sorted(days):
            params = {"PhoneNumber": phone, "SendDate": day, "PageSize": str(PAGE), "CurrentPage": "1"}
            status, answer = self._call("QuerySendDetails", params, now)
            if status != http.HTTPStatus.OK or answer.get("Code") != "OK":
                return None
            found = (answer.get("SmsSendDetailDTOs") or {}).get("SmsSendDetailDTO") or []
            if any(one.get("OutId") == out_id for one in found):
                return True
        return False

    def _call(self, action: str, params: Mapping[str, str], now: dt.datetime) -> tuple[int, dict[str, Any]]:
        """Make one call; return status and answer. Status 0: no answer, and the answer says whether it was asked."""
        query = canonical_query(params)
        kind = http.client.HTTPSConnection if self.is_tls else http.client.HTTPConnection
        connection = kind(self.host, timeout=TIMEOUT_SECONDS)
        is_asked = False
        try:
            connection.connect()
            is_asked = True
            connection.request("POST", f"/?{query}", body=b"", headers=self._headers(action, query, now))
            answer = connection.getresponse()
            return answer.status, _read(answer.read(MOST_BYTES))
        except (OSError, http.client.HTTPException) as error:
            log.warning("%s: no answer from the SMS provider (%s)", action, type(error).__name__)
            return 0, {"asked": True} if is_asked else {}
        finally:
            connection.close()

    def _headers(self, action: str, query: str, now: dt.datetime) -> dict[str, str]:
        """Return the headers of a call, signed; the nonce makes each call another one."""
        headers = {
            "host": self.host,
            "x-acs-action": action,
            "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
            "x-acs-date": now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-version": VERSION,
        }
        signed, signature = sign("POST", query, headers, b"", self.key_secret)
        credential = f"Credential={self.key_id},SignedHeaders={signed},Signature={signature}"
        return headers | {"Authorization": f"{ALGORITHM} {credential}", "Accept": "application/json"}


def _read(body: bytes) -> dict[str, Any]:
    """Return the object in an answer; an answer that is none says nothing."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
