"""Which bundle a user means: a folder, a run, or the name of an installed one."""

import os
from pathlib import Path

from radistill.errors import UsageError
from radistill.schema.card import CARD

VARIABLE = "RADISTILL_BUNDLE"


def installed() -> list[Path]:
    """Folders of the bundles that this installation came with, in order of name."""
    return sorted(card.parent for card in (Path(__file__).parents[1] / "bundles").glob(f"*/{CARD}"))


def find_bundle(named: Path | str | None) -> Path:
    """The folder of the bundle `named`; else of $RADISTILL_BUNDLE; else of the first installed.

    named: a bundle, a run with a bundle in it, or the name of an installed bundle such as
    `pneumonia-children`; a path that exists wins over that name.
    Raises UsageError, listing the installed names, if it is none of these.
    """
    given = str(named or "") or os.environ.get(VARIABLE, "")
    folders = installed()
    names = ", ".join(folder.name for folder in folders) or "none is installed"
    if not given:
        if folders:
            return folders[0]
        raise UsageError(
            f"no model: name a bundle with --bundle RUN/bundle, or set {VARIABLE} to its folder"
        )
    for folder in (Path(given), Path(given, "bundle")):
        if (folder / CARD).is_file():
            return folder
    if not Path(given).exists():
        for folder in folders:
            if folder.name == str(Path(given)):
                return folder
    source = "" if named else f" (from ${VARIABLE})"
    raise UsageError(
        f"{given}{source}: no bundle. Name a folder with {CARD} in it, a run with such a folder "
        f"(`radistill bundle RUN` makes it), or an installed bundle: {names}."
    )
