"""Films that are fetched: from an Orthanc, from any DICOMweb server, from a folder."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom import dcmwrite
from requests import HTTPError, ReadTimeout

from radistill.node.dead_letters import forget_unfetched, note_unfetched
from radistill.node.delivery import SECONDS, web_client, web_session
from radistill.node.film_header import READ_CLASSES
from radistill.node.inbox import NO_ROOM, Declined, Inbox
from radistill.node.jobs import JobStore
from radistill.node.node_config import FolderSource, OrthancSource, Retries, Source, WebSource

log = logging.getLogger("radistill.node")
_PAGE = 100
_SETTLED = 1.0  # seconds without a change after which a file counts as whole


class Poller:
    """Asks a source again and again, in the thread that calls `run`.

    retries: for films that an Orthanc has and does not give.
    """

    def __init__(self, source: Source, store: JobStore, inbox: Inbox, retries: Retries) -> None:
        self._source = source
        self._poll = _poller_for(source, store, inbox, retries)

    def run(self, stop: threading.Event) -> None:
        """Until `stop`; errors of the source are logged and pass."""
        while not stop.is_set():
            try:
                for _ in self._poll:
                    if stop.is_set():
                        return
            except Exception as error:  # what servers answer makes libraries raise nearly anything
                # Messages of requests name URLs, with UIDs in them.
                log.warning("source %s: %s", self._source.kind, type(error).__name__)
            stop.wait(self._source.seconds)


def _poller_for(source: Source, store: JobStore, inbox: Inbox, retries: Retries) -> _Round:
    if isinstance(source, OrthancSource):
        return _Orthanc(source, store, inbox, retries)
    if isinstance(source, FolderSource):
        return _Folder(source, store, inbox)
    return _Web(source, store, inbox)


class _Round(ABC):
    """Iterating once is one look at the source; a step for each film, to be stopped between."""

    def __init__(self, source: Any, store: JobStore, inbox: Inbox) -> None:
        self.source, self.store, self.inbox = source, store, inbox

    @abstractmethod
    def __iter__(self) -> Iterator[None]: ...

    def take(self, film: bytes | Path) -> bool:
        """Whether the film was taken; Declined is raised only where it may be taken later."""
        try:
            self.inbox.take_copy(film, self.source.kind)
        except Declined as error:
            if error.status == NO_ROOM:
                raise
            return False
        return True


class _Orthanc(_Round):
    """By the sequence of /changes. At first from now on: what it has already is not answered."""

    def __init__(
        self, source: OrthancSource, store: JobStore, inbox: Inbox, retries: Retries
    ) -> None:
        super().__init__(source, store, inbox)
        self._name, self._retries = f"orthanc {source.url}", retries
        self._due: dict[str, float] = {}  # instances that it did not give: when to ask, monotonic

    def __iter__(self) -> Iterator[None]:
        with web_session(self.source) as session:

            def get(path: str, **query: int | str) -> Any:
                url = f"{self.source.url.rstrip('/')}/{path}"
                answer = session.get(url, params=query, timeout=SECONDS)
                answer.raise_for_status()
                return answer

            last, newest = self.store.cursor(self._name), int(get("changes?last").json()["Last"])
            if last is None or int(last) > newest:  # at first, or its index began anew
                last = str(newest) if last is None else "0"
                self.store.set_cursor(self._name, last)
            for job in self.store.waiting(["unfetched"]):
                if job.source == self._name and self._due.get(job.instance, 0) <= time.monotonic():
                    self._fetch(get, job.instance)
                    yield
            done = False
            while not done:
                page = get("changes", since=last, limit=_PAGE).json()
                before = last
                for change in page["Changes"]:
                    if change["ChangeType"] == "NewInstance":
                        self._fetch(get, change["ID"])
                    last = str(change["Seq"])
                    self.store.set_cursor(self._name, last)
                    yield
                done = page["Done"] or last == before

    def _fetch(self, get: Any, name: str) -> None:
        """Take an instance; what the server does not give is asked for again, and holds up none.

        Declined and errors of the network are raised, and the round begins anew later.
        """
        try:
            kind = get(f"instances/{name}/metadata/SopClassUid").text
            if kind in READ_CLASSES:
                self.take(get(f"instances/{name}/file").content)
        except (HTTPError, ReadTimeout) as error:
            status = None if error.response is None else error.response.status_code
            if status != 404:  # deleted meanwhile
                self._ask_again(name, f"HTTP status {status}" if status else "no answer")
                return
        self._due.pop(name, None)
        forget_unfetched(self.store, name)

    def _ask_again(self, name: str, why: str) -> None:
        retries = self._retries
        message = f"{self._name}: {why}"
        count = note_unfetched(self.store, self._name, name, message, retries.refusals)
        pause = min(retries.longest, retries.first * 2**count)
        self._due[name] = time.monotonic() + pause
        log.warning("source %s: an instance: %s", self.source.kind, why)


class _Web(_Round):
    """QIDO-RS for radiographs of recent studies, WADO-RS for those that are new here."""

    def __init__(self, source: WebSource, store: JobStore, inbox: Inbox) -> None:
        super().__init__(source, store, inbox)
        self._left: set[str] = set()  # declined or ignored: not fetched again before a restart

    def __iter__(self) -> Iterator[None]:
        client = web_client(self.source)
        since = date.today() - timedelta(days=self.source.days)
        for modality in ("CR", "DX"):
            wanted = {"StudyDate": f"{since:%Y%m%d}-", "Modality": modality}
            offset, before = 0, None
            while page := client.search_for_instances(
                search_filters=wanted, limit=_PAGE, offset=offset
            ):
                if page == before:  # a server that knows no offset
                    break
                before = page
                for film in page:
                    try:
                        self._fetch(client, film)
                    except (HTTPError, ValueError, LookupError, TypeError, AttributeError) as error:
                        # It must not hold up those after it, and is asked for again.
                        log.warning("source dicomweb: a film: %s", type(error).__name__)
                    yield
                offset += len(page)

    def _fetch(self, client: Any, film: Any) -> None:
        uids = [film[tag]["Value"][0] for tag in ("0020000D", "0020000E", "00080018")]
        if uids[2] in self._left or self.store.knows(uids[2]):
            return
        file = BytesIO()
        dcmwrite(file, client.retrieve_instance(*uids), enforce_file_format=True)
        self.take(file.getvalue())
        if not self.store.knows(uids[2]):
            self._left.add(uids[2])


class _Folder(_Round):
    """Files that have not changed for `_SETTLED` seconds; taken ones are removed."""

    def __init__(self, source: FolderSource, store: JobStore, inbox: Inbox) -> None:
        super().__init__(source, store, inbox)
        self._seen: dict[Path, tuple[int, int, float]] = {}  # size, time of change, seen since

    def __iter__(self) -> Iterator[None]:
        folder: Path = self.source.path
        folder.mkdir(parents=True, exist_ok=True)
        before, self._seen = self._seen, {}
        for file in sorted(folder.iterdir()):
            if not file.is_file() or file.is_symlink() or file.name.startswith("."):
                continue
            stat, now = file.stat(), time.monotonic()
            size, changed, since = before.get(file, (-1, 0, now))
            if (size, changed) != (stat.st_size, stat.st_mtime_ns):
                since = now
            self._seen[file] = stat.st_size, stat.st_mtime_ns, since
            if now - since < _SETTLED:
                continue
            try:
                if self.take(file):
                    file.unlink()
                else:
                    (folder / "refused").mkdir(exist_ok=True)
                    shutil.move(file, folder / "refused" / file.name)
            except OSError as error:  # it must not hold up those after it
                log.warning("source folder: a file: %s", type(error).__name__)
            yield
