"""What every source of reports is read into."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

from radistill.text.nlp.sections import Report

OPEN_I_LABEL = "problems"  # the column, or the tag list of the XML, that `tasks` understands


@dataclass(frozen=True)
class ReportRecord:
    """One report.

    films: the films that it describes, named as in the source. label: as in the source, or empty.
    columns: other columns that a study can use, such as patient.
    """

    id: str
    report: Report
    label: str = ""
    films: tuple[str, ...] = ()
    columns: dict[str, str] = field(default_factory=dict)

    @cached_property
    def group(self) -> str:
        """The same for reports of the same findings and impression, spaces and case aside."""
        text = " ".join(self.report.body.lower().split())
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


@dataclass(frozen=True)
class ReportCollection:
    """All reports of a source.

    label_name: the column or tag list that labels come from, in lower case; empty without.
    failed: (where, why) of what could not be read. notes: what was assumed.
    """

    name: str
    records: tuple[ReportRecord, ...]
    label_name: str = ""
    failed: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
