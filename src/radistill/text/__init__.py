"""Labels from radiology reports: read, tokenise, label, and measure how right the labels are."""

from typing import TYPE_CHECKING

from radistill.lazy import lazy

if TYPE_CHECKING:
    from radistill.text.labeller.decide import decide
    from radistill.text.labeller.labeller import load_labeller, save_labeller
    from radistill.text.labeller.train import train
    from radistill.text.labeller.weak_labels import label_reports
    from radistill.text.read.reports import read_reports

__getattr__ = lazy(
    __name__,
    {
        "decide": ".labeller.decide",
        "label_reports": ".labeller.weak_labels",
        "load_labeller": ".labeller.labeller",
        "read_reports": ".read.reports",
        "save_labeller": ".labeller.labeller",
        "train": ".labeller.train",
    },
)

__all__ = ["decide", "label_reports", "load_labeller", "read_reports", "save_labeller", "train"]
