"""The table and the sentences: the figures, the warnings, hostile names."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from finished_run import edited
from radistill.report import fmt, sentences
from radistill.report.summary import summary
from radistill.report.tables import markdown_table, print_table
from radistill.schema.comparison import PairResult


def printed(comparison, width=80):
    out = io.StringIO()
    print_table(comparison, Console(file=out, width=width))
    return out.getvalue()


def test_every_figure_stands_in_80_characters(make_run):
    _, comparison = make_run()
    text = printed(comparison)
    assert max(map(len, text.splitlines())) <= 80
    for model in comparison.models:
        assert model.name in text
        for key in ("auc", "accuracy", "f1", "precision", "recall", "specificity"):
            assert f"{model.test.value(key):.3f}" in text
    for heading in ("Architecture", "Sensitivity", "Parameters", "File size", "Training time"):
        assert heading in text
    assert "Macro AUC" not in text
    assert "student is ahead of student-alone" in " ".join(text.split())


@pytest.mark.parametrize("key", ["synthetic", "leaking"])
def test_warnings_come_first(make_run, key):
    _, comparison = make_run(models=("teacher",), **{key: True})
    sentence = {"synthetic": sentences.SYNTHETIC, "leaking": sentences.LEAKING}[key]
    assert " ".join(printed(comparison).split()).startswith(sentence)
    assert markdown_table(comparison).startswith(f"> **{sentence}**")


def test_markdown_has_a_row_a_model_and_escapes_pipes(make_run):
    _, comparison = make_run(models=("teacher", "student"))
    comparison = edited(comparison, lambda c: c["models"][0].update(architecture="a|b"))
    lines = markdown_table(comparison).splitlines()
    assert len({line.replace("\\|", "").count("|") for line in lines[:4]}) == 1
    assert lines[2].startswith("| teacher | a\\|b |")
    assert lines[-1].startswith("- student is ahead of teacher")


def test_names_with_markup_are_printed_as_they_are(make_run):
    _, comparison = make_run(models=("teacher",), name="[red]x[/red]")
    assert "[red]x[/red]" in printed(comparison)


def test_one_class_and_no_cost_leave_dashes_out(make_run):
    _, comparison = make_run(models=("teacher", "student"))

    def edit(values):
        for model in values["models"]:
            model["cost"] = None
            model["test"] |= {"auc": None, "auc_ci": None}
        for pair in values["pairs"]:
            pair |= {"auc_difference": None, "ci": None, "delong_p": None}

    comparison = edited(comparison, edit)
    text = printed(comparison)
    assert "Latency" not in text
    assert "not comparable" in text
    assert "one class" in summary(comparison)[0]


@pytest.mark.parametrize(
    ("difference", "ci", "expected"),
    [
        (0.02, [0.01, 0.03], "a is ahead of b by 0.020 AUC (95 % interval +0.010 to +0.030"),
        (-0.02, [-0.03, 0.01], "b is ahead of a by 0.020 AUC (95 % interval -0.010 to +0.030"),
        (0.0, [0.0, 0.0], "a and b: the same AUC"),
    ],
)
def test_pair_as_a_sentence(difference, ci, expected):
    pair = PairResult(
        a="a",
        b="b",
        auc_difference=difference,
        ci=ci,
        delong_p=0.0004,
        mcnemar_p=0.25,
        only_a_right=1,
        only_b_right=2,
        margin=0.02,
        b_not_inferior=None,
        b_not_inferior_p=None,
        differences={},
    )
    sentence = sentences.pair_sentence(pair)
    assert sentence.startswith(expected)
    assert "DeLong p < 0.001, McNemar p = 0.250" in sentence
    assert ("unlikely to be chance" in sentence) == (ci[0] > 0)


@pytest.mark.parametrize(
    ("difference", "ci", "verdict"),
    [
        (-0.02, [-0.03, -0.01], "+0.020"),
        (-0.02, [-0.03, -0.01], "the teacher helped"),
        (-0.02, [-0.05, 0.01], "does not show"),
        (0.02, [0.01, 0.03], "did harm"),
    ],
)
def test_what_distillation_gained(make_run, difference, ci, verdict):
    _, comparison = make_run(models=("student-alone", "student"))
    assert (comparison.pairs[0].a, comparison.pairs[0].b) == (
        "student-alone",
        "student",
    )
    changed = {"auc_difference": difference, "ci": ci}
    comparison = edited(comparison, lambda c: c["pairs"][0].update(changed))
    assert any(verdict in sentence for sentence in summary(comparison))


def test_summary_has_the_figures(make_run):
    _, comparison = make_run()
    text = " ".join(summary(comparison))
    student = comparison.models[-1]
    assert f"{student.test.auc:.3f}" in text
    assert f"finds {student.test.confusion.tp} of" in text
    assert "1.5 MB against the teacher's 94.0 MB" in text


@pytest.mark.parametrize(
    ("write", "value", "expected"),
    [
        (fmt.size, 94_321_000, "94.3 MB"),
        (fmt.size, 12_300, "12 KB"),
        (fmt.amount, 23_512_130, "23.5 M"),
        (fmt.amount, 4_100_000_000, "4.10 G"),
        (fmt.amount, 999, "999"),
        (fmt.duration, 4.21, "4.2 s"),
        (fmt.duration, 59.7, "1 min"),
        (fmt.duration, 65, "1 min 5 s"),
        (fmt.duration, 12_000, "3 h 20 min"),
        (fmt.duration, 7_200, "2 h"),
        (fmt.p_value, 0.0321, "p = 0.032"),
        (fmt.p_value, 1e-9, "p < 0.001"),
        (fmt.p_value, None, "p -"),
        (fmt.figure, None, "-"),
        (fmt.size, None, "-"),
    ],
)
def test_how_numbers_are_written(write, value, expected):
    assert write(value) == expected


@pytest.mark.parametrize(
    ("values", "digits"),
    [([0.5, 0.25], 3), ([0.5, 0.5], 3), ([0.34512, 0.34514, 0.5], 5), ([], 3)],
)
def test_different_values_are_written_differently(values, digits):
    assert fmt.places(values) == digits
