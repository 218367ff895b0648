"""Which words of a sentence are denied or doubted.

A word in the scope of a trigger phrase gets the prefix `no:` or `maybe:`, so that all later steps
treat it as another word; see `triggers`.
"""

from radistill.text.nlp.triggers import AFTER_COMMA, BEGINNINGS, CURRENT, Effect, triggers

MARKS = NO, MAYBE = "no:", "maybe:"
PUNCTUATION = frozenset(",;:()")
_STOPS = frozenset(";:")
_LINKS = frozenset({",", "and", "with"})
_JOINS = frozenset({"and", "or", "nor"})
_VERBS = frozenset({"is", "are", "was", "were", "has", "have"})
_FORWARD = {Effect.NO_AFTER: NO, Effect.MAYBE_AFTER: MAYBE}
_BACKWARD = {Effect.NO_BEFORE: NO, Effect.MAYBE_BEFORE: MAYBE}
_TRIGGERS = dict(triggers())
_LONGEST: dict[str, int] = {}  # words of the longest phrase that begins with a word
for _words in _TRIGGERS:
    _LONGEST[_words[0]] = max(_LONGEST.get(_words[0], 0), len(_words))


def tag(sentence: list[str]) -> list[str]:
    """Mark the words of one sentence; drop its punctuation.

    A scope runs to the end of the sentence, to a phrase that ends it, to a colon or semicolon, or
    to a word that begins a new statement (see `_begins_statement`). A backward phrase right after
    a colon reaches the words before it ("Pneumonia: not seen"). Within a denial a doubt changes
    nothing ("no opacity to suggest pneumonia") but after a comma. Phrases that deny are dropped,
    since every word they reach is marked; phrases that doubt are kept.
    """
    tagged: list[str] = []
    mark = ""  # of the forward scope
    since = heading = 0  # where a backward scope begins, and where it does right after a colon
    comma = 0  # words before the last comma
    current = not CURRENT.isdisjoint(sentence)
    last_or = max((i for i, word in enumerate(sentence) if word in ("or", "nor")), default=-1)
    i, n = 0, len(sentence)
    while i < n:
        word = sentence[i]
        if word in _STOPS or (word in _LINKS and _begins_statement(sentence, i, mark, last_or)):
            heading = since if word == ":" else len(tagged)
            mark, since = "", len(tagged)
        if word in PUNCTUATION:
            comma = len(tagged) if word == "," else comma
            i += 1
            continue
        length, effect = _trigger(sentence, i)
        if effect is Effect.REQUEST:
            effect = Effect.NO_AFTER if i == 0 else Effect.MAYBE_AFTER
        if effect is Effect.PAST:
            past = mark if current else NO
            tagged += [past + word for word in sentence[i : i + length]]
            i += length
            continue
        if effect is None or (effect is Effect.MAYBE_AFTER and mark == NO):
            tagged.append(mark + word)
            i += 1
            continue
        forward = _FORWARD.get(effect, "")
        if effect in _BACKWARD:
            back = _BACKWARD[effect]
            start = _subject(tagged, heading if since == len(tagged) else since, comma)
            forward = back if start == len(tagged) else ""
            tagged[start:] = [w if w.startswith(MARKS) else back + w for w in tagged[start:]]
        if effect not in (Effect.NO_AFTER, Effect.NO_BEFORE):
            tagged += sentence[i : i + length]
        if effect is not Effect.PSEUDO:
            mark, since, heading = forward, len(tagged), len(tagged)
        i += length
    return tagged


def _subject(tagged: list[str], start: int, comma: int) -> int:
    """Where the words that a backward phrase reaches begin.

    After a comma that joins no list ("atelectasis, pneumonia is unlikely"), or after an "and" that
    a verb precedes ("lungs are clear and pneumonia is unlikely").
    """
    if comma > start and _JOINS.isdisjoint(tagged[comma:]):
        start = comma
    verb = next((i for i in range(start, len(tagged)) if tagged[i] in _VERBS), len(tagged))
    return next((i + 1 for i in range(len(tagged) - 1, verb, -1) if tagged[i] == "and"), start)


def _begins_statement(sentence: list[str], i: int, mark: str, last_or: int) -> bool:
    """Whether after word `i`, a comma or conjunction, a statement begins, not an item of a list.

    "No effusion, mild atelectasis"; "no effusion, left basilar consolidation", unless "or"
    follows; "no effusion and left basilar consolidation".
    """
    following = sentence[i + 1] if i + 1 < len(sentence) else ""
    if sentence[i] == ",":
        return following in AFTER_COMMA or (following in BEGINNINGS and i > last_or)
    return mark == NO and following in BEGINNINGS and sentence[i - 1] not in BEGINNINGS


def _trigger(sentence: list[str], i: int) -> tuple[int, Effect | None]:
    """Length and effect of the longest phrase that starts at word `i`."""
    for length in range(_LONGEST.get(sentence[i], 0), 0, -1):
        if effect := _TRIGGERS.get(tuple(sentence[i : i + length])):
            return length, effect
    return 0, None


def split_mark(word: str) -> tuple[str, str]:
    """`no:effusion` -> (`no:`, `effusion`); the mark is empty for a plain word."""
    head, colon, tail = word.partition(":")
    return (head + colon, tail) if colon else ("", word)
