"""Counters for Prometheus; no label holds anything that a client wrote."""

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from radistill.schema.prediction import ModelIdentity
from radistill.serve.responses import FilmRecord

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The counters of one application. jobs, held: see the gauges."""

    def __init__(self, jobs: Callable[[], float], held: Callable[[], float]) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        labels = ("method", "route", "status")
        self._requests = Counter(
            "radistill_requests", "Requests answered.", labels, registry=registry
        )
        self._seconds = Histogram(
            "radistill_request_seconds",
            "Time to answer a request.",
            ("route",),
            buckets=BUCKETS,
            registry=registry,
        )
        help_text = "Films by decision; 'unreadable' gave none."
        self._films = Counter("radistill_films", help_text, ("decision",), registry=registry)
        help_text = "Why films were not decided: abstention or error code."
        self._reasons = Counter("radistill_reasons", help_text, ("reason",), registry=registry)
        labels = ("name", "version", "sha256")
        self._model = Gauge(
            "radistill_model_info", "The model that decides.", labels, registry=registry
        )
        for name, help_text, value in (
            ("radistill_jobs", "Requests worked on or waiting.", jobs),
            ("radistill_body_bytes", "Bytes of request bodies in memory.", held),
        ):
            Gauge(name, help_text, registry=registry).set_function(value)

    def model(self, model: ModelIdentity) -> None:
        """Show this model in the place of another."""
        self._model.clear()
        self._model.labels(model.name, model.version, model.sha256).set(1)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; status 0: the client went away."""
        self._requests.labels(method, route, str(status or 499)).inc()
        self._seconds.labels(route).observe(seconds)

    def film(self, record: FilmRecord) -> None:
        """Count a film."""
        self._films.labels(record.decision or "unreadable").inc()
        for reason in [record.error.code] if record.error else record.reasons or ():
            self._reasons.labels(reason).inc()

    def text(self) -> bytes:
        """In the text format of Prometheus."""
        return generate_latest(self._registry)
