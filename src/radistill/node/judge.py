"""Queued films -> answers, by the very call that `radistill predict` makes.

Runs as a process of its own, which `radistill.node.judge_process` describes.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sqlite3
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydicom import dcmwrite

from radistill.errors import RadistillError
from radistill.files import to_disk
from radistill.imaging.limits import Limits
from radistill.imaging.sandbox.intake import Decoded, Intake, Refused, Upload
from radistill.node.answer import Answers, answer_film, drawn_answers
from radistill.node.film_header import read_header
from radistill.node.jobs import Job, JobStore
from radistill.node.judge_process import STOP, bound_memory
from radistill.node.ledger import Ledger
from radistill.node.node_config import NodeConfig
from radistill.runtime.decision import resolve
from radistill.runtime.find_bundle import find_bundle
from radistill.runtime.predictor import Predictor
from radistill.runtime.service_log import start_log
from radistill.runtime.watched_bundle import WatchedBundle
from radistill.schema.prediction import Failure, ModelIdentity, Prediction, Result

log = logging.getLogger("radistill.node")
UNFINISHED = ("received", "decoded", "judged")  # what is done again after a kill
_PASSING = ("timeout", "crashed", "missing")  # errors that may be the machine's, not the film's
_TRIES = 3
_ENDS = 10  # times that this process may end over a film
_SAVING = 2  # answered films whose files are still on their way to the disk
_RUN = 64  # films between looks at the bundle
_PAUSE = 5.0  # seconds after an error that is not a film's


def watched_model(
    config: NodeConfig, say: Callable[[ModelIdentity], None] = lambda model: None
) -> WatchedBundle[Predictor]:
    """The bundle of the settings, read again when it changes.

    say: gets the model, at first and when it changes.
    """

    def load(folder: Path) -> Predictor:
        predictor = Predictor.load(folder, precision=config.precision, threads=1)
        resolve(predictor.card, config.decision)  # refuses an operating point it lacks
        say(predictor.model)
        return predictor

    return WatchedBundle(find_bundle(config.bundle), load, log)


class Judge:
    """Works on the queue in the thread that calls `run`."""

    def __init__(
        self,
        config: NodeConfig,
        store: JobStore,
        bundle: WatchedBundle[Predictor],
        ledger: Ledger,
    ) -> None:
        self._config, self._store, self._bundle, self._ledger = config, store, bundle, ledger
        limits = Limits(
            max_bytes=config.limits.megabytes * 2**20, seconds=config.limits.decode_seconds
        )
        self.intake = _Watched(self._decoded, config.limits.workers, limits)
        self._running: dict[str, Job] = {}
        self._saver = ThreadPoolExecutor(1, "radistill-saver")
        self._disk = ThreadPoolExecutor(3, "radistill-disk")
        self._saving: deque[tuple[Job, Future[None]]] = deque()

    def run(self, stop: threading.Event) -> None:
        """Until `stop`; an error that is not a film's is logged, and work goes on after a while."""
        drawn_answers(self._bundle.loaded)
        while not stop.is_set():
            before = self._store.changes
            try:
                if self._bundle.refresh():
                    model = self._bundle.loaded.model
                    log.info("new films are answered by model %s", model.sha256[:12])
                if not self._run_once(stop):
                    self._await_files(0)
                    self._store.wait(1.0, before)
            except (RadistillError, OSError, sqlite3.Error) as error:
                log.error("answering films failed, and is tried again: %s", error)
                stop.wait(_PAUSE)
        wait([future for _, future in self._saving])

    def _run_once(self, stop: threading.Event) -> int:
        """How many films were judged; the last of them are still being saved."""
        predictor = self._bundle.loaded
        settings = replace(resolve(predictor.card, self._config.decision), views=True)
        done = 0
        self._running.clear()
        for result in predictor.run(self._films(stop), settings, self.intake):
            job = self._running.pop(result.path)
            with self._dead_if_it_fails(job):
                self._settle(job, result, predictor)
            self._await_files(_SAVING)
            done += 1
        return done

    def _await_files(self, most: int) -> None:
        """Until no more than `most` films wait for theirs."""
        while len(self._saving) > most:
            job, future = self._saving.popleft()
            with self._dead_if_it_fails(job):
                future.result()

    @contextmanager
    def _dead_if_it_fails(self, job: Job) -> Iterator[None]:
        """A film must not hold up the others; a disk or database that fails is not the film's."""
        try:
            yield
        except (OSError, sqlite3.Error, RadistillError):
            raise
        except Exception as error:
            log.error("job %d failed: %s", job.id, type(error).__name__)
            self._store.set_state(job, "dead", code="answer", message=type(error).__name__)

    def _films(self, stop: threading.Event) -> Iterator[Path]:
        last, count = 0, 0
        while count < _RUN and not stop.is_set():
            jobs = self._store.waiting(UNFINISHED, after=last, limit=16)
            if not jobs:
                return
            saving = {job.id for job, _ in self._saving}
            for job in jobs:
                last, count = job.id, count + 1
                if job.id in saving:
                    continue
                path = self._store.film(job)
                self._running[str(path)] = job
                yield path

    def _decoded(self, path: str) -> None:
        self._store.set_state(self._running[path], "decoded")

    def _settle(self, job: Job, result: Result, predictor: Predictor) -> None:
        now = datetime.now().astimezone()
        if isinstance(result, Failure):
            if result.code in _PASSING and job.attempts + 1 < _TRIES:
                self._store.set_state(job, "received", attempts=job.attempts + 1)
                return
            self._later(job, self._refuse, result, now)
            return
        assert result.view is not None
        assert result.view.preview is not None
        picture = sha256(result.view.preview.tobytes()).hexdigest()
        model = result.model.sha256
        for other, by in self._store.same_instance(job):
            if other != picture:
                message = "another film was answered under the same SOP Instance UID"
                self._store.set_state(job, "dead", code="other-pixels", message=message)
                log.warning("job %d: %s", job.id, message)
                return
            if by == model:
                # The same film in another encoding, or with a corrected header.
                self._store.set_state(job, "delivered", code="known", model=model)
                return
        if job.attempts >= _ENDS:
            message = f"the process that answers films ended {_ENDS} times over it"
            self._store.set_state(job, "dead", code="answer", message=message)
            return
        self._store.set_state(job, "judged", picture=picture, model=model)
        self._answer(job, result, predictor, now)

    def _answer(self, job: Job, result: Prediction, predictor: Predictor, now: datetime) -> None:
        header = read_header(self._store.film(job))
        answers = answer_film(header, result, predictor.card, now.replace(tzinfo=None))
        self._later(job, self._save, answers, result, now)

    def _later(self, job: Job, work: Callable[..., None], *arguments: object) -> None:
        """In a thread beside: waiting for the disk takes as long as making the answers.

        One film after another, so that after a kill only the ledger's last line may be of a film
        that is done again.
        """
        self._saving.append((job, self._saver.submit(work, job, *arguments)))

    def _refuse(self, job: Job, result: Failure, now: datetime) -> None:
        self._note(job, result, now)
        self._store.set_state(job, "dead", code=result.code, message=result.message)
        log.warning("job %d cannot be answered: %s", job.id, result.code)

    def _save(self, job: Job, answers: Answers, result: Prediction, now: datetime) -> None:
        files = self._store.answer_files(job)
        for file, made in zip(files, answers, strict=True):
            temporary = file.with_name(f".{file.name}.partial")
            dcmwrite(temporary, made, enforce_file_format=True)
            os.replace(temporary, file)
        # All at once, which the disk does in the time of one.
        list(self._disk.map(to_disk, (*files, self._store.answers)))
        self._note(job, result, now)
        self._store.set_answered(job)
        log.info("job %d: %s", job.id, result.decision)

    def _note(self, job: Job, result: Result, now: datetime) -> None:
        line = self._ledger.append(
            result.record(), job.study, job.instance, now.isoformat(timespec="seconds")
        )
        self._store.set_cursor("ledger", line)


