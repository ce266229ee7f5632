"""A stand-in for the SMS provider: it checks each signature by itself, keeps what it took, and answers as told.

with Provider() as provider:
    provider.say = "isv.BUSINESS_LIMIT_CONTROL"   # or "drop" (takes it, loses the answer), "hang", "garbage", 503
"""

import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

KEY_ID, KEY_SECRET, SIGN = "LTAI-stand-in", "a-secret-of-the-stand-in", "望江志愿"


class Provider:
    """The provider; `took` holds the parameters of each message that it took, `asked` every action."""

    def __init__(self) -> None:
        self.took: list[dict[str, str]] = []
        self.asked: list[str] = []
        self.refused: list[str] = []
        self.say: str | int = "OK"
        self.released = threading.Event()
        self.nonces: set[str] = set()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> "Provider":
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def answer(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, Any]] | None:
        """Return status and answer of one call; None loses it."""
        fault = self.fault(path, headers)
        if fault:
            self.refused.append(fault)
            return 400, {"Code": fault, "Message": "…", "RequestId": "R"}
        params = dict(parse_qsl(urlsplit(path).query, keep_blank_values=True))
        action = headers["x-acs-action"]
        self.asked.append(action)
        if action == "QuerySendDetails":
            found = [
                {"OutId": one["OutId"], "SendStatus": 3}
                for one in self.took
                if one["PhoneNumbers"] == params["PhoneNumber"]
            ]
            return 200, {"Code": "OK", "SmsSendDetailDTOs": {"SmsSendDetailDTO": found}, "TotalCount": str(len(found))}
        if self.say in ("OK", "drop", "hang", "garbage"):
            self.took.append(params)
        if self.say == "hang":
            self.released.wait(10)
        if self.say in ("drop", "hang"):
            return None
        if isinstance(self.say, int):
            return self.say, {}
        return 200, {"Code": self.say, "Message": "…", "RequestId": "R", "BizId": f"biz-{len(self.took)}"}

    def fault(self, path: str, headers: dict[str, str]) -> str:
        """Return what is wrong with a call's signature; nothing where it is as the provider computes it."""
        algorithm, _, rest = headers.get("authorization", "").partition(" ")
        parts = dict(part.split("=", 1) for part in rest.split(",") if "=" in part)
        if algorithm != "ACS3-HMAC-SHA256" or parts.get("Credential") != KEY_ID:
            return "InvalidAccessKeyId.NotFound"
        names = parts["SignedHeaders"].split(";")
        must = {"host", *(name for name in headers if name.startswith("x-acs-"))}
        query = sorted(parse_qsl(urlsplit(path).query, keep_blank_values=True))
        lines = ["POST", "/", "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in query)]
        lines += [f"{name}:{headers[name].strip()}" for name in names]
        lines += ["", ";".join(names), headers["x-acs-content-sha256"]]
        hashed = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        right = hmac.new(KEY_SECRET.encode(), f"ACS3-HMAC-SHA256\n{hashed}".encode(), hashlib.sha256).hexdigest()
        if set(names) != must or names != sorted(names) or not hmac.compare_digest(right, parts["Signature"]):
            return "SignatureDoesNotMatch"
        if headers["x-acs-signature-nonce"] in self.nonces:
            return "SignatureNonceUsed"
        self.nonces.add(headers["x-acs-signature-nonce"])
        return ""

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                found = provider.answer(self.path, {name.lower(): value for name, value in self.headers.items()})
                if found is None:
                    self.close_connection = True
                    return
                status, body = found
                sent = b"<html>" if provider.say == "garbage" else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
