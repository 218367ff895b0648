"""A report in its parts: indication, comparison, findings, impression."""

import re
from dataclasses import dataclass, replace

_HEADINGS = {
    "indication": (
        "indications?|clinical indications?|clinical history|clinical information|clinical data"
        "|clinical details|clinical question|history|reason for (?:the )?(?:exam(?:ination)?"
        "|study|visit)|reason|patient history|relevant history"
    ),
    "comparison": "comparisons?|comparison (?:stud(?:y|ies)|exams?)|prior (?:stud(?:y|ies)|exams?)",
    "technique": (
        "technique|exam(?:ination)?|procedure|study|views?|protocol|exam(?:ination)? date|date"
        "|type of exam(?:ination)?|title"
    ),
    "findings": "findings?|observations?|report|description|result|results|discussion|body",
    "impression": (
        "impressions?|conclusions?|opinion|summary|diagnosis|diagnostic impression|interpretation"
        "|final impression|assessment|imp|recommendations?(?: and impression)?"
    ),
}
_SECTION_OF = {name: re.compile(rf"(?:{pattern})", re.I) for name, pattern in _HEADINGS.items()}
_WORDS = "|".join(_HEADINGS.values())
# At the start of a line in any case; within a line only in capitals or after a full stop, for
# "no acute findings: ..." is prose.
_HEADING = re.compile(
    rf"(?:^|\n)[ \t]*(?:[#*_]+[ \t]*)?(?P<line>(?i:{_WORDS}))[ \t]*[*_]*[ \t]*"
    r"(?::[*_]*|[ \t]-[ \t]|(?=\n))"
    rf"|(?:(?<=[.;:!?])|(?<=[.;:!?]\s)|(?<=\s\s))(?P<blob>(?i:{_WORDS}))[ \t]*:"
    rf"|(?<![A-Za-z])(?P<caps>{_WORDS.upper()})[ \t]*:"
)


@dataclass(frozen=True, slots=True)
class Report:
    """The parts of a report; a missing part is empty."""

    indication: str = ""
    comparison: str = ""
    findings: str = ""
    impression: str = ""

    @property
    def body(self) -> str:
        """What labels are derived from: findings, then impression."""
        return "\n".join(part for part in (self.findings, self.impression) if part)

    @property
    def all(self) -> str:
        parts = (self.indication, self.comparison, self.findings, self.impression)
        return "\n".join(part for part in parts if part)


def split_sections(text: str) -> Report:
    """Find the headings of a report that is one text, also when it is all on one line.

    Text before the first heading of any kind counts as findings, and so does a report without
    headings. Parts named twice are joined. Technique and the like are left out.
    """
    parts: dict[str, list[str]] = {name: [] for name in _HEADINGS}
    name, start = "findings", 0
    for heading in _HEADING.finditer(text):
        parts[name].append(text[start : heading.start()])
        name, start = _section(heading), heading.end()
    parts[name].append(text[start:])
    joined = {name: "\n".join(filter(None, map(str.strip, part))) for name, part in parts.items()}
    del joined["technique"]
    report = Report(**joined)
    if report.body or "\n" not in report.indication:
        return report
    # Without headings after the indication, its first line is the indication alone.
    indication, _, findings = report.indication.partition("\n")
    return replace(report, indication=indication, findings=findings.strip())


def _section(heading: re.Match[str]) -> str:
    text = heading["line"] or heading["blob"] or heading["caps"]
    return next(name for name, pattern in _SECTION_OF.items() if pattern.fullmatch(text))
