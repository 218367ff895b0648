"""Errors that a user can act on.

The message names the file or setting at fault and the way out; the command line prints it
without a traceback and exits with `exit_code`.
"""


class RadistillError(Exception):
    """Some inputs failed, or work could not be finished (exit status 1)."""

    exit_code = 1


class UsageError(RadistillError):
    """The command, the configuration or the data folder is wrong (exit status 2)."""

    exit_code = 2


def counted(count: int, noun: str) -> str:
    """`1 film`, `1,204 films`: a number in a message."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
