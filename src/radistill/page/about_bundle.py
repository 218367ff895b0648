"""What is said of the model: its card and its model card, without the statistics."""

from __future__ import annotations

from typing import Any

from radistill.runtime.abstain import REASONS
from radistill.runtime.predictor import Predictor
from radistill.schema.card import README


def about_bundle(predictor: Predictor) -> dict[str, Any]:
    """The card as JSON, with `name`, `sha256`, `readme` and `reasons` (code -> words).

    abstention: only what was measured of it; its arrays are for the model, not for people.
    """
    card = predictor.card
    said = card.model_dump(mode="json", exclude={"abstention"})
    readme = predictor.bundle.folder / README
    return {
        "name": predictor.model.name,
        "version": predictor.model.version,
        "sha256": predictor.model.sha256,
        "file": predictor.bundle.file,
        **said,
        "abstention": None if card.abstention is None else {"measured": card.abstention.measured},
        "reasons": REASONS,
        "readme": readme.read_text("utf-8") if README in card.files else "",
    }
