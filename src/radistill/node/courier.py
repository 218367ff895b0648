"""Answers to their targets, each in a thread of its own, with retries."""

import logging
import sqlite3
import threading
import time

from radistill.node.delivery import TurnedDown, Unreachable, client_of
from radistill.node.jobs import Job, JobStore
from radistill.node.node_config import NodeConfig, Retries, Target
from radistill.node.node_metrics import NodeMetrics

log = logging.getLogger("radistill.node")
_LINGER = 1.0  # seconds without news after which an association is released


class Courier:
    """Brings a target its answers, one job after another, in the thread that calls `run`."""

    def __init__(
        self, target: Target, config: NodeConfig, store: JobStore, metrics: NodeMetrics
    ) -> None:
        self.name = target.name
        self._client = client_of(target, config.ae_title)
        self._retries: Retries = config.retries
        self._store, self._metrics = store, metrics
        self._due: dict[int, float] = {}  # jobs turned down: when to try again, monotonic
        self._pause = 0.0

    def run(self, stop: threading.Event) -> None:
        """Until `stop`."""
        while not stop.is_set():
            before = self._store.changes
            try:
                sent = self._run_once(stop)
            except (sqlite3.Error, OSError) as error:
                log.error("deliveries to %s failed, and are tried again: %s", self.name, error)
                sent = False
            # An association is worth keeping while films come.
            if not sent and not stop.is_set() and not self._store.wait(_LINGER, before):
                self._client.rest()
        self._client.rest()

    def _run_once(self, stop: threading.Event) -> bool:
        """Whether anything was sent."""
        now, sent = time.monotonic(), False
        for job in self._store.to_deliver(self.name, limit=64):
            if stop.is_set():
                break
            if self._due.get(job.id, 0) > now:
                continue
            try:
                self._client.send(self._store.answer_files(job))
            except Unreachable as error:
                self._wait_for_target(str(error), stop)
                break
            except TurnedDown as error:
                self._turned_down(job, str(error))
                continue
            except FileNotFoundError:  # lost in a power cut: made again
                self._store.set_state(job, "received")
                continue
            self._pause, sent = 0.0, True
            self._due.pop(job.id, None)
            if self._store.set_delivered(job, self.name):
                # A clock that jumped back would make this negative.
                self._metrics.seconds.observe(max(0.0, time.time() - job.received))
                log.info("job %d: delivered", job.id)
        return sent

    def _wait_for_target(self, why: str, stop: threading.Event) -> None:
        self._metrics.retries.labels(self.name).inc()
        self._store.set_unreachable(self.name, why, self._retries.attempts)
        self._pause = self._next(self._pause)
        log.warning("%s: %s; tried again in %.0f s", self.name, why, self._pause)
        self._client.rest()
        stop.wait(self._pause)

    def _turned_down(self, job: Job, why: str) -> None:
        self._metrics.retries.labels(self.name).inc()
        refusals = self._store.set_refused(job, self.name, why, self._retries.refusals)
        pause = min(self._retries.longest, self._retries.first * 2**refusals)
        self._due[job.id] = time.monotonic() + pause
        log.warning("job %d: %s: %s", job.id, self.name, why)

    def _next(self, pause: float) -> float:
        return min(self._retries.longest, max(self._retries.first, 2 * pause))
