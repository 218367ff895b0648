"""Sums over parts against sums by hand, and drift against the monitor's own charts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from radistill.adapt.control_charts import control_charts, of_card, period_sums
from radistill.adapt.ledgers import read_ledgers
from radistill.archive.archive_page import NOTICE, page, sentences, tables
from radistill.archive.archive_summary import FALSE_ALARMS, summarise
from radistill.archive.storage import Storage
from radistill.errors import UsageError
from radistill.runtime.find_bundle import find_bundle
from radistill.runtime.predictor import Predictor
from radistill.schema.card import CARD, read_card

from .conftest import Score, draw, rows_of


def test_sums(score: Score, archive: Path, tmp_path: Path) -> None:
    (archive / "bad.png").write_bytes(b"")
    (archive / "worse.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    score(archive, tmp_path / "out", band=0.2)
    rows = rows_of(tmp_path / "out")
    summary = summarise(str(tmp_path / "out"))
    read = [row for row in rows if row["error_code"] is None]
    assert (summary.films, summary.unfinished) == (14, 0)
    assert summary.errors == Counter(row["error_code"] for row in rows if row["error_code"])
    assert summary.decisions == Counter(row["decision"] for row in read)
    assert summary.reasons == Counter(reason for row in read for reason in row["reasons"])
    assert summary.reasons["near-threshold"]
    histogram = np.histogram([row["probability"] for row in read], 20, (0, 1))[0]
    assert summary.histogram == tuple(histogram)
    assert summary.gigabytes * 1e9 == sum(row["bytes"] or 0 for row in rows)
    assert summary.decode_ms == pytest.approx(np.mean([row["decode_ms"] for row in read]))


def test_drift_is_what_the_monitor_charts(score: Score, archive: Path, tmp_path: Path) -> None:
    """The shipped bundle, which has statistics, over films unlike its own."""
    shipped = find_bundle("pneumonia-children")
    for n in range(30):
        draw(archive / f"more{n}.png", 100 + n)
    (archive / "bad.png").write_bytes(b"")
    predictor = Predictor.load(shipped, threads=1)
    score(archive, tmp_path / "out", predictor=predictor, sketch=True, band=0.1)
    card = read_card(shipped / CARD).of(predictor.bundle.file)
    rows = read_ledgers([tmp_path / "out"], card, shipped).rows
    assert len(rows) == 43
    reference = of_card(card)
    charts, _, notes = control_charts(
        {"archive": period_sums(rows, reference)}, reference, FALSE_ALARMS
    )
    summary = summarise(str(tmp_path / "out"))
    assert [chart.name for chart in summary.drift] == [chart.name for chart in charts]
    assert {"probability", "embedding"} <= {chart.name for chart in charts}
    for ours, theirs in zip(summary.drift, charts, strict=True):
        for one, other in zip(ours.points, theirs.points, strict=True):
            assert one.value == pytest.approx(other.value, rel=1e-4)
            assert (one.high, one.alarm) == (pytest.approx(other.high), other.alarm)
    assert summary.notes == notes
    assert any("abstained on" in sentence for sentence in sentences(summary))


def test_the_page_names_no_film_and_carries_the_notice(
    score: Score, archive: Path, tmp_path: Path
) -> None:
    (archive / "<b>MEIER.png").write_bytes(b"")
    score(archive, tmp_path / "out")
    text = page(summarise(str(tmp_path / "out")))
    assert NOTICE in text
    assert "13 films" in text
    assert "MEIER" not in text
    assert "<script" not in text
    assert "http" not in text


@pytest.mark.parametrize(("gigabytes", "said"), [(5e-5, "50.0 kB"), (51_234.0, "51.2 TB")])
def test_sizes_are_for_people(
    score: Score, archive: Path, tmp_path: Path, gigabytes: float, said: str
) -> None:
    score(archive, tmp_path / "out")
    summary = summarise(str(tmp_path / "out")).model_copy(update={"gigabytes": gigabytes})
    assert tables(summary)["Films"]["read"] == said


def test_what_is_unfinished_is_said(score: Score, archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    score(archive, out)
    next(out.glob("part-*")).unlink()
    summary = summarise(str(out))
    assert summary.unfinished == 1
    assert sentences(summary)[0].startswith("Not finished: 1 part to come")
    for part in out.glob("part-*"):
        part.unlink()
    with pytest.raises(UsageError, match="has no rows yet"):
        summarise(str(out))


def test_an_out_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    for place in (tmp_path, tmp_path / "gone"):
        with pytest.raises(UsageError, match=r"not of radistill score|there is no archive"):
            summarise(str(place))
    assert Storage(str(tmp_path / "gone")).is_empty()
