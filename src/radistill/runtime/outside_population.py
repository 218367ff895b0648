"""Whether a film is of the people, the body part and the view that the model knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from radistill.schema.card import Population

_KINDS = (("body_part", "body_parts"), ("view", "views"), ("modality", "modalities"))


def outside(population: Population, tags: Mapping[str, Any]) -> list[str]:
    """Reasons to abstain: population-age, -body-part, -view, -modality; empty if none.

    tags: of a DICOM file (`Decoded.tags`). What the file or the card does not say is not checked.
    """
    reasons = []
    age, limits = tags.get("age_years"), population.age_years
    if age is not None and limits is not None and not limits[0] <= age <= limits[1]:
        reasons.append("population-age")
    for tag, field in _KINDS:
        value, known = tags.get(tag), getattr(population, field)
        if value and known and str(value).strip().upper() not in known:
            reasons.append(f"population-{tag.replace('_', '-')}")
    return reasons
