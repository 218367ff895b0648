"""Millions of films on Ray Data: each scored once, on as many machines as there are."""

from typing import TYPE_CHECKING

from radistill.lazy import lazy

if TYPE_CHECKING:
    from radistill.archive.archive_job import score_archive
    from radistill.archive.archive_summary import summarise
    from radistill.archive.film_rows import score_batch

__getattr__ = lazy(
    __name__,
    {
        "score_archive": ".archive_job",
        "score_batch": ".film_rows",
        "summarise": ".archive_summary",
    },
)

__all__ = ["score_archive", "score_batch", "summarise"]
