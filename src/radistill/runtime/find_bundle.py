"""Which bundle to use where none is named."""

from __future__ import annotations

import os
from pathlib import Path

from radistill.errors import UsageError
from radistill.schema.card import CARD

VARIABLE = "RADISTILL_BUNDLE"


def installed() -> list[Path]:
    """Folders of the bundles that this installation came with, in order of name."""
    return sorted(card.parent for card in (Path(__file__).parents[1] / "bundles").glob(f"*/{CARD}"))


def find_bundle(named: Path | str | None) -> Path:
    """`named`; else what $RADISTILL_BUNDLE names; else the bundle this installation came with.

    A run is taken for the bundle in it. Raises UsageError if there is none of these.
    """
    given = named or os.environ.get(VARIABLE)
    if given:
        folder = Path(given)
        inside = folder / "bundle"
        return inside if (inside / CARD).is_file() else folder
    for folder in installed():
        return folder
    raise UsageError(
        f"no model: name a bundle with --bundle RUN/bundle, or set {VARIABLE} to its folder"
    )
