"""Words -> their dictionary form: simplemma, with a short radiology list on top."""

from collections.abc import Iterator
from functools import lru_cache

import simplemma

from radistill.text.nlp.phrases import pairs
from radistill.text.nlp.scope import split_mark

# What the dictionary does not know, or gets wrong in a report: "lower" is no form of "low" when it
# names a lobe.
RADIOLOGY = pairs("""
    atelectases: atelectasis; atelectatic: atelectasis; masses: mass; opacification: opacity
    opacifications: opacity; consolidative: consolidation; consolidated: consolidation
    infiltration: infiltrate; infiltrations: infiltrate; infiltrative: infiltrate
    hemidiaphragms: hemidiaphragm; mediastinal: mediastinum; hila: hilum; hilar: hilum
    granulomatous: granuloma; emphysematous: emphysema; pleura: pleural
    calcified: calcification; calcific: calcification; osseus: osseous; thickening: thickening
    edematous: edema; oedema: edema; haziness: hazy; cardiomegalic: cardiomegaly; basal: base
    basilar: base; bibasal: bibasilar; tortuosity: tortuous; lower: lower; worse: worse; cm: cm
    m: m; i: i; caliber: caliber; unfolded: unfolded; unfolding: unfolded; developed: develop
    crowding: crowding; right-sided: right; left-sided: left; well-expanded: expand
    well-aerated: aerate; well-inflated: inflate; limited: limited; limits: limits
""")
# Words that are recognised with a slip of the keyboard: `pnuemonia`, `infitrate`, `oppacity`.
_OFTEN_MISSPELT = """
    pneumonia infiltrate infiltrates consolidation consolidations opacity opacities effusion
    effusions atelectasis pneumothorax cardiomegaly
"""


def _slips(word: str) -> Iterator[str]:
    """`word` with two neighbours swapped, one letter missing or one letter doubled."""
    for i in range(1, len(word)):
        yield word[: i - 1] + word[i] + word[i - 1] + word[i + 1 :]
        yield word[:i] + word[i + 1 :]
        yield word[:i] + word[i - 1 :]


MISSPELT = {slip: word for word in _OFTEN_MISSPELT.split() for slip in _slips(word)}


@lru_cache(maxsize=50_000)
def lemma(word: str) -> str:
    """The dictionary form of one word in lower case, marked or not; numbers become `#`."""
    mark, bare = split_mark(word)
    known = RADIOLOGY.get(bare)
    if known is None:
        if bare[:1].isdigit():
            known = "#" + bare.lstrip("0123456789.,x")
        else:
            if not simplemma.is_known(bare, lang="en"):
                bare = MISSPELT.get(bare, bare)
            known = str(simplemma.lemmatize(bare, lang="en")).lower()
    return mark + known


def lemmatize(sentence: list[str]) -> list[str]:
    """The words of a sentence in their dictionary form."""
    return [lemma(word) for word in sentence]
