"""Words -> their dictionary form: simplemma, with a short radiology list on top."""

from __future__ import annotations

from functools import lru_cache

import simplemma

from radistill.text.scope import split_mark

# What the dictionary does not know, or gets wrong in a report: "left" is no form of "leave", nor
# "lower" of "low", when they name a lobe.
RADIOLOGY = {
    "atelectases": "atelectasis", "atelectatic": "atelectasis", "pneumonias": "pneumonia",
    "pneumothoraces": "pneumothorax", "pneumothoraxes": "pneumothorax", "masses": "mass",
    "opacities": "opacity", "opacification": "opacity", "opacifications": "opacity",
    "consolidations": "consolidation", "consolidative": "consolidation",
    "consolidated": "consolidation", "infiltrates": "infiltrate", "infiltration": "infiltrate",
    "infiltrations": "infiltrate", "infiltrative": "infiltrate", "deformities": "deformity",
    "hemidiaphragms": "hemidiaphragm", "mediastinal": "mediastinum", "hila": "hilum",
    "hilar": "hilum", "bronchi": "bronchus", "apices": "apex", "granulomata": "granuloma",
    "granulomatous": "granuloma", "emphysematous": "emphysema", "pleura": "pleural",
    "calcified": "calcification", "calcifications": "calcification", "calcific": "calcification",
    "osseus": "osseous", "scarring": "scar", "thickening": "thickening", "markings": "marking",
    "edematous": "edema", "oedema": "edema", "haziness": "hazy", "cardiomegalic": "cardiomegaly",
    "bases": "base", "basal": "base", "basilar": "base", "bibasal": "bibasilar",
    "tortuosity": "tortuous", "left": "left", "lower": "lower", "upper": "upper", "worse": "worse",
    "cm": "cm", "mm": "mm", "m": "m", "i": "i", "caliber": "caliber", "unfolded": "unfolded",
    "unfolding": "unfolded", "developed": "develop", "crowding": "crowding",
    "right-sided": "right", "left-sided": "left", "well-expanded": "expand",
    "well-aerated": "aerate", "well-inflated": "inflate", "limited": "limited",
    "limits": "limits", "clear": "clear", "cleared": "clear",
}  # fmt: skip


@lru_cache(maxsize=50_000)
def lemma(word: str) -> str:
    """The dictionary form of one word in lower case, marked or not; numbers become `#`."""
    mark, bare = split_mark(word)
    known = RADIOLOGY.get(bare)
    if known is None:
        if bare[:1].isdigit():
            known = "#" + bare.lstrip("0123456789.,x")
        else:
            known = str(simplemma.lemmatize(bare, lang="en")).lower()
    return mark + known


def lemmatize(sentence: list[str]) -> list[str]:
    """The words of a sentence in their dictionary form."""
    return [lemma(word) for word in sentence]
