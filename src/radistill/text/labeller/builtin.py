"""How the built-in labeller is made: `python -m radistill.text.labeller.builtin FILE`.

It is trained on reports of the grammar alone, so it may be given away.
"""

import sys
from pathlib import Path

from radistill.schema.labeller_file import Labeller
from radistill.text.labeller.grammar import ReportKind, write_reports
from radistill.text.labeller.labeller import save_labeller
from radistill.text.labeller.train import train
from radistill.text.read.collection import OPEN_I_LABEL, ReportCollection, ReportRecord

COUNT, SEED = 600, 0
_TAGS: dict[ReportKind, str] = {"normal": "normal", "opacity": "pneumonia", "other": "other"}


def tagged_reports(count: int, seed: int) -> ReportCollection:
    """Reports of the grammar, tagged as the Open-i collection tags its own."""
    records = tuple(
        ReportRecord(str(i), written.report, _TAGS[written.kind])
        for i, written in enumerate(write_reports(count, seed))
    )
    return ReportCollection("grammar", records, OPEN_I_LABEL)


def make_builtin() -> Labeller:
    """Train the built-in labeller; the same every time with one version of the libraries."""
    labeller = train(tagged_reports(COUNT, SEED), "naive_bayes", SEED)
    card = {
        "trained_on": f"{COUNT} reports written by radistill's grammar "
        f"(radistill.text.labeller.grammar), seed {SEED}; no patient's",
        "licence": "MIT, as radistill",
        "figures": "docs/text.md has its figures on the Indiana reports, none of which it has seen",
    }
    return labeller.model_copy(update={"card": labeller.card.model_copy(update=card)})


if __name__ == "__main__":
    save_labeller(Path(sys.argv[1]), make_builtin())
