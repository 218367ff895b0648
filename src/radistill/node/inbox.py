"""The one door for films, however they come: checked, put on disk, and queued."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from radistill.errors import RadistillError
from radistill.node.answer_uids import MANUFACTURER
from radistill.node.film_header import missing_identifier, read_header
from radistill.node.jobs import JobStore
from radistill.node.node_config import NodeConfig
from radistill.node.node_metrics import NodeMetrics
from radistill.node.spool_house import empty, free_bytes, used_bytes

log = logging.getLogger("radistill.node")
# Status codes of C-STORE (PS3.4 B.2.3, PS3.7 C.4).
NOT_SUPPORTED, NOT_AUTHORISED, NO_ROOM, CANNOT_UNDERSTAND = 0x0122, 0x0124, 0xA700, 0xC000
_MINUTE = 60.0


class Declined(RadistillError):
    """A film that is not taken. reason: for metrics. status: of C-STORE."""

    def __init__(self, reason: str, status: int) -> None:
        super().__init__(reason)
        self.reason, self.status = reason, status


class Inbox:
    """model: gives the sha256 of the model that answers new films."""

    def __init__(
        self, config: NodeConfig, store: JobStore, metrics: NodeMetrics, model: Callable[[], str]
    ) -> None:
        self._config, self._store, self._metrics, self._model = config, store, metrics, model
        self._most = config.limits.megabytes * 2**20
        self._recent: dict[str, deque[float]] = defaultdict(deque)
        self._counting = threading.Lock()
        self.full = False

    def take_copy(self, film: bytes | Path, source: str) -> None:
        """As `take`, of a film in memory or in a file elsewhere, which stays. Raises OSError, too.

        What is larger than a film may be is not read.
        """
        if isinstance(film, Path):
            if film.stat().st_size > self._most:
                self.decline("too-large", source)
                raise Declined("too-large", CANNOT_UNDERSTAND)
            film = film.read_bytes()
        copy = self._store.incoming / uuid4().hex
        try:
            copy.write_bytes(film)
        except OSError:
            copy.unlink(missing_ok=True)
            self.decline("no-room", source)
            raise Declined("no-room", NO_ROOM) from None
        self.take(copy, source)

    def take(self, film: Path, source: str) -> None:
        """Queue a file of the spool's folder `incoming`, which is gone afterwards.

        When this returns, film and job stand on disk, or there is nothing to do. Raises Declined.
        """
        try:
            self._check_room(source)
            self._queue(film, source)
        except Declined as error:
            self.decline(error.reason, source)
            raise
        except (OSError, sqlite3.Error) as error:
            log.error("a film from %s was refused: %s", source, error)
            self.decline("no-room", source)
            raise Declined("no-room", NO_ROOM) from None
        finally:
            film.unlink(missing_ok=True)

    def decline(self, reason: str, source: str) -> None:
        """Count a refusal, and say so."""
        self._metrics.refusals.labels(reason).inc()
        log.warning("refused from %s: %s", source, reason)

    def keep_house(self) -> None:
        """Empty the spool by age and size; remove what broken associations left."""
        spool = self._config.spool
        most = spool.most_megabytes * 2**20
        empty(self._store, 3600 * spool.keep_hours, most)
        self.full = used_bytes(self._store) > most
        old = time.time() - max(600, 4 * self._config.limits.silence)
        for file in self._store.incoming.iterdir():
            if file.exists() and file.stat().st_mtime < old:
                file.unlink(missing_ok=True)

    def _check_room(self, source: str) -> None:
        free = self._config.spool.free_megabytes * 2**20
        if self.full or free_bytes(self._store) < free:
            raise Declined("no-room", NO_ROOM)
        with self._counting:  # associations have a thread each
            recent, now = self._recent[source], time.monotonic()
            while recent and now - recent[0] > _MINUTE:
                recent.popleft()
            if len(recent) >= self._config.limits.films_per_minute:
                raise Declined("rate", NO_ROOM)
            recent.append(now)

    def _queue(self, film: Path, source: str) -> None:
        if film.stat().st_size > self._most:
            raise Declined("too-large", CANNOT_UNDERSTAND)
        try:
            header = read_header(film)
        except Exception:  # pydicom raises nearly anything on damaged files
            raise Declined("no-dicom", CANNOT_UNDERSTAND) from None
        missing = missing_identifier(header)
        if missing:
            raise Declined(f"no-{missing}", CANNOT_UNDERSTAND)
        if header.get("Manufacturer") == MANUFACTURER:  # an own answer that a PACS passes on
            self._metrics.ignored.labels("own-answer").inc()
            return
        modality, part, view = (
            str(header.get(name, "")) for name in ("Modality", "BodyPartExamined", "ViewPosition")
        )
        targets = self._config.targets_of(source, modality, part, view)
        if not targets:
            self._metrics.ignored.labels("rule").inc()
            return
        instance, study = str(header.SOPInstanceUID), str(header.StudyInstanceUID)
        new = self._store.receive(film, instance, study, source, targets, self._model())
        if not new:
            self._metrics.ignored.labels("known").inc()
