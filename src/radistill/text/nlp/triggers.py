"""Phrases that deny or doubt the words near them, for chest X-ray reports in English.

In the manner of NegEx (Chapman et al. 2001) and ConText (Harkema et al. 2009); the lists are
radistill's own. Written in lower case with single spaces, as `tokens` leaves words.
"""

from __future__ import annotations

from enum import Enum


class Effect(Enum):
    """What a phrase does to its sentence."""

    NO_AFTER = "denies the words after it"
    NO_BEFORE = "denies the words before it"
    MAYBE_AFTER = "doubts the words after it"
    MAYBE_BEFORE = "doubts the words before it"
    PSEUDO = "contains a trigger but denies nothing"
    END = "ends the scope of the triggers before it"


PHRASES = {
    Effect.NO_AFTER: """
        no; not; without; denies; never; none; neither; nor; no longer; cannot see; absence of
        no evidence of; no evidence for; no evidence; no sign of; no signs of; no suggestion of
        no definite evidence of; no radiographic evidence of; no convincing evidence of
        no findings of; no finding of; no findings to suggest; no indication of
        nothing to suggest; not demonstrate; not see; not show; does not suggest; rather than
        instead of; negative for; free of; clear of; without evidence of; without sign of
        without signs of; lack of; lacks; resolution of; fails to reveal; failed to reveal
        removal of; rules out; ruling out; ruled out
    """,
    Effect.NO_BEFORE: """
        is absent; are absent; absent; is not seen; are not seen; not seen; not identified
        not visualized; is ruled out; are ruled out; has been ruled out; is excluded
        are excluded; has resolved; have resolved; resolved; has cleared; have cleared
        is negative; are negative; not present; is not present; are not present; not evident
        not appreciated; not demonstrated; is unlikely; are unlikely; unlikely; not detected
        is no longer seen; are no longer seen; no longer seen; has been removed
        have been removed; removed
    """,
    Effect.MAYBE_AFTER: """
        possible; possibly; probable; probably; likely; may represent; may reflect; may be
        might be; could be; could represent; could reflect; may indicate; might represent
        may relate to; suspected; suspicious for; suspicion of; suspicion for; concerning for
        concern for; worrisome for; questionable; question; question of; cannot exclude
        can not exclude; cannot rule out; not exclude; difficult to exclude; not rule out
        rule out; to exclude; suggests; suggest; suggesting; suggestive of; versus
        differential includes; considerations include; consider; presumably; presumed; perhaps
        favored to represent; potentially; potential; correlate for; correlate clinically for
        correlation for; evaluate for
    """,
    Effect.MAYBE_BEFORE: """
        is possible; are possible; not excluded; is not excluded; are not excluded
        cannot be excluded; can not be excluded; is suspected; cannot be ruled out
        not entirely excluded; is questioned; is difficult to exclude; is likely; are likely
        would be difficult to exclude; is probable; cannot be entirely excluded
        cannot be completely excluded; may be present; is considered; are considered
    """,
    Effect.PSEUDO: """
        no change; no interval change; no significant change; no significant interval change
        no new change; no definite change; no appreciable change; no increase; no decrease
        no improvement; no significant interval; not changed; not significantly changed
        without change; without significant change; without interval change
        not only; not necessarily; not certain whether; no prior; no previous; no comparison
        no comparisons; none available; no other; no additional; no further; no old films
        not well; not optimally; not completely; not fully; more likely; without difficulty
    """,
    Effect.END: """
        but; however; although; though; except; except for; aside from; apart from; which
        other than; otherwise; yet; still; there is; there are; this is; these are; also
        with the exception of; while; because of; because; as well as; remains; remain
        continued; stable; unchanged; again; persistent; status post; is seen in; is noted
        are noted; is present; are present; now
    """,
}
# After a comma these begin a new statement rather than the next item of a list of denials.
AFTER_COMMA = frozenset(
    """
    mild mildly minimal slight slightly moderate degenerative calcified tortuous chronic old low
    borderline elevated prominent patchy streaky worsening increased new possible probable likely
    questionable
    """.split()  # noqa: SIM905 - a list of words reads better so
)
