"""What is in a data set and what is wrong with it: figures, tables, a page."""

from typing import TYPE_CHECKING

from radistill.lazy import lazy

if TYPE_CHECKING:
    from radistill.data.audit.audit_page import write_page
    from radistill.data.audit.audit_tables import render
    from radistill.data.audit.collect import audit
    from radistill.data.audit.contact_sheet import sample_grid

__getattr__ = lazy(
    __name__,
    {
        "audit": ".collect",
        "render": ".audit_tables",
        "sample_grid": ".contact_sheet",
        "write_page": ".audit_page",
    },
)

__all__ = ["audit", "render", "sample_grid", "write_page"]
