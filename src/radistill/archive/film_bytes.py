"""Ids -> bytes of films, in order: from disk, from storage read ahead, or out of a tar shard."""

from __future__ import annotations

import errno
import os
import tarfile
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path, PurePosixPath

from radistill.archive.storage import StorageDown, file_system, is_remote, patiently
from radistill.errors import RadistillError
from radistill.imaging.content import read_content
from radistill.imaging.limits import Limits
from radistill.imaging.read import format_of
from radistill.imaging.refusal import Code, DecodeError
from radistill.imaging.sandbox.decoded import Refused
from radistill.imaging.sandbox.intake import Upload
from radistill.runtime.paths import NAMES

UNREACHABLE = "unreachable"  # the code of a film whose storage did not answer
_AHEAD = 8  # films of a storage that are on their way or wait in memory
_IN_A_ROW = 8  # so many unreachable films are an outage, no fault of theirs
_HEAD = 512

Source = Upload | Refused


def films_of(ids: Iterable[str], limits: Limits) -> Iterator[Source]:
    """The bytes behind each id, or why there are none, in order.

    Raises StorageDown in an outage of the storage: several films in a row without an answer.
    """
    in_a_row = 0
    for source in _read_ahead(iter(ids), limits):
        is_unreachable = isinstance(source, Refused) and source.code == UNREACHABLE
        in_a_row = in_a_row + 1 if is_unreachable else 0
        if isinstance(source, Refused) and in_a_row == _IN_A_ROW:
            raise StorageDown(f"{source.message}; run the same command again once it does answer")
        yield source


def films_in_shard(shard: str, limits: Limits) -> Iterator[Source]:
    """The images in a tar file, ids as fsspec writes them: tar://a/1.jpg::SHARD.

    A shard that cannot be read, or to its end, is itself a refused film. Other members are left
    out, and of two with one name the second. Raises StorageDown.
    """
    names: set[str] = set()
    try:
        with _on_disk(shard) as path, tarfile.open(path, "r|*") as members:
            for member in members:
                if not member.isreg() or member.name in names:
                    continue
                one = f"tar://{member.name}::{shard}"
                file = members.extractfile(member)
                head = file.read(_HEAD) if file else b""
                is_named = PurePosixPath(member.name).suffix.lower() in NAMES
                if file is None or not (is_named or format_of(head)):
                    continue
                names.add(member.name)
                try:
                    limits.check_bytes(member.size)
                    yield Upload(one, head + file.read())
                except DecodeError as error:
                    yield Refused(one, error.code, error.reason)
    except (tarfile.TarError, EOFError, OSError, DecodeError) as error:
        if isinstance(error, DecodeError):
            code, reason = error.code, error.reason
        elif isinstance(error, FileNotFoundError):
            code, reason = Code.MISSING, "there is no such shard"
        elif isinstance(error, PermissionError):
            code, reason = Code.NO_ACCESS, "the shard may not be read"
        else:
            code, reason = Code.TRUNCATED, f"the shard is damaged behind film {len(names)}"
        yield Refused(shard, code, reason)


def _read_ahead(ids: Iterator[str], limits: Limits) -> Iterator[Source]:
    """Films on disk are read as they are asked for, those of a storage some films ahead."""
    ahead: deque[Future[Source] | str] = deque()
    pool = ThreadPoolExecutor(_AHEAD, "radistill-read")

    def begin(one: str) -> Future[Source] | str:
        return pool.submit(_remote, one, limits) if is_remote(one) else one

    try:
        ahead.extend(map(begin, islice(ids, _AHEAD)))
        while ahead:
            first = ahead.popleft()
            yield _local(first, limits) if isinstance(first, str) else first.result()
            ahead.extend(map(begin, islice(ids, 1)))
    finally:
        pool.shutdown(cancel_futures=True)


def _local(path: str, limits: Limits) -> Source:
    try:
        return Upload(path, read_content(Path(path), limits))
    except DecodeError as error:
        return Refused(path, error.code, error.reason)


def _remote(uri: str, limits: Limits) -> Source:
    """One request for a film: no more than the limit, and a byte to see that there is more."""
    try:
        fs, path = file_system(uri)
        return Upload(uri, patiently(uri, lambda: _fetch(fs, path, limits.max_bytes + 1)))
    except (FileNotFoundError, NotADirectoryError):
        return Refused(uri, Code.MISSING, "there is no such object")
    except IsADirectoryError:
        return Refused(uri, Code.NOT_A_FILE, "this is a folder; give the URI of an image file")
    except PermissionError:
        return Refused(uri, Code.NO_ACCESS, "may not be read with these credentials")
    except StorageDown as error:
        return Refused(uri, UNREACHABLE, str(error).partition(";")[0])
    except RadistillError as error:  # a scheme that is not known
        return Refused(uri, Code.UNREADABLE, str(error))


def _fetch(fs, path: str, most: int) -> bytes:  # type: ignore[no-untyped-def]
    try:
        data: bytes = fs.cat_file(path, start=0, end=most)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return b""  # the answer of S3 for a range of an empty object
    return data


@contextmanager
def _on_disk(shard: str) -> Iterator[str]:
    """A shard's path, copied from its storage first: a stream cannot be taken up where it broke."""
    if not is_remote(shard):
        yield shard
        return
    number, path = tempfile.mkstemp(suffix=".tar")
    os.close(number)
    try:
        fs, inside = file_system(shard)
        patiently(shard, lambda: fs.get_file(inside, path))
        yield path
    finally:
        os.unlink(path)
