"""Text -> sentences -> words, as radiologists write them.

A sentence is a list of words in lower case: numbers with their unit (`7mm`), hyphens kept
(`left-sided`), abbreviations written out, several spellings of one thing made one, marks of
de-identification kept as `xxxx` until the stop words go. Punctuation that may end the scope of a
negation is kept as words of its own.
"""

from __future__ import annotations

import re

MARK = "xxxx"

_MARK = r"x-?x{2,}(?:-?x{2,})*(?![a-z])|_{3,}|\[\*\*[^\]]{0,80}\*\*\]"
_BREAK = re.compile(
    r"(?<=[.!?])[\"')\]]*\s+"  # a full stop and a space,
    r"|(?<=[a-z)]{2}\.)(?=[A-Z][a-z])"  # or none, as in "left apex.There is"
    r"|\n\s*(?=\n|[-*\u2022]\s|\d{1,2}[.)]\s|[A-Z])"  # lines that wrap go on in lower case
)
# A full stop after these, none longer than eight characters, ends no sentence.
_SHORT = re.compile(
    r"(?:^|[\s(])(?:dr|mrs?|ms|prof|approx|vs|st|i\.e|e\.g|etc|cf|resp|(?:[a-z]\.)*[a-z])\.$"
)
_NUMBERING = re.compile(r"\s*(?:[-*\u2022]+\s*)?(?:\(?\d{1,2}[.)](?:\s+|$))?")
_WORD = re.compile(
    rf"(?P<mark>{_MARK})"
    r"|(?P<measure>\d+(?:\.\d+)?(?:\s?x\s?\d+(?:\.\d+)?)*[\s-]?(?:mm|cm|ml|%)(?![a-z]))"
    r"|\d+(?:[.,]\d+)*"
    r"|[a-z]+(?:-[a-z]+)*(?:'[st](?![a-z]))?"
    r"|[;:,()]"
)

# What reports write -> the words it stands for.
SPELLINGS = {
    "w/o": "without", "w/": "with", "r/o": "rule out", "s/p": "status post", "f/u": "followup",
    "c/w": "consistent with", "h/o": "history of", "b/l": "bilateral", "d/t": "due to",
    "and/or": "or", "vs.": "versus", "vs": "versus", "neg.": "negative", "neg": "negative",
    "rule-out": "rule out", "air space": "airspace", "air-space": "airspace",
    "follow up": "followup", "follow-up": "followup", "x-ray": "xray", "x ray": "xray",
    "x-xxxx": "xray", "plate-like": "platelike", "band-like": "bandlike", "mass-like": "masslike",
    "non-calcified": "noncalcified", "non-specific": "nonspecific", "mid-lung": "midlung",
    "mid lung": "midlung", "peri-hilar": "perihilar", "t-spine": "thoracic spine",
    "cardio mediastinal": "cardiomediastinal", "cardiac mediastinal": "cardiomediastinal",
    "cardio pulmonary": "cardiopulmonary", "cardio-pulmonary": "cardiopulmonary",
    "rll": "right lower lobe", "lll": "left lower lobe", "rul": "right upper lobe",
    "lul": "left upper lobe", "rml": "right middle lobe", "ptx": "pneumothorax",
    "pna": "pneumonia", "chf": "heart failure", "hx": "history", "fx": "fracture",
    "sob": "shortness of breath", "wnl": "within normal limits", "nad": "no acute disease",
    "rt": "right", "lt": "left", "bilat": "bilateral", "ett": "endotracheal tube",
    "ngt": "nasogastric tube", "cxr": "chest xray", "atx": "atelectasis", "cabg": "bypass",
    "can't": "cannot", "isn't": "is not", "aren't": "are not", "doesn't": "does not",
    "don't": "do not", "wasn't": "was not", "hasn't": "has not", "haven't": "have not",
}  # fmt: skip
_SPELLING = re.compile(
    r"(?<![\w'/-])(?:"
    + "|".join(re.escape(form) for form in sorted(SPELLINGS, key=len, reverse=True))
    + r")(?![\w'/-])"
)


def sentences(text: str) -> list[str]:
    """Split plain text into sentences; numbering and bullets at their start are dropped."""
    found: list[str] = []
    joined = False
    for piece in _BREAK.split(text):
        piece = piece.strip() if joined else piece[_numbering(piece) :].strip()
        if not piece:
            continue
        if joined:
            found[-1] += " " + piece
        else:
            found.append(piece)
        joined = piece[-1] == "." and _SHORT.search(piece[-9:].lower()) is not None
    return found


def _numbering(piece: str) -> int:
    """Characters of numbering or bullet before a piece begins."""
    found = _NUMBERING.match(piece)
    return found.end() if found else 0


def words(sentence: str) -> list[str]:
    """Words of one sentence, in lower case; `,;:()` are words of their own."""
    text = _SPELLING.sub(_written_out, sentence.lower())
    return [_shape(found) for found in _WORD.finditer(text)]


def _written_out(found: re.Match[str]) -> str:
    return SPELLINGS[found[0]]


def _shape(found: re.Match[str]) -> str:
    if found.lastgroup == "mark":
        return MARK
    if found.lastgroup == "measure":
        return found[0].replace(" ", "").replace("-", "")
    return found[0]


def tokenize(text: str) -> list[list[str]]:
    """Plain text -> sentences of words."""
    return [found for sentence in sentences(text) if (found := words(sentence))]
