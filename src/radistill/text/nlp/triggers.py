"""Phrases that deny or doubt the words near them, for chest X-ray reports in English.

In the manner of NegEx (Chapman et al. 2001) and ConText (Harkema et al. 2009); the lists are
radistill's own. Written in lower case with single spaces, as `tokens` leaves words. `{be}` is
replaced by each of the alternatives of that name. What is past or only asked for is denied too: no
label of a film follows from it.
"""

import re
from collections.abc import Iterator
from enum import Enum

from radistill.text.nlp.phrases import phrases


class Effect(Enum):
    """What a phrase does to its sentence."""

    NO_AFTER = "denies the words after it"
    NO_BEFORE = "denies the words before it, or after it where there are none before"
    MAYBE_AFTER = "doubts the words after it"
    REQUEST = "denies the words after it at the start of a sentence, else doubts them"
    MAYBE_BEFORE = "doubts the words before it, or after it where there are none before"
    PSEUDO = "contains a trigger but denies nothing"
    PAST = "is denied itself, unless a word of CURRENT says that it is still there"
    END = "ends the scope of the triggers before it"


ALTERNATIVES = {
    "be": "is|are|was|were|has been|have been",
    "have": "has|have|had|has now|have now|has since|have since",
    "seen": "seen|identified|visualized|visible|present|evident|apparent|appreciated|demonstrated"
    "|detected|noted|found|recognized|observed",
    "thought": "suspected|suggested|favored|likely|thought to be present|felt to be present"
    "|believed to be present|considered likely",
    "gone": "resolved|cleared|disappeared|gone away|completely resolved|fully resolved"
    "|entirely resolved|completely cleared|fully cleared|completely disappeared",
    "excluded": "excluded|ruled out",
    "fully": "entirely|completely|definitely|definitively|fully|confidently|reliably|totally",
    "change": "change|increase|decrease|improvement|worsening|progression",
    "some": "interval|significant|significant interval|definite|appreciable|further|new|obvious",
    "represent": "represent|reflect|be|be due to|indicate|relate to",
    "compared": "compared to|compared with|comparison to|comparison with|comparison is made with",
    "prior": "prior|previous|recent|had|has had|had a|episode of",
    "infection": "pneumonia|pneumonias|infection|infiltrate",
    "side": "right|left|bilateral|",
    "lobe": "upper lobe|lower lobe|middle lobe|lung|base|basilar|lingular|",
    "relative": "mother|father|sister|brother|wife|husband|son|daughter|family member|contact",
    "partial": "partial|incomplete|slow|some|no|without|until|to|confirm|document|ensure|assess"
    "|for|demonstrate",
}
PHRASES = {
    Effect.NO_AFTER: """
        no; not; without; denies; denied; never; none; neither; nor; nothing; no longer; cannot see
        absence of; no evidence of; no evidence for; no evidence; no sign of; no signs of
        no suggestion of; no definite evidence of; no radiographic evidence of
        no convincing evidence of; no findings of; no finding of; no findings to suggest
        no findings to indicate; no indication of; nothing to suggest; not demonstrate; not see
        not show; not reveal; does not suggest; rather than; instead of; negative for
        {be} negative for; unremarkable for; free of; free from; clear of; devoid of
        without evidence of; without sign of; without signs of; lack of; lack; lacks; lacking
        resolution of; clearing of; fails to reveal; failed to reveal; fails to show
        fails to demonstrate; removal of; rules out; ruling out; doubt; inconsistent with
        unlikely to {represent}; unlikely that; unlikely for; doubt there is; doubt that there is
        low probability of; low likelihood of; low suspicion for; low suspicion of; history of
        past history of; family history of; exposure to; {relative} with; treatment for
        treated for; to look for; checked for
    """,
    Effect.NO_BEFORE: """
        absent; {be} absent; not {seen}; {be} not {seen}; no longer {seen}; {be} no longer {seen}
        cannot be {seen}; can not be {seen}; could not be {seen}; {be} {excluded}; ruled out
        {have} {gone}; resolved; {be} resolved; disappeared; {be} negative; {be} gone
        {be} unlikely; unlikely; {be} very unlikely; {be} felt unlikely; {be} felt to be unlikely
        {be} thought to be unlikely; {be} considered unlikely; very unlikely; felt unlikely
        felt to be unlikely; thought unlikely; considered unlikely; doubtful; {be} doubtful
        not {thought}; {be} not {thought}; {be} less likely; less likely; {be} removed; removed
        can be {excluded}; may be {excluded}; considered {excluded}; {be} considered {excluded}
    """,
    Effect.MAYBE_AFTER: """
        possible; possibly; probable; probably; likely; may {represent}; might {represent}
        could {represent}; suspected; suspicious for; suspicion of; suspicion for; concerning for
        concern for; worrisome for; questionable; question; question of; cannot exclude
        can not exclude; cannot rule out; not exclude; difficult to exclude; not rule out; rule out
        to exclude; suggests; suggest; suggesting; suggestive of; versus; differential includes
        considerations include; consider; presumably; presumed; perhaps; favored to represent
        potentially; potential; correlate for; correlate clinically for; correlation for
        not able to exclude; unable to exclude; not possible to exclude; not able to rule out
        unable to rule out; not possible to rule out
    """,
    Effect.REQUEST: """
        evaluate for; evaluation for; assess for; look for; test for
    """,
    Effect.MAYBE_BEFORE: """
        {be} possible; {be} probable; {be} likely; {be} suspected; {be} questioned; {be} considered
        not {excluded}; {be} not {excluded}; not {fully} {excluded}; {be} not {fully} {excluded}
        cannot be {excluded}; can not be {excluded}; could not be {excluded}
        cannot be {fully} {excluded}; can not be {fully} {excluded}; {be} difficult to exclude
        would be difficult to exclude; may be present
    """,
    Effect.PSEUDO: """
        no {change}; no {some} {change}; without {change}; without {some} {change}
        no significant interval; not changed; not significantly changed; not resolved; not cleared
        not yet resolved; not yet cleared; not {fully} resolved; not {fully} cleared
        incompletely resolved; partially resolved; partly resolved; {partial} resolution of
        {partial} clearing of; no doubt; without doubt; without question; no question
        not {seen} on prior; not {seen} on previous; not {seen} previously; not {seen} before
        not only; not necessarily; not certain whether; not certain if; gram negative; no prior
        no previous; no comparison; no comparisons; none available; no other; no additional
        no further; no old films; not well; not optimally; not completely; not fully; more likely
        consistent with history of; compatible with history of; related to history of
        without difficulty; {compared} prior; {compared} previous; {compared} the prior
        {compared} the previous
    """,
    Effect.PAST: """
        {prior} {side} {lobe} {infection}; {infection} ago
    """,
    Effect.END: """
        but; however; although; though; except; except for; aside from; apart from; besides; which
        other than; otherwise; yet; still; there is; there are; this is; these are; also
        with the exception of; while; because of; because; as well as; remains; remain; continued
        stable; unchanged; again; persistent; status post; is seen in; is noted; are noted
        is present; are present; now; today; currently; positive for; with superimposed; with new
        with acute; with recurrent; complicated by
    """,
}
# Of a finding that is not past.
CURRENT = frozenset(
    """
    again stable unchanged persists persist persistent persisting remains remain still improved
    improving worse worsened worsening increased increasing decreased decreasing resolving clearing
    residual redemonstrated progressed progressive
    """.split()  # noqa: SIM905 - a list of words reads better so
)
# After a comma these begin a new statement rather than the next item of a list of denials.
AFTER_COMMA = frozenset(
    """
    mild mildly minimal slight slightly moderate degenerative calcified tortuous chronic old low
    borderline elevated prominent patchy streaky worsening increased new possible probable likely
    questionable
    """.split()  # noqa: SIM905 - a list of words reads better so
)
# So do these, after a comma if no "or" follows, and after "and" or "with".
BEGINNINGS = frozenset(
    {"right", "left", "bilateral", "bibasilar", "multifocal", "lingular", "heart", "lungs"}
    | {"the", "a", "an", "there"}
)


def expand(phrase: str) -> Iterator[str]:
    """`{be} absent` -> `is absent`, `are absent`, ..."""
    name = re.search(r"\{(\w+)\}", phrase)
    if name is None:
        yield phrase
        return
    for words in ALTERNATIVES[name[1]].split("|"):
        yield from expand(phrase.replace(name[0], words, 1))


def triggers() -> Iterator[tuple[tuple[str, ...], Effect]]:
    """All phrases, as words, with their effects."""
    for effect, text in PHRASES.items():
        for phrase in phrases(text):
            for words in expand(phrase):
                yield tuple(words.split()), effect
