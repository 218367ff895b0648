"""What to know about a data set before trusting figures from it."""

from radistill.errors import counted
from radistill.schema.audit import Audit, Duplicates

_LOPSIDED = 3.0


def data_warnings(audit: Audit) -> tuple[str, ...]:
    """One plain sentence for each thing amiss."""
    warnings = []
    crossing = len(audit.patients.crossing)
    if crossing:
        warnings.append(
            f"{_are(crossing, 'patient')} in more than one of train, val and test: figures on "
            "the test films are too good."
        )
    if not audit.patients.known:
        warnings.append(
            "Patients are unknown, so nobody can tell whether one is in train and test."
        )
    warnings += _about_copies("the same bytes", audit.exact_duplicates)
    warnings += _about_copies("nearly the same picture", audit.near_duplicates)
    if audit.unreadable:
        warnings.append(f"{_are(len(audit.unreadable), 'file')} unreadable and left out.")
    if audit.imbalance >= _LOPSIDED:
        warnings.append(
            f"The largest class has {audit.imbalance:.1f} times the films of the smallest: "
            "accuracy alone says little."
        )
    return tuple(warnings)


def _about_copies(what: str, duplicates: Duplicates) -> list[str]:
    meanings = {
        "but different labels: at least one of each is wrong": duplicates.differing_labels,
        "in two splits: films of the one are known from the other": duplicates.across_splits,
        "under two patients": duplicates.across_patients,
    }
    return [
        f"{counted(count, 'pair')} of films with {what}, {meaning}."
        for meaning, count in meanings.items()
        if count
    ]


def _are(count: int, noun: str) -> str:
    return f"{counted(count, noun)} {'is' if count == 1 else 'are'}"
