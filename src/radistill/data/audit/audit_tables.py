"""An audit as tables at the terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from radistill.data.manifest import SPLITS

_SHOWN = 5


def render(audit: dict[str, Any], console: Console | None = None) -> None:
    """Print an audit made by `radistill.data.audit.collect.audit` to stdout, or to `console`."""
    out = console or Console()
    mark = "  [bold yellow]synthetic films[/]" if audit["synthetic"] else ""
    out.print(f"[bold]{escape(audit['name'])}[/]: {audit['films']:,} films, "
              f"protocol {audit['protocol']}{mark}", highlight=False)  # fmt: skip
    out.print(_counts(audit))
    out.print(_facts(audit))
    for line in _strange_pairs(audit):
        out.print(f"  {line}", markup=False, highlight=False)
    for bad in audit["unreadable"][:_SHOWN]:
        out.print(f"  {bad['path']}: {bad['message']} [{bad['code']}]", markup=False)
    for sentence in audit["findings"]:
        out.print(f"[yellow]![/] {escape(sentence)}", highlight=False)
    for note in audit["notes"]:
        out.print(f"note: {note}", markup=False, highlight=False)


def _strange_pairs(audit: dict[str, Any]) -> list[str]:
    """The duplicates that should not be: copies within one patient are common and harmless."""
    lines = []
    for found in (audit["exact_duplicates"], audit["near_duplicates"]):
        strange = [
            pair
            for pair in found["examples"]
            if any(len(set(pair[side])) > 1 for side in ("labels", "splits", "patients"))
        ]
        for pair in strange[:_SHOWN]:
            one, two = zip(pair["paths"], pair["splits"], strict=True)
            lines.append(f"{one[0]} ({one[1]}) and {two[0]} ({two[1]}): "
                         f"{pair['differing_bits']} bits differ")  # fmt: skip
    return lines


def _counts(audit: dict[str, Any]) -> Table:
    table = Table("", *SPLITS, "all", title="Films", title_justify="left")
    for label in audit["classes"]:
        _row(table, escape(label), [audit["counts"][name].get(label, 0) for name in SPLITS])
    for subtype in sorted({kind for name in SPLITS for kind in audit["subtypes"][name]}):
        values = [audit["subtypes"][name].get(subtype, 0) for name in SPLITS]
        _row(table, f"  of them {escape(subtype)}", values)
    _row(table, "all", [sum(audit["counts"][name].values()) for name in SPLITS])
    patients = audit["patients"]
    if patients["known"]:
        shown = [f"{patients['splits'][name]:,}" for name in SPLITS]
        table.add_row("patients", *shown, f"{patients['total']:,}", end_section=True)
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def _row(table: Table, name: str, values: list[int]) -> None:
    table.add_row(name, *(f"{value:,}" for value in values), f"{sum(values):,}")


def _facts(audit: dict[str, Any]) -> Table:
    table = Table(show_header=False, title="Checks", title_justify="left")
    sizes, near = audit["sizes"], audit["near_duplicates"]
    common = sizes["most_common"][0]
    table.add_row(
        "width, height",
        f"{_span(sizes['width'])}, {_span(sizes['height'])}; most "
        f"often {common['width']} x {common['height']} ({common['films']:,} films)",
    )
    table.add_row("largest class : smallest", f"{audit['imbalance']:.2f}")
    table.add_row("unreadable files", f"{len(audit['unreadable']):,}")
    crossing = f"{len(audit['patients']['crossing']):,}"
    table.add_row("patients in two splits", crossing if audit["patients"]["known"] else "unknown")
    table.add_row("same bytes", _told(audit["exact_duplicates"]))
    table.add_row(f"near duplicates (at most {near['threshold_bits']} bits)", _told(near))
    return table


def _span(values: dict[str, float]) -> str:
    return f"{values['min']:g} to {values['max']:g} (median {values['median']:g})"


def _told(duplicates: dict[str, Any]) -> str:
    return (
        f"{duplicates['pairs']:,} pairs: {duplicates['across_splits']:,} across splits, "
        f"{duplicates['across_patients']:,} across patients, "
        f"{duplicates['differing_labels']:,} with different labels"
    )
