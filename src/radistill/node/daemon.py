"""`radistill node`: every part started, watched and stopped. Read this first."""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from radistill import __version__
from radistill.errors import UsageError
from radistill.node.courier import Courier
from radistill.node.dead_letters import drop_targets
from radistill.node.inbox import Inbox
from radistill.node.jobs import JobStore
from radistill.node.judge_process import JudgeProcess, bound_memory
from radistill.node.listener import Listener
from radistill.node.node_config import NodeConfig
from radistill.node.node_metrics import NodeMetrics
from radistill.node.polling import Poller
from radistill.node.spool_house import free_bytes, sweep
from radistill.node.status_page import NodeState, StatusServer

log = logging.getLogger("radistill.node")
_HOUSE_SECONDS = 5.0
_SWITCH_SECONDS = 5e-4  # threads that wait for peers and disks take over this soon
GRACE = 10.0  # seconds that associations have when the node is stopped


@contextmanager
def running(config: NodeConfig, stop: threading.Event) -> Iterator[Node]:
    """A node at work; it is stopped at the end of the block, with all that it has on disk.

    Raises UsageError for settings that do not work, and if another node has the spool.
    """
    os.umask(0o077)  # the spool is for this user alone
    bound_memory()
    sys.setswitchinterval(_SWITCH_SECONDS)
    with ExitStack() as stack:
        store = JobStore(config.spool.path)
        stack.callback(store.close)
        lock = stack.enter_context(store.held())
        sweep(store)
        tempfile.tempdir = str(store.incoming)  # where pynetdicom puts films that come in
        node = Node(config, store, lock)
        stack.callback(node.stop, stop)
        node.start(stop)
        yield node


class Node:
    """The parts, and the threads that run them."""

    def __init__(self, config: NodeConfig, store: JobStore, lock: int) -> None:
        self._config, self._store = config, store
        drop_targets(store, [target.name for target in config.targets])
        self.judge = JudgeProcess(config, store, lock)
        self.metrics = NodeMetrics(store.counts, lambda: self.judge.pid)
        self._inbox = Inbox(config, store, self.metrics, lambda: self.judge.model.sha256)
        couriers = [Courier(target, config, store, self.metrics) for target in config.targets]
        pollers = [Poller(source, store, self._inbox, config.retries) for source in config.sources]
        self.listener = Listener(config, self._inbox) if config.senders else None
        if not (config.senders or config.sources):
            raise UsageError("name somebody who may send films: senders, or sources")
        self._work = {"judge": self.judge.run, "house": self._keep_house}
        self._work |= {f"courier {one.name}": one.run for one in couriers}
        self._work |= {f"poller {i}": one.run for i, one in enumerate(pollers)}
        self._threads: list[threading.Thread] = []
        self.status: StatusServer | None = None

    def start(self, stop: threading.Event) -> None:
        """Work first, then doors: what is in the spool is answered before new films come."""
        self.judge.start()
        self._store.on_change = self.judge.wake
        for name, run in self._work.items():
            thread = threading.Thread(target=_logged(name, run), args=(stop,), name=name)
            thread.start()
            self._threads.append(thread)
        if self.listener is not None:
            self.listener.start()
            log.info("%s listens on port %d", self._config.ae_title, self.listener.port)
        if self._config.status is not None:  # last: who waits for it may send films then
            self.status = StatusServer(self._config.status, self.state, self.metrics)

    def stop(self, stop: threading.Event) -> None:
        """Doors first; the film at hand is finished, the rest waits on disk."""
        if self.listener is not None:
            self.listener.stop(GRACE)
        stop.set()
        self._store.wake()
        self.judge.end()
        for thread in self._threads:
            thread.join()
        if self.status is not None:
            self.status.close()
        log.info("stopped")

    def state(self) -> NodeState:
        """What the status page shows."""
        counts = self._store.counts()
        problems = [f"{one.name} has ended" for one in self._threads if not one.is_alive()]
        if not self.judge.runs:
            problems.append("the process that answers films has ended, and starts again")
        free = free_bytes(self._store) // 2**20
        if free < self._config.spool.free_megabytes or self._inbox.full:
            problems.append("the disk or the spool is full: films are refused")
        model = self.judge.model
        facts = {
            "version": __version__,
            "model": f"{model.name} {model.sha256[:12]}",
            "AE title": self._config.ae_title,
            "targets": ", ".join(target.name for target in self._config.targets),
            "free on the disk": f"{free} MiB",
        }
        return NodeState(tuple(problems), counts, facts)

    def _keep_house(self, stop: threading.Event) -> None:
        while not stop.wait(_HOUSE_SECONDS):
            try:
                self._inbox.keep_house()
            except (OSError, sqlite3.Error) as error:
                log.error("the spool cannot be emptied: %s", error)


def _logged(name: str, run: Callable[[threading.Event], None]) -> Callable[[threading.Event], None]:
    def logged(stop: threading.Event) -> None:
        try:
            run(stop)
        except BaseException as error:
            # No traceback: its values may name the patient.
            log.critical("%s ended: %s", name, type(error).__name__)
            raise SystemExit from None

    return logged