class _Watched(Intake):
    """Says of each film that it was decoded."""

    def __init__(self, say: Callable[[str], None], workers: int, limits: Limits) -> None:
        super().__init__(workers=workers, limits=limits)
        self._say = say

    def decode(self, files: Iterable[Path | Upload], **wanted: Any) -> Iterator[Decoded | Refused]:
        for item in super().decode(files, **wanted):
            if isinstance(item, Decoded):
                self._say(item.path)
            yield item


def main() -> None:
    """Answer films until the node says to stop, or ends."""
    os.umask(0o077)
    bound_memory()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # systemd sends it to every process
    words = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what else is printed is no answer
    config = NodeConfig.model_validate_json(sys.stdin.buffer.readline())
    start_log(config.log, log.name)

    def say(line: str = "") -> None:
        with suppress(OSError, ValueError):  # the parent is gone: the input ends, too
            print(line, file=words, flush=True)

    try:
        store = JobStore(config.spool.path)
        ledger = Ledger(config.ledger.path, store.folder / "salt", config.ledger.keep_days)
        bundle = watched_model(config, lambda model: say(model.model_dump_json()))
    except (RadistillError, OSError) as error:
        say(json.dumps({"error": str(error)}))
        return
    if not ledger.follows(store.cursor("ledger")):
        log.error("lines of the ledger are missing, or were changed, since the node stopped")
    store.set_cursor("ledger", ledger.last)
    store.count_ends()
    store.on_change = say
    stop = threading.Event()

    def follow() -> None:
        for line in sys.stdin.buffer:
            if line == STOP:
                stop.set()
            store.wake()
        if not stop.is_set():  # the node was killed: another one waits for the spool
            os._exit(1)

    following = threading.Thread(target=follow, daemon=True)
    following.start()
    judge = Judge(config, store, bundle, ledger)
    with judge.intake:
        judge.run(stop)
    following.join()  # Python aborts if a thread still reads at its end


if __name__ == "__main__":
    main()
