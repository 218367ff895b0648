"""How the built-in labeller is made: `python -m radistill.text.builtin FILE`.

It is trained on reports of the grammar alone, so it may be given away.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from radistill.text.labeller.grammar import Kind, write_many
from radistill.text.labeller.labeller import Labeller, save_labeller
from radistill.text.labeller.train import train
from radistill.text.read.collection import OPEN_I_LABEL, Entry, Reports

COUNT, SEED = 600, 0
_TAGS: dict[Kind, str] = {"normal": "normal", "opacity": "pneumonia", "other": "other"}


def tagged_reports(count: int, seed: int) -> Reports:
    """Reports of the grammar, tagged as the Open-i collection tags its own."""
    entries = tuple(
        Entry(str(i), written.report, _TAGS[written.kind])
        for i, written in enumerate(write_many(count, seed))
    )
    return Reports("grammar", entries, OPEN_I_LABEL)


def make_builtin() -> Labeller:
    """Train the built-in labeller; the same every time with one version of the libraries."""
    labeller = train(tagged_reports(COUNT, SEED), "naive_bayes", SEED)
    card = {
        **labeller.card,
        "trained_on": f"{COUNT} reports written by radistill's grammar (radistill.text.grammar), "
        f"seed {SEED}; no patient's",
        "licence": "MIT, as radistill",
        "figures": "docs/text.md has its figures on the Indiana reports, none of which it has seen",
    }
    return replace(labeller, card=card)


if __name__ == "__main__":
    save_labeller(Path(sys.argv[1]), make_builtin())
