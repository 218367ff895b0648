"""The command line. Heavy libraries are imported by the commands that need them, not here."""

import errno
import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

from rich.markup import escape

from radistill.errors import RadistillError
from radistill.files import unwritable
from radistill.progress import console

_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def main() -> None:
    """Entry point: errors that a user can act on are printed without a traceback."""
    # Before PyTorch is loaded: by default its threads spin while they wait, and two of them that
    # share their cores with other programs take ten times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from radistill.cli.commands import app

    _open_standard_streams()
    try:
        app(prog_name="radistill")
    except RadistillError as error:
        _say(error)
    except OSError as error:
        # The disk, wherever it failed; what else the system refuses may be a fault of radistill.
        if isinstance(error, PermissionError):
            _say(RadistillError(f"{error.filename or 'output'}: {error.strerror}"))
        elif error.errno in _OF_THE_DISK or isinstance(error, shutil.Error):
            _say(unwritable(error, Path(error.filename or "output")))
        elif isinstance(error, FileNotFoundError) and "temporary directory" in str(error):
            _say(
                RadistillError(
                    "no folder for temporary files can be written: make room, or set TMPDIR"
                )
            )
        raise
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "radistill":
            raise
        from radistill.cli.extras import extra_of, install_command

        extra = extra_of(error.name or "", "".join(sys.argv[1:2]))
        named = f"which the extra radistill[{extra}] brings" if extra else "of the installation"
        console.print(
            f"[bold red]error:[/bold red] this command needs the package '{error.name}', "
            + escape(f"{named}: {install_command(extra)}"),
            highlight=False,
            soft_wrap=True,
        )
        sys.exit(RadistillError.exit_code)


def _say(error: RadistillError) -> NoReturn:
    console.print(f"[bold red]error:[/bold red] {escape(str(error))}", highlight=False)
    sys.exit(error.exit_code)


def _open_standard_streams() -> None:
    """Streams that the shell closed (`>&-`) lead to nowhere: else the next file that is opened, or
    a pipe to a decoding process, would take their number."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
