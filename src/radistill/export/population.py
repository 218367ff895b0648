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


def population_of(name: str, paths: Iterable[str], *, synthetic: bool) -> Population:
    """The Kaggle set's where every file has its kind of name, else frontal films of `name`."""
    known = all(kaggle_patient(PurePosixPath(path).name) for path in paths)
    if not known or synthetic:
        return frontal_films(name)
    return Population(
        description="frontal chest films of children aged one to five from one hospital in "
        "Guangzhou (Kermany et al. 2018)",
        age_years=(1.0, 6.0),
        **FRONTAL,
    )


def frontal_films(name: str) -> Population:
    """Frontal chest films; ages are not known, so they are not checked."""
    return Population(description=f"the frontal chest films of {name or 'its data set'}", **FRONTAL)
