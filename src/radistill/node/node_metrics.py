"""Counters of the node for Prometheus; no label holds anything that a film says."""

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

from radistill.node.jobs import STATES

BUCKETS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600)


class NodeMetrics:
    """counts: gives the films in each state. judge: the process number of what answers them."""

    def __init__(self, counts: Callable[[], Mapping[str, int]], judge: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        ProcessCollector("radistill_node_judge", judge, registry=self._registry)
        films = self._make(Gauge, "films", "Films in each state.", "state")
        for state in STATES:
            films.labels(state).set_function(lambda state=state: counts()[state])
        self.seconds: Histogram = Histogram(
            "radistill_node_seconds",
            "From receipt to the last delivery.",
            buckets=BUCKETS,
            registry=self._registry,
        )
        self.retries: Counter = self._make(Counter, "retries", "Deliveries tried again.", "target")
        self.refusals: Counter = self._make(Counter, "refusals", "What was not taken.", "reason")
        self.ignored: Counter = self._make(
            Counter, "ignored", "Taken, and nothing to do: own answers, rules, known films.", "why"
        )

    def _make(self, kind: Any, name: str, text: str, label: str) -> Any:
        return kind(f"radistill_node_{name}", text, (label,), registry=self._registry)

    def text(self) -> bytes:
        """In the text format of Prometheus."""
        return generate_latest(self._registry)
