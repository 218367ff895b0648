"""Films and results on disk or behind a URI: fsspec, patience, and errors that show no secret."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TypeVar
from urllib.parse import urlsplit

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs

from radistill.errors import RadistillError, UsageError
from radistill.files import unwritable, write_with

Value = TypeVar("Value")
WAITS = (1, 2, 4, 8, 16, 32)  # seconds between tries of a storage that does not answer
_LASTING = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError)
_RIGHTS = (
    "access denied. Check the credentials in the environment (for s3:// AWS_PROFILE, or "
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY) and what they may do there"
)


class StorageDown(RadistillError):
    """A storage that did not answer, several times."""


def is_remote(uri: str) -> bool:
    return "://" in uri


def shown(uri: str) -> str:
    """A URI for messages: without user, password and the query, where signatures stand."""
    if not is_remote(uri):
        return uri
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def file_system(uri: str) -> tuple[AbstractFileSystem, str]:
    """The fsspec file system of a URI or path, and the path in it.

    Raises UsageError for a scheme that is unknown or whose package is missing.
    """
    try:
        fs, path = url_to_fs(uri)
    except ImportError as error:
        raise UsageError(f"{shown(uri)}: needs another package ({error})") from None
    except ValueError:
        raise UsageError(f"{shown(uri)}: no URI that fsspec knows") from None
    return fs, path


def patiently(uri: str, call: Callable[[], Value]) -> Value:
    """`call()`, tried again for a minute while the storage does not answer.

    Raises FileNotFoundError and FileExistsError as they come, PermissionError for refused rights or
    missing credentials, StorageDown for everything else.
    """
    reason = ""
    for wait in (*WAITS, None):
        try:
            return call()
        except _LASTING:
            raise
        except Exception as error:  # storages share no base class
            if _is_refused(error):
                raise PermissionError from None
            reason = _reason(error)
        if wait is not None:
            time.sleep(wait)
    raise StorageDown(
        f"{shown(uri)}: the storage did not answer ({reason}), tried {len(WAITS) + 1} times; run "
        "the same command again once it does. What is finished is kept."
    )


def _is_refused(error: Exception) -> bool:
    refused = isinstance(error, PermissionError) or getattr(error, "status", 0) in (401, 403)
    return refused or type(error).__name__.endswith("CredentialsError")


def _reason(error: Exception) -> str:
    """What kind of error it is; its text may hold a signed address."""
    status = getattr(error, "status", None)
    kind = type(error).__name__
    number = getattr(error, "errno", None)
    return f"{kind} {status}" if status else f"{kind}: {os.strerror(number)}" if number else kind


def denied(uri: str) -> UsageError:
    return UsageError(f"{shown(uri)}: {_RIGHTS}")


class Storage:
    """OUT: a folder on disk, or a prefix behind a URI.

    Every method waits for a storage that does not answer, as `patiently` does, and raises
    UsageError where the rights are missing. Names are relative, with `/`.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri.rstrip("/") or "/"
        self._fs, root = file_system(self.uri)
        self._root = root.rstrip("/")
        # fsspec's writes on disk are not renamed into place on the same file system.
        self._folder = None if is_remote(uri) else Path(uri)

    def names(self, folder: str = "") -> list[str]:
        """Of the files in OUT or in a folder of it, sorted; none if it is not there."""
        place = f"{self._root}/{folder}".rstrip("/")

        def listed() -> list[str]:
            self._fs.invalidate_cache()
            found = self._fs.ls(place, detail=True)
            # Some buckets list a folder as an empty object of its own name.
            return [one["name"].rstrip("/") for one in found if one["type"] != "directory"]

        with suppress(FileNotFoundError, NotADirectoryError):
            files = self._do(listed)
            return sorted(name.rpartition("/")[2] for name in files if name != place)
        return []

    def is_empty(self) -> bool:
        """Whether nothing at all is there, or no folder. Raises UsageError if it is a file."""
        with suppress(FileNotFoundError, NotADirectoryError):
            if self._folder is not None and self._folder.is_file():
                raise UsageError(f"{self.uri}: is a file; give a folder for the results")
            return not self._do(lambda: self._fs.ls(self._root, detail=False))
        return True

    def read(self, name: str) -> bytes:
        """Raises FileNotFoundError."""
        data: bytes = self._do(lambda: self._fs.cat_file(f"{self._root}/{name}"))
        return data

    def open(self, name: str) -> BinaryIO:
        """Raises FileNotFoundError."""
        file: BinaryIO = self._do(lambda: self._fs.open(f"{self._root}/{name}", "rb"))
        return file

    def write(self, name: str, data: bytes) -> None:
        """Whole or not at all, over what is there. Raises RadistillError if the disk is full."""
        if self._folder is None:
            self._put(name, data, "overwrite")
        else:
            _write(self._folder / name, data)

    def create(self, name: str, data: bytes) -> None:
        """`write`, but FileExistsError if the name is there: only one of two writers succeeds."""
        if self._folder is None:
            self._put(name, data, "create")
            return
        target = self._folder / name
        beside = target.with_name(f".{target.name}.{os.getpid()}.new")
        _write(beside, data)
        try:
            os.link(beside, target)
        except FileExistsError:
            raise
        except OSError as error:
            raise unwritable(error, target) from None
        finally:
            beside.unlink()

    def _put(self, name: str, data: bytes, mode: str) -> None:
        try:
            self._do(lambda: self._fs.pipe_file(f"{self._root}/{name}", data, mode=mode))
        except FileNotFoundError:
            raise UsageError(f"{self.uri}: there is no such bucket; make it first") from None

    def remove(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self._do(lambda: self._fs.rm_file(f"{self._root}/{name}"))

    def _do(self, call: Callable[[], Value]) -> Value:
        try:
            return patiently(self.uri, call) if self._folder is None else call()
        except PermissionError:
            raise denied(self.uri) from None


def _write(path: Path, data: bytes) -> None:
    try:
        write_with(path, lambda file: file.write_bytes(data))
    except OSError as error:  # its folder cannot be made
        raise unwritable(error, path) from None
