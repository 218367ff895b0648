"""Whom a model knows, as far as its training set tells."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from radistill.data.patients import kaggle_patient
from radistill.schema.card import Population

FRONTAL = {
    "body_parts": ("CHEST", "THORAX", "LUNG", "PORT CHEST"),
    "views": ("PA", "AP"),
    "modalities": ("CR", "DX", "DR", "RG", "SC", "OT"),
}
UNNAMED = Population(
    description="frontal chest films like those it was trained on, of people who are not described",
    **FRONTAL,
)  # ages are not known, so they are not checked


def population_of(paths: Iterable[str], *, synthetic: bool) -> Population:
    """The Kaggle set's where every file has its kind of name, else frontal films of nobody named.

    The name of a folder says nothing of who is on its films, and may be nobody else's business.
    """
    known = all(kaggle_patient(PurePosixPath(path).name) for path in paths)
    if not known or synthetic:
        return UNNAMED
    return Population(
        description="frontal chest films of children aged one to five from one hospital in "
        "Guangzhou (Kermany et al. 2018)",
        age_years=(1.0, 6.0),
        **FRONTAL,
    )
