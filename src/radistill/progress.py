"""One look for every progress bar; silent where nobody watches."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

# Messages and bars go to stderr, results to stdout, so that output can be piped.
console = Console(stderr=True, emoji=False)  # ":x:" in a file's name is no emoji


def bar() -> Progress:
    """A progress bar with count and time left, as a context manager.

    Use `progress.track(items, description=..., total=...)` or `add_task` and `advance`.
    """
    return Progress(
        SpinnerColumn(),
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
