"""A path to the bytes of a file, whatever lies there."""

import errno
import os
import stat
from pathlib import Path

from radistill.imaging.limits import Limits
from radistill.imaging.refusal import Code, DecodeError

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)


def read_content(path: Path, limits: Limits | None = None) -> bytes:
    """The bytes of a file that may be an image; links to files are followed.

    Raises DecodeError: missing, not-a-file, no-access, changed, too-large or unreadable. Never
    waits for a pipe, and reads no more than the size found at first.
    """
    limits = limits or Limits()
    try:
        _check_regular(os.stat(path).st_mode)
        with open(path, "rb", opener=_open_without_waiting) as file:
            before = os.fstat(file.fileno())
            _check_regular(before.st_mode)
            limits.check_bytes(before.st_size)
            content = file.read(before.st_size + 1)
            after = os.fstat(file.fileno())
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a NUL in the path
        what = "a link that leads nowhere" if os.path.islink(path) else "there is no such file"
        raise DecodeError(Code.MISSING, f"{what}; give the path of an image file") from None
    except PermissionError:
        reason = "may not be read; change its permissions or copy it"
        raise DecodeError(Code.NO_ACCESS, reason) from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise DecodeError(Code.MISSING, "a link that leads to itself") from None
        raise DecodeError(Code.UNREADABLE, f"cannot be opened ({error.strerror})") from None
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise DecodeError(Code.CHANGED, "is being written to; try again when it is whole")
    return content


def _open_without_waiting(path: str, flags: int) -> int:
    # A file may become a pipe after it was looked at; O_NONBLOCK means nothing to plain files.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _check_regular(mode: int) -> None:
    if not stat.S_ISREG(mode):
        what = next((name for test, name in _KINDS if test(mode)), "no plain file")
        raise DecodeError(Code.NOT_A_FILE, f"this is {what}; give the path of an image file")
