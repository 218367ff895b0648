"""Text -> sentences -> words, as radiologists write them.

A sentence is a list of words in lower case: numbers with their unit (`7mm`), hyphens kept
(`left-sided`), abbreviations written out, several spellings of one thing made one, marks of
de-identification kept as `xxxx` until the stop words go. Punctuation that may end the scope of a
negation is kept as words of its own.
"""

import re

from radistill.text.nlp.phrases import pairs

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
_NUMBERING = re.compile(r"\A\s*(?:[-*\u2022]+\s*)?(?:\(?\d{1,2}[.)](?:\s+|$))?")
_WORD = re.compile(
    rf"(?P<mark>{_MARK})"
    r"|(?P<measure>\d+(?:\.\d+)?(?:\s?x\s?\d+(?:\.\d+)?)*[\s-]?(?:mm|cm|ml|%)(?![a-z]))"
    r"|\d+(?:[.,]\d+)*"
    r"|[a-z]+(?:-[a-z]+)*(?:'[st](?![a-z]))?"
    r"|[;:,()]"
)

# What reports write -> the words it stands for.
SPELLINGS = pairs("""
    w/o: without; w/: with; r/o: rule out; s/p: status post; f/u: followup; c/w: consistent with
    h/o: history of; b/l: bilateral; d/t: due to; and/or: or; vs.: versus; vs: versus
    neg.: negative; neg: negative; rule-out: rule out; air space: airspace; air-space: airspace
    follow up: followup; follow-up: followup; x-ray: xray; x ray: xray; x-xxxx: xray
    plate-like: platelike; band-like: bandlike; mass-like: masslike; non-calcified: noncalcified
    non-specific: nonspecific; mid-lung: midlung; mid lung: midlung; peri-hilar: perihilar
    t-spine: thoracic spine; cardio mediastinal: cardiomediastinal
    cardiac mediastinal: cardiomediastinal; cardio pulmonary: cardiopulmonary
    cardio-pulmonary: cardiopulmonary; rll: right lower lobe; lll: left lower lobe
    rul: right upper lobe; lul: left upper lobe; rml: right middle lobe; ptx: pneumothorax
    pna: pneumonia; chf: heart failure; hx: history; fx: fracture; sob: shortness of breath
    wnl: within normal limits; nad: no acute disease; rt: right; lt: left; bilat: bilateral
    ett: endotracheal tube; ngt: nasogastric tube; cxr: chest xray; atx: atelectasis
    cabg: bypass; can't: cannot; isn't: is not; aren't: are not; doesn't: does not
    don't: do not; wasn't: was not; hasn't: has not; haven't: have not
""")
_SPELLING = re.compile(
    r"(?<![\w'/-])(?:"
    + "|".join(re.escape(form) for form in sorted(SPELLINGS, key=len, reverse=True))
    + r")(?![\w'/-])"
)

_ANSWERS = r"(?:\s{0,3}[:=?]|[ \t]-|\.{2,9})\s*"
_ANSWER_ENDS = r"(?=\s*(?:[.,;\n)]|$))"
# Answers of templates (`Consolidation: No`, `Effusion = none`, `Edema (-)`) become statements, and
# dashes between statements semicolons.
_REWRITTEN = [
    (re.compile(pattern, re.I), replacement)
    for pattern, replacement in (
        (
            rf"{_ANSWERS}(?:no|none|nil|absent|negative|neg|none (?:seen|identified|noted|present)"
            rf"|no evidence)\b{_ANSWER_ENDS}",
            " is absent",
        ),
        (rf"{_ANSWERS}(?:yes|present|positive|pos)\b{_ANSWER_ENDS}", " is present"),
        (r"\s{0,3}[(\[] ?- ?[)\]]", " is absent"),
        (r"\s{0,3}[(\[] ?\+ ?[)\]]", " is present"),
        (rf"(?<=\w)(?<! is)(?<!are|was)(?<!were|been)\s+negative{_ANSWER_ENDS}", " is negative"),
        (r"(?<=\S) -{1,2} ", "; "),
        (r"\bin (?:19|20)\d\d\b", "ago"),
    )
]


def sentences(text: str) -> list[str]:
    """Split plain text into sentences; numbering and bullets at their start are dropped."""
    for pattern, replacement in _REWRITTEN:
        text = pattern.sub(replacement, text)
    complete: list[str] = []
    joined = False
    for piece in _BREAK.split(text):
        piece = (piece if joined else _NUMBERING.sub("", piece, count=1)).strip()
        if not piece:
            continue
        if joined:
            complete[-1] += " " + piece
        else:
            complete.append(piece)
        joined = piece[-1] == "." and _SHORT.search(piece[-9:].lower()) is not None
    return complete


def words(sentence: str) -> list[str]:
    """Words of one sentence, in lower case; `,;:()` are words of their own."""
    text = _SPELLING.sub(lambda match: SPELLINGS[match[0]], sentence.lower())
    return [_normal_form(match) for match in _WORD.finditer(text)]


def _normal_form(word: re.Match[str]) -> str:
    if word.lastgroup == "mark":
        return MARK
    if word.lastgroup == "measure":
        return word[0].replace(" ", "").replace("-", "")
    return word[0]


def tokenize(text: str) -> list[list[str]]:
    """Plain text -> sentences of words."""
    return [tokens for sentence in sentences(text) if (tokens := words(sentence))]
