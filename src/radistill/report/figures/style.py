"""The style of every plot: a colour, a line and a marker for each model, on white."""

import io
from contextlib import AbstractContextManager
from typing import NamedTuple

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

WIDTH = 5.6  # inches; at this width the text is readable on a phone
INK = "#1f2933"
FAINT = "#7b8794"
RIGHT, WRONG = "#0072b2", "#d55e00"


class ModelStyle(NamedTuple):
    colour: str
    line: str
    marker: str


# Okabe and Ito's palette, which colour-blind readers can distinguish; lines and markers differ too,
# for print without colour.
STYLES = {
    "baseline": ModelStyle("#56606b", ":", "s"),
    "teacher": ModelStyle("#0072b2", "--", "^"),
    "student-alone": ModelStyle("#e69f00", "-.", "D"),
    "student": ModelStyle("#009e73", "-", "o"),
}
SPARE = (
    ModelStyle("#cc79a7", "-", "v"),
    ModelStyle("#d55e00", "--", "P"),
    ModelStyle("#56b4e9", "-.", "X"),
    ModelStyle("#332288", ":", "*"),
)

RC = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib; an SVG falls back to any other
    "font.size": 10,
    "text.parse_math": False,  # a class may be called "$a"
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#cbd2d9",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e8ecf0",
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.8,
    "figure.facecolor": "white",
    "svg.fonttype": "none",  # text stays text: small, sharp, in any script the reader has
    "svg.hashsalt": "radistill",  # the same data give the same bytes
}


def styled() -> AbstractContextManager[None]:
    """Matplotlib settings for the length of a `with` block."""
    return matplotlib.rc_context(RC)  # type: ignore[arg-type]


def style_of(name: str) -> ModelStyle:
    """The style of a model, always the same for the same name."""
    return STYLES.get(name) or SPARE[sum(name.encode()) % len(SPARE)]


def clean(text: str, limit: int = 28) -> str:
    """`text` on one line, without control characters, cut to `limit` characters."""
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def new_figure(height: float) -> Figure:
    """An empty figure of the common width; `height` in inches."""
    return Figure(figsize=(WIDTH, height), layout="constrained")


def to_svg(figure: Figure) -> str:
    """The figure as SVG, without date."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def to_png(figure: Figure, dpi: int = 160) -> bytes:
    """The figure as PNG, without the name of the program."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def panels_for(
    count: int, height: float, columns: int = 0, *, top: float = 0.3, sharey: bool = False
) -> tuple[Figure, list[Axes]]:
    """A figure of `count` panels in rows, each `height` inches, below `top` inches.

    columns: a row's panels; two at most if not given.
    """
    columns = columns or min(2, count)
    rows = max(1, -(-count // columns))
    figure = new_figure(top + height * rows)
    panels = list(figure.subplots(rows, columns, squeeze=False, sharey=sharey).flat)
    for ax in panels[count:]:
        ax.set_visible(False)
    return figure, panels[:count]
