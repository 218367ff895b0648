"""curve.html says what curve.json holds."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from invented_curve import label_curve, scored_fractions
from radistill.report.curve_page import print_curve, summary, write_curve
from radistill.schema.label_curve import LabelCurve
from radistill.schema.publish import schema_text
from radistill.schema.record import read_record


def text_of(page: Path) -> str:
    html = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page.read_text("utf-8"), flags=re.DOTALL)
    return " ".join(html.split())


def test_the_page_has_plot_tables_gains_and_the_notice(tmp_path):
    curve = label_curve(scored_fractions())
    page = write_curve(tmp_path, curve)
    text = text_of(page)
    assert "For research and teaching, not a medical device." in text
    assert "data:image/svg+xml" in page.read_text("utf-8")
    for point in curve.points:
        for figures in point.arms.values():
            assert f"{figures.auc:.3f}" in text
        for gain in point.gains:
            assert f"{gain.difference:+.3f}" in text
    assert (tmp_path / "curve.svg").read_text().count("<svg") == 1
    assert re.findall(r'(?:src|href)="(?!data:|#)', page.read_text("utf-8")) == []


def test_what_is_written_is_as_published_and_reads_back(tmp_path):
    curve = label_curve(scored_fractions())
    write_curve(tmp_path, curve)
    written = json.loads((tmp_path / "curve.json").read_text())
    Draft202012Validator(json.loads(schema_text(LabelCurve))).validate(written)
    assert read_record(LabelCurve, tmp_path / "curve.json").points == curve.points


def test_the_summary_opens_with_the_gain_at_the_fewest_labels():
    curve = label_curve(scored_fractions())
    first, shown, needed, over = summary(curve)
    gain = next(g for g in curve.points[0].gains if (g.of, g.over) == ("all", "alone"))
    assert first.startswith("With the labels of 2 % of the patients (40 patients, 68 films)")
    assert f"{gain.difference:+.3f}" in first
    assert "a gain that is shown" in first
    assert "2 %" in shown
    assert "student alone" in needed
    assert "over seeds and patients: 400 test films of 200 patients" in over


def test_one_seed_shows_nothing_and_says_so():
    text = " ".join(summary(label_curve(scored_fractions(seeds=(1, 1, 1, 1)))))
    assert "is shown" not in text
    assert "One seed a point" in text
    assert "luck of the seed" in text


def test_one_point_has_no_power_law_and_says_so(tmp_path):
    curve = label_curve(scored_fractions((0.02,), (2,)))
    assert any(sentence.startswith("No power law:") for sentence in summary(curve))
    assert "Patients needed" not in text_of(write_curve(tmp_path, curve))


def test_two_points_do_not_test_the_law(tmp_path):
    curve = label_curve(scored_fractions((0.02, 0.25), (2, 2)))
    assert "nothing tests it" in text_of(write_curve(tmp_path, curve))


def test_the_student_alone_is_a_curve_too(tmp_path):
    curve = label_curve(scored_fractions(arms=("alone",)))
    text = text_of(write_curve(tmp_path, curve))
    assert "the student alone has AUC" in text
    assert "Gains of AUC" not in text


@pytest.mark.parametrize(
    ("mark", "banner"), [("synthetic", "synthetic phantoms"), ("leaking", "Leaking split")]
)
def test_phantoms_and_leaks_are_said_first(tmp_path, mark, banner):
    curve = label_curve(scored_fractions())
    curve = curve.model_copy(update={"dataset": curve.dataset.model_copy(update={mark: True})})
    text = text_of(write_curve(tmp_path, curve))
    assert text.index(banner) < text.index("With the labels of 2 %")
    terminal = io.StringIO()
    print_curve(curve, Console(file=terminal, width=100))
    assert banner in terminal.getvalue()
