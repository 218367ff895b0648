"""A summary for people: sentences, lines for a terminal, and a page that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from html import escape

from rich.filesize import decimal

from radistill.adapt.watch import alarm_message
from radistill.errors import counted
from radistill.runtime.decision import REASONS
from radistill.schema.archive_figures import ArchiveSummary

NOTICE = "For research and teaching, not a medical device."
LIMITS = (
    "That an archive is unlike the card's films does not say how good the model is on it, and that "
    "it is like them does not either: only labels do. Label a random sample, and see "
    "radistill evaluate."
)
_BAR, _HEIGHT = 32, 150  # pixels of the histogram
_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1f23; background: #fff }
h1 { line-height: 1.2; margin-bottom: 0 }
h2 { margin: 2rem 0 .5rem; font-size: 1.15rem }
table { border-collapse: collapse; width: 100% }
th { text-align: left; font-weight: 400 }
td { text-align: right; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .5rem .25rem 0; border-bottom: 1px solid #d8dee4 }
svg { width: 100%; height: auto; margin-top: .5rem }
svg text { font: 13px system-ui, sans-serif; fill: #57606a }
.notice { color: #57606a; margin-top: .25rem }
.alarm { color: #a00000 }
"""


def sentences(summary: ArchiveSummary) -> list[str]:
    """Of what is beyond the card's limits, and what that does not mean."""
    alarms = [
        alarm_message(chart, chart.points[0])
        for chart in summary.drift
        if chart.points and chart.points[0].alarm
    ]
    said = [f"Unlike the card: {message}." for message in alarms]
    if not alarms:
        said.append("Within the limits of the model's card.")
    if summary.unfinished:
        parts = counted(summary.unfinished, "part")
        said.insert(0, f"Not finished: {parts} to come. Run the same command again.")
    return [*said, *summary.notes, LIMITS]


def tables(summary: ArchiveSummary) -> dict[str, Mapping[str, str]]:
    """Title -> rows of names and numbers."""
    films = summary.films
    read = sum(summary.decisions.values())
    ms = {
        "decoding, ms a film": summary.decode_ms,
        "model, ms a film": summary.model_ms,
    }
    return {
        "Films": {
            "all": f"{films:,}",
            "scored": _share(read, films),
            "failed": _share(films - read, films),
            "read": decimal(round(1e9 * summary.gigabytes)),
            **{name: f"{value:.1f}" for name, value in ms.items() if value is not None},
        },
        "Decisions": {name: _share(count, read) for name, count in summary.decisions.items()},
        "Abstained because": {
            f"{name}: {REASONS.get(name, '')}".rstrip(": "): _share(count, read)
            for name, count in summary.reasons.items()
        },
        "Failed by code": {name: _share(count, films) for name, count in summary.errors.items()},
    }


def page(summary: ArchiveSummary) -> str:
    """HTML without scripts and without anything from elsewhere; no film's name is on it."""
    model = summary.model
    parts = [
        "<!DOCTYPE html><html lang=en><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width'>",
        f"<title>radistill archive</title><style>{_STYLE}</style>",
        f"<h1>{summary.films:,} films</h1><p class=notice>{NOTICE}</p>",
        f"<p>{escape(model.name)} {escape(model.version)}, sha256 {model.sha256[:12]}, threshold "
        f"{summary.threshold:.4g}. {date.today().isoformat()}.</p>",
    ]
    for title, rows in tables(summary).items():
        if rows:
            cells = "".join(
                f"<tr><th scope=row>{escape(name)}</th><td>{value}</td></tr>"
                for name, value in rows.items()
            )
            parts.append(f"<h2>{title}</h2><table>{cells}</table>")
        if title == "Films":
            parts.append(f"<h2>Probability</h2>{_histogram(summary)}")
    said = (
        f"<p{' class=alarm' if one.startswith(('Unlike', 'Not')) else ''}>{escape(one)}</p>"
        for one in sentences(summary)
    )
    return "".join([*parts, "<h2>Against the model's card</h2>", *said, "</html>\n"])


def _histogram(summary: ArchiveSummary) -> str:
    counts = summary.histogram
    width, most = _BAR * len(counts), max(*counts, 1)
    bars = "".join(
        f"<rect x={_BAR * i + 1} y={_HEIGHT - _HEIGHT * count / most:.1f} width={_BAR - 2} "
        f"height={_HEIGHT * count / most:.1f} fill='#0a6e8a'><title>{i / len(counts):g} to "
        f"{(i + 1) / len(counts):g}: {counted(count, 'film')}</title></rect>"
        for i, count in enumerate(counts)
    )
    at = width * summary.threshold
    ticks = "".join(
        f"<text x={width * tick} y={_HEIGHT + 18} text-anchor={anchor}>{tick:g}</text>"
        for tick, anchor in ((0.0, "start"), (0.25, "middle"), (0.75, "middle"), (1.0, "end"))
    )
    side = "start" if summary.threshold < 0.1 else "end" if summary.threshold > 0.9 else "middle"
    return (
        f"<svg viewBox='0 -20 {width} {_HEIGHT + 64}' role=img aria-label='Films by probability, "
        f"at most {most:,} in a step'>{bars}"
        f"<line x1=0 x2={width} y1={_HEIGHT} y2={_HEIGHT} stroke='#57606a'/>"
        f"<line x1={at:.1f} x2={at:.1f} y1=-4 y2={_HEIGHT + 24} stroke='#a00000' "
        f"stroke-dasharray='4 3'/>{ticks}<text x={at:.1f} y={_HEIGHT + 40} text-anchor={side}>"
        f"threshold {summary.threshold:.4g}</text>"
        f"<text x=0 y=-8>films; the highest bar has {most:,}</text></svg>"
    )


def _share(count: int, of: int) -> str:
    return f"{count:,} ({100 * count / of:.2f} %)" if of else f"{count:,}"
