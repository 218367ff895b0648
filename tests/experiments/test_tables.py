"""`make results` gives the tables that the documentation quotes, and leaves the tree clean."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "docs" / "results.md"
PLOTS = ("frontier.svg", "small-students-0.05.svg")


def test_the_committed_predictions_give_the_quoted_tables_and_the_same_plot() -> None:
    plots = [ROOT / "docs" / name for name in PLOTS]
    before = [plot.read_bytes() for plot in plots]
    try:
        done = subprocess.run(
            [sys.executable, ROOT / "experiments" / "tables.py"],
            capture_output=True,
            text=True,
            check=True,
        )
        after = [plot.read_bytes() for plot in plots]
    finally:
        for plot, content in zip(plots, before, strict=True):
            plot.write_bytes(content)
    rows = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert len(rows) > 15
    quoted = RESULTS.read_text("utf-8")
    assert [row for row in rows if row not in quoted] == []
    assert after == before
