"""Which bundle to use where none is named."""

from __future__ import annotations

import os
from pathlib import Path

from radistill.errors import UsageError
from radistill.runtime.card import CARD

VARIABLE = "RADISTILL_BUNDLE"


def find_bundle(named: Path | str | None) -> Path:
    """`named`; else what $RADISTILL_BUNDLE names; else the bundle this installation came with.

    A run is taken for the bundle in it. Raises UsageError if there is none of these.
    """
    given = named or os.environ.get(VARIABLE)
    if given:
        folder = Path(given)
        inside = folder / "bundle"
        return inside if (inside / CARD).is_file() else folder
    shipped = Path(__file__).parents[1] / "shipped"
    if (shipped / CARD).is_file():
        return shipped
    raise UsageError(
        f"no model: name a bundle with --bundle RUN/bundle, or set {VARIABLE} to its folder"
    )
