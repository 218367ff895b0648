"""Counters for Prometheus; no label holds anything that a client wrote."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """Of one application."""

    def __init__(self, jobs: Callable[[], float], held: Callable[[], float]) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "radistill_requests", "Requests answered.", ("method", "route", "status"),
            registry=self._registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "radistill_request_seconds", "Time to answer a request.", ("route",),
            buckets=BUCKETS, registry=self._registry,
        )  # fmt: skip
        self._films = Counter(
            "radistill_films", "Films by decision; 'unreadable' gave none.", ("decision",),
            registry=self._registry,
        )  # fmt: skip
        self._reasons = Counter(
            "radistill_reasons", "Why films were not decided: abstention or error code.",
            ("reason",), registry=self._registry,
        )  # fmt: skip
        self._gauge("radistill_jobs", "Requests worked on or waiting.", jobs)
        self._gauge("radistill_body_bytes", "Bytes of request bodies in memory.", held)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Note a request; status 0: the client went away."""
        self._requests.labels(method, route, str(status or 499)).inc()
        self._seconds.labels(route).observe(seconds)

    def film(self, record: Mapping[str, Any]) -> None:
        """Note what was said of a film."""
        failed = "error" in record
        self._films.labels("unreadable" if failed else record["decision"]).inc()
        for reason in [record["error"]["code"]] if failed else record["reasons"]:
            self._reasons.labels(reason).inc()

    def text(self) -> bytes:
        """In the text format of Prometheus."""
        return generate_latest(self._registry)

    def _gauge(self, name: str, words: str, value: Callable[[], float]) -> None:
        Gauge(name, words, registry=self._registry).set_function(value)
