"""Results -> what people read: tables, sentences, checklists, figures, HTML."""

from typing import TYPE_CHECKING

from radistill.lazy import lazy

if TYPE_CHECKING:
    from radistill.report.html import write_report
    from radistill.report.side_by_side import assemble, compare

__getattr__ = lazy(
    __name__,
    {
        "assemble": ".side_by_side",
        "compare": ".side_by_side",
        "write_report": ".html",
    },
)

__all__ = ["assemble", "compare", "write_report"]
