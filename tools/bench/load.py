"""Send requests from threads with kept connections, and measure latency, rate and the service's CPU for each."""

import http.client
import json
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tools.bench.service import Service

Request = tuple[str, str, Any, str | None]
"""Method (`PAGE`: GET of a page, all else is the API's), path, body, token."""


@dataclass(frozen=True)
class Figures:
    """What one series of requests cost."""

    count: int
    seconds: float
    p50_ms: float
    p99_ms: float
    longest_ms: float
    app_ms: float
    database_ms: float
    answers: list[tuple[int, Any]]

    @property
    def cpu_ms(self) -> float:
        """CPU of the service and the database together, for one request."""
        return self.app_ms + self.database_ms

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.count / self.seconds


class Client:
    """One kept connection."""

    def __init__(self, base: str, address: str = "10.0.0.1") -> None:
        parts = urlsplit(base)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        self._address = address

    def send(self, request: Request) -> tuple[int, Any]:
        """Send one request and return status and body."""
        method, path, body, token = request
        method, path = ("GET", path) if method == "PAGE" else (method, "/api/v1" + path)
        headers = {"Content-Type": "application/json", "X-Forwarded-For": self._address}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body)
        self._connection.request(method, path, data, headers)
        answer = self._connection.getresponse()
        raw = answer.read()
        return answer.status, json.loads(raw) if raw and "json" in (answer.getheader("Content-Type") or "") else raw


def measure(service: Service, requests: Sequence[Request], clients: int = 1) -> Figures:
    """Send `requests` from `clients` connections at once; return the figures, answers in order."""
    answers: list[tuple[int, Any]] = [(0, None)] * len(requests)
    times = [0.0] * len(requests)

    def work(number: int) -> None:
        client = Client(service.base, f"10.0.{number}.1")
        for index in range(number, len(requests), clients):
            begun = time.perf_counter()
            answers[index] = client.send(requests[index])
            times[index] = (time.perf_counter() - begun) * 1000

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    app, database = service.cpu_ms()
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    app_after, database_after = service.cpu_ms()
    ranked = sorted(times)
    return Figures(
        len(requests),
        seconds,
        statistics.median(ranked),
        ranked[min(len(ranked) - 1, int(len(ranked) * 0.99))],
        ranked[-1],
        (app_after - app) / len(requests),
        (database_after - database) / len(requests),
        answers,
    )
