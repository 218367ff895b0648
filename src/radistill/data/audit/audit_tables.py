"""An audit as tables at the terminal."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from radistill.data.manifest import SPLITS
from radistill.errors import counted
from radistill.schema.audit import Audit, DuplicatePair, Duplicates, Spread

_SHOWN = 5


def render(audit: Audit, console: Console | None = None) -> None:
    """Print an audit to stdout, or to `console`."""
    out = console or Console()
    mark = "  [bold yellow]synthetic films[/]" if audit.synthetic else ""
    besides = f" and {audit.unlabelled:,} without labels" if audit.unlabelled else ""
    out.print(
        f"[bold]{escape(audit.name)}[/]: {audit.films:,} films{besides}, "
        f"protocol {audit.protocol}{mark}",
        highlight=False,
    )
    out.print(_counts(audit))
    out.print(_checks(audit))
    for duplicates in (audit.exact_duplicates, audit.near_duplicates):
        for pair in [pair for pair in duplicates.examples if _matters(pair)][:_SHOWN]:
            one, two = zip(pair.paths, pair.splits, strict=True)
            out.print(
                f"  {one[0]} ({one[1]}) and {two[0]} ({two[1]}): {pair.differing_bits} bits differ",
                markup=False,
                highlight=False,
            )
    for bad in audit.unreadable[:_SHOWN]:
        out.print(f"  {bad.path}: {bad.message} [{bad.code}]", markup=False)
    for sentence in audit.warnings:
        out.print(f"[yellow]![/] {escape(sentence)}", highlight=False)
    for note in (*audit.notes, *audit.local_notes):
        out.print(f"note: {note}", markup=False, highlight=False)


def _matters(pair: DuplicatePair) -> bool:
    """Copies within one split, label and patient are common and harmless."""
    return any(one != two for one, two in (pair.labels, pair.splits, pair.patients))


def _counts(audit: Audit) -> Table:
    table = Table("", *SPLITS, "all", title="Films", title_justify="left")
    for label in audit.classes:
        _row(table, escape(label), [audit.counts[name].get(label, 0) for name in SPLITS])
    for subtype in sorted({kind for name in SPLITS for kind in audit.subtypes[name]}):
        values = [audit.subtypes[name].get(subtype, 0) for name in SPLITS]
        _row(table, f"  of them {escape(subtype)}", values)
    _row(table, "all", [sum(audit.counts[name].values()) for name in SPLITS])
    if audit.patients.known:
        shown = [f"{audit.patients.splits[name]:,}" for name in SPLITS]
        table.add_row("patients", *shown, f"{audit.patients.total:,}", end_section=True)
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def _row(table: Table, name: str, values: list[int]) -> None:
    table.add_row(name, *(f"{value:,}" for value in values), f"{sum(values):,}")


def _checks(audit: Audit) -> Table:
    table = Table(show_header=False, title="Checks", title_justify="left")
    sizes, near = audit.sizes, audit.near_duplicates
    common = sizes.most_common[0]
    table.add_row(
        "width, height",
        f"{_span(sizes.width)}, {_span(sizes.height)}; most "
        f"often {common.width} x {common.height} ({common.films:,} films)",
    )
    table.add_row("largest class : smallest", f"{audit.imbalance:.2f}")
    table.add_row("unreadable files", f"{len(audit.unreadable):,}")
    crossing = f"{len(audit.patients.crossing):,}" if audit.patients.known else "unknown"
    table.add_row("patients in two splits", crossing)
    table.add_row("same bytes", _summary(audit.exact_duplicates))
    table.add_row(f"near duplicates (at most {near.threshold_bits} bits)", _summary(near))
    return table


def _span(spread: Spread) -> str:
    return f"{spread.min:g} to {spread.max:g} (median {spread.median:g})"


def _summary(duplicates: Duplicates) -> str:
    return (
        f"{counted(duplicates.pairs, 'pair')}: {duplicates.across_splits:,} across splits, "
        f"{duplicates.across_patients:,} across patients, "
        f"{duplicates.differing_labels:,} with different labels"
    )
