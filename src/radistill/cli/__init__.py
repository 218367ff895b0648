"""The command line. Heavy libraries are imported by the commands that need them, not here."""

import os
import sys

from rich.markup import escape

from radistill.errors import RadistillError
from radistill.progress import console

# Command -> the extra that brings its packages, where that is not `train`.
EXTRAS = {
    "adapt": "adapt",
    "monitor": "adapt",
    "node": "dicom",
    "plan": "adapt",
    "score": "scale",
    "serve": "serve",
    "text": "text",
}


def main() -> None:
    """Entry point: errors that a user can act on are printed without a traceback."""
    # Before PyTorch is loaded: by default its threads spin while they wait, and two of them that
    # share their cores with other programs take ten times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from radistill.cli.commands import app

    _open_standard_streams()
    try:
        app()
    except RadistillError as error:
        console.print(f"[bold red]error:[/bold red] {escape(str(error))}", highlight=False)
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "radistill":
            raise
        extra = EXTRAS.get("".join(sys.argv[1:2]), "train")
        console.print(
            f"[bold red]error:[/bold red] this command needs the package '{error.name}': "
            f"pip install 'radistill\\[{extra}]'",
            highlight=False,
        )
        sys.exit(RadistillError.exit_code)


def _open_standard_streams() -> None:
    """Streams that the shell closed (`>&-`) lead to nowhere: else the next file that is opened, or
    a pipe to a decoding process, would take their number."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
