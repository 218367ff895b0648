"""Words that carry no finding. None that denies or doubts is among them.

The usual lists (of scikit-learn, NLTK, spaCy) delete "no", "not", "without", "nor", "cannot",
"off", "few", "more" and so turn a report into its opposite.
"""

from radistill.text.nlp.scope import MAYBE, NO
from radistill.text.nlp.tokens import MARK

STOP_WORDS = frozenset(
    f"""
    a an the this that these those it its he she his her him they their them we our i you your
    am is are was were be been being has have had having do does did will would shall
    and or as at by for from in into of on onto to up upon with within between through during
    there here where when who whom whose what both each any all such same so then than too very
    s t am pm dr mr mrs ms please also per via if
    patient male female man woman year old yo
    image film radiograph view examination exam study chest xray pa ap lateral frontal portable
    finding findings seen see identified visualized demonstrated appreciated noted evident
    {MARK}
    """.split()
)


_DROPPED = frozenset(mark + word for word in STOP_WORDS for mark in ("", NO, MAYBE))


def drop_stop_words(sentence: list[str]) -> list[str]:
    """The words that are left; a marked word is judged without its mark."""
    return [word for word in sentence if word not in _DROPPED]
