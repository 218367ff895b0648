"""The classes of a data set, and which of them is the disease."""

import re
from collections.abc import Sequence

from radistill.errors import UsageError

# In the spelling of `plain`.
_NEGATIVE = (
    "0,clear,control,false,healthy,negative,neg,no,no disease,no finding,no findings,no pneumonia,"
    "non pneumonia,none,norm,normal"
)
_POSITIVE = (
    "1,abnormal,consolidation,covid,covid 19,covid19,disease,diseased,opacity,lung opacity,"
    "pneumonia,pos,positive,sick,tb,true,tuberculosis,yes"
)


def choose_classes(
    labels: Sequence[str], positive: str | None
) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """(classes, positive class, notes) from the labels of all films.

    Two classes: negative first, so that index 1 is the disease. More: in order of name.
    Raises UsageError if there is only one class, if `positive` is none of them, or if it is not
    given and the names do not show it.
    """
    names = sorted(set(labels))
    if len(names) < 2:
        raise UsageError(
            f"there is only one class, {', '.join(names)}; "
            "a study needs two at least, such as NORMAL and PNEUMONIA"
        )
    notes: tuple[str, ...] = ()
    if positive is None:
        positive = _guess(names)
        notes = (
            f"The positive class is taken to be {positive}, from its name; "
            "set data.positive to choose.",
        )
    elif positive not in names:
        raise UsageError(
            f"data.positive: there is no class '{positive}'; the classes are {', '.join(names)}"
        )
    if len(names) == 2:
        names.sort(key=lambda name: name == positive)
    return tuple(names), positive, notes


def _guess(names: Sequence[str]) -> str:
    sick = [name for name in names if plain(name) in _POSITIVE.split(",")]
    if len(sick) == 1:
        return sick[0]
    rest = [name for name in names if plain(name) not in _NEGATIVE.split(",")]
    if len(names) == 2 and len(rest) == 1:
        return rest[0]
    raise UsageError(
        f"which of the classes {', '.join(names)} is the disease? "
        f"Name it, for example: --set data.positive={names[-1]}"
    )


def plain(name: str) -> str:
    """A class name without what its spelling adds: case, spaces, hyphens and underscores."""
    return re.sub(r"[\s_-]+", " ", name.strip().lower())
