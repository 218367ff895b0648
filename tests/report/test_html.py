"""The report: complete, self-contained, escaped, the same twice."""

from __future__ import annotations

import io
import json
from dataclasses import fields
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from chromium import context, launched
from finished_run import edited
from radistill.config import load_config, read_config, to_yaml
from radistill.errors import RadistillError
from radistill.metrics.predictions import Predictions, read_predictions
from radistill.report import fmt, sentences
from radistill.report.checklist import checklist
from radistill.report.figures import comparison_plots, samples
from radistill.report.html import write_report
from radistill.schema.comparison import Comparison, DatasetFacts
from radistill.schema.figures import FIGURES, Decided
from radistill.schema.record import read_record, write_record
from radistill.training.history import Epoch, read_history

PLOTS = {
    "reliability.svg",
    "decision.svg",
    "roc.svg",
    "confusion.svg",
    "cost.svg",
    "loss.svg",
    "validation.svg",
    "samples.png",
    "mistakes.png",
}
HOSTILE = '<script>alert("x")</script>$\\frac{1}'


class Page(HTMLParser):
    """Tags, addresses and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [v for k, v in attrs if k in ("src", "href", "srcset", "action") and v]

    def handle_data(self, data):
        self.text += data


def report(run, thumbnails):
    comparison = read_record(Comparison, run / "comparison.json")
    positive = comparison.dataset.positive
    predictions = {
        model.name: read_predictions(run / model.name / "predictions.csv", positive)
        for model in comparison.models
    }
    return write_report(run, comparison, predictions, thumbnails).read_text("utf-8")


def test_figures_equal_the_comparison_to_the_digit(make_run):
    run, comparison = make_run()
    text = Page(report(run, None)).text
    for model in comparison.models:
        for key in FIGURES:
            ci = model.test.interval(key)
            assert f"{model.test.value(key):.3f}{fmt.interval(ci) if ci else ''}" in text
        for figures in (model.calibration.test.before, model.calibration.test.after):
            for key in ("brier", "log_loss", "ece", "calibration_slope"):
                assert f"{getattr(figures, key):.3f}" in text
    for point in comparison.models[-1].operating_points:
        assert f"{sentences.rule(point.rule)}{point.threshold:.3f}" in text
        for key in ("recall", "specificity", "precision", "npv"):
            figure, ci = getattr(point.test, key), getattr(point.test, f"{key}_ci")
            assert f"{figure:.3f}{fmt.interval(ci)}" in "".join(text.split("\n"))
    for pair in comparison.pairs:
        assert fmt.signed(pair.auc_difference) in text
        assert fmt.interval(pair.ci, sign=True) in text
        assert f"Holm {fmt.bare_p(pair.delong_p_holm)}" in text


def test_what_the_checks_found_is_shown(make_run):
    run, comparison = make_run(models=("student",))
    point = {
        "auc": 0.9,
        "auc_ci": [0.8, 0.95],
        "recall": 0.7,
        "recall_ci": [0.6, 0.8],
        "specificity": 0.6,
        "specificity_ci": [0.5, 0.7],
    }
    curve = {"name": "blur", "unit": "", "points": [point | {"level": 0}, point | {"level": 2}]}
    group = point | {"by": "sex", "group": "F", "n": 61, "patients": 40, "positives": 30}
    few = group | {
        "group": "M",
        "auc_ci": None,
        "recall_ci": None,
        "specificity_ci": None,
        "no_intervals": "9 patients: fewer than 10",
    }
    checks = {
        "robustness": {"films": 123, "threshold": 0.5, "curves": [curve]},
        "groups": [group, few],
        "explanation": {
            "method": "a map",
            "randomisation": {"empty": 0.25, "head": 0.31, "all": 0.81, "passed": False},
        },
    }
    at = dict.fromkeys(Decided.model_fields) | {"called_positive": 3, "recall": 0.7}
    shift = {"ks": 0.345, "ks_p": 0.0001, "wasserstein": 0.1, "reference_n": 9}
    external = {
        "model": "student",
        "shipped": at | {"threshold": 0.5},
        "best": at | {"threshold": 0.61},
        "shift": shift | {"reference_quartiles": [0.1, 0.2, 0.3], "quartiles": [0.3, 0.45, 0.6]},
    }

    def edit(values):
        values["models"][0] |= checks
        values["external"] = external

    write_record(run / "comparison.json", edited(comparison, edit))
    text = " ".join(Page(report(run, lambda path: np.zeros((8, 8), np.uint8))).text.split())
    assert {"groups.svg", "robustness.svg", "scores.svg"} <= {
        file.name for file in (run / "plots").iterdir()
    }
    for expected in (
        "lowest for sex F: 0.900",
        "9 patients: fewer than 10",
        "lowest for blur at 2",
        "123 test films were corrupted",
        "NOT passed",
        "Kolmogorov-Smirnov 0.345 (p < 0.001, films taken as independent)",
        "moved from 0.200 to 0.450",
        "0.610",
    ):
        assert expected in text, expected


def test_methods_and_checklists_are_filled_in_from_the_run(make_run):
    run, comparison = make_run()
    (run / "config.yaml").write_text(to_yaml(load_config("quick", seed=7)))
    text = " ".join(Page(report(run, None)).text.split())
    assert "Seed 7." in text
    assert "2,000 times" in text
    assert "ResNet" in text or "resnet50 at 160 x 160" in text
    found = checklist(comparison, read_config(run / "config.yaml"), None)
    assert [len(items) for items in found.values()] == [52, 44]
    for items in found.values():
        assert len({item["item"] for item in items}) == len(items)
    answers = {item["item"]: item for item in found["CLAIM"]}
    assert "0 pixels" in answers["22"]["answer"]
    assert answers["44"]["answer"] == "for the authors"


def test_one_file_without_any_request(make_run, thumbnails):
    run, _ = make_run()
    content = report(run, thumbnails)
    page = Page(content)
    assert all(address.startswith(("data:image/", "#")) for address in page.addresses)
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    assert "@import" not in content
    assert "url(" not in content
    assert page.text.count("not a medical device") == 1


def test_plots_are_saved_and_readable(make_run, thumbnails):
    run, _ = make_run()
    report(run, thumbnails)
    assert {file.name for file in (run / "plots").iterdir()} == PLOTS
    for file in (run / "plots").glob("*.svg"):
        assert ElementTree.parse(file).getroot().tag.endswith("svg")
    for file in (run / "plots").glob("*.png"):
        Image.open(file).verify()


def test_same_run_same_bytes(make_run, thumbnails):
    run, _ = make_run()
    first = report(run, thumbnails)
    assert report(run, thumbnails) == first


def test_hostile_names_are_text(make_run, thumbnails):
    run, _ = make_run(classes=("NORMAL", HOSTILE), name=HOSTILE)
    (run / "audit.json").write_text(
        json.dumps({HOSTILE: [{HOSTILE: HOSTILE}], "x": {"y": HOSTILE}})
    )
    (run / "config.yaml").write_text(HOSTILE)
    page = Page(report(run, thumbnails))
    assert "script" not in page.tags
    assert HOSTILE in page.text
    for file in (run / "plots").glob("*.svg"):
        assert not [e for e in ElementTree.parse(file).iter() if e.tag.endswith("script")]


@pytest.mark.parametrize("key", ["synthetic", "leaking"])
def test_warnings(make_run, key):
    run, _ = make_run(models=("teacher",), **{key: True})
    content = report(run, None)
    assert f'class="banner {key}"' in content
    other = {"synthetic": "leaking", "leaking": "synthetic"}[key]
    assert f'class="banner {other}"' not in content


def test_audit_settings_and_environment_are_shown(make_run):
    run, _ = make_run()
    audit = {
        "patients": 2790,
        "subtypes": {"train": {"NORMAL": 1140}, "test": {"NORMAL": 234, "PNEUMONIA": 390}},
        "unreadable": [{"path": f"bad{i}.jpeg", "code": "empty"} for i in range(13)],
        "duplicates": {"exact": [["a.jpg", "b.jpg"]], "near": []},
        "findings": ["One patient is in two splits."],
        "notes": ["Patients read from file names."],
        "ratio": 2.876543,
        "nothing": None,
        "sure": True,
    }
    (run / "audit.json").write_text(json.dumps(audit))
    Image.new("L", (4, 4)).save(run / "audit-grid.png")
    content = report(run, None)
    text = Page(content).text
    for expected in (
        "2,790",
        "1,140",
        "bad9.jpeg",
        "and 3 more",
        "a.jpg, b.jpg",
        "2.877",
        "yes",
        "torch",
        "Patients read from file names.",
        "One patient is in two splits.",
        "preset: quick",
    ):
        assert expected in text
    assert "bad10.jpeg" not in text
    assert "A grid of films" in content


@pytest.mark.parametrize("models", [("teacher",), ("baseline", "student-alone", "student")])
def test_some_models_and_nothing_else(make_run, models):
    run, _ = make_run(models=models)
    for name in ("config.yaml", "environment.json"):
        (run / name).unlink()
    for name in models:
        (run / name / "history.csv").unlink()
    text = Page(report(run, None)).text
    assert "Settings" not in text
    assert {file.name for file in (run / "plots").iterdir()} == {
        "reliability.svg",
        "decision.svg",
        "roc.svg",
        "confusion.svg",
        "cost.svg",
    }


def test_three_classes(make_run):
    run, _ = make_run(classes=("NORMAL", "VIRUS", "BACTERIA"))
    text = Page(report(run, None)).text
    assert "Macro AUC" in text
    assert "other" in (run / "plots" / "confusion.svg").read_text()


def test_thresholds_that_differ_are_written_differently(make_run):
    run, comparison = make_run()
    near = [0.34512, 0.34514, 0.5]

    def move(values):
        points = values["models"][-1]["operating_points"]
        for point, threshold in zip(points, near, strict=True):
            point["threshold"] = threshold

    write_record(run / "comparison.json", edited(comparison, move))
    text = report(run, None)
    for threshold in near:
        assert f'<td class="n">{threshold:.5f}</td>' in text


def test_test_films_of_one_class(make_run):
    run, comparison = make_run(models=("teacher", "student"))

    def edit(values):
        for model in values["models"]:
            model["test"] |= {"auc": None, "auc_ci": None, "pr_auc": None, "specificity": None}
            model["test"]["confusion"] |= {"tn": 0, "fp": 0}
        for pair in values["pairs"]:
            pair |= {"auc_difference": None, "ci": None, "delong_p": None}

    write_record(run / "comparison.json", edited(comparison, edit))
    assert "all of one class" in Page(report(run, None)).text


def test_a_film_that_is_gone_leaves_an_empty_frame(make_run):
    run, _ = make_run(models=("teacher",))

    def gone(path):
        raise FileNotFoundError(path)

    report(run, gone)
    Image.open(run / "plots" / "samples.png").verify()


def test_missing_and_damaged_files_are_named(make_run):
    run, _ = make_run(models=("teacher",))
    history = run / "teacher" / "history.csv"
    history.write_text("epoch,phase\n1,all\n")
    with pytest.raises(RadistillError, match=r"history\.csv: is not a training history"):
        report(run, None)
    history.unlink()
    (run / "environment.json").write_text("{")
    with pytest.raises(RadistillError, match=r"environment\.json: is not JSON"):
        report(run, None)


def test_history_with_gaps(tmp_path):
    file = tmp_path / "history.csv"
    header = ",".join(field.name for field in fields(Epoch))
    file.write_text(f"{header}\n1,all,0.1,0.5,,nan,0.7,0.7,9\n")
    (row,) = read_history(file)
    assert np.isnan(row.val_loss)
    assert row.train_loss == 0.5
    file.write_text(f"{header}\n")
    assert read_history(file) == []


def six(truth, probability):
    names = tuple("abcdef"[: len(truth)])
    label = tuple("P" if t else "N" for t in truth)
    return Predictions(names, names, label, np.array(probability), "P")


def test_worst_mistakes_are_the_most_confident_of_both_kinds():
    p = six([1, 1, 1, 0, 0, 0], [0.1, 0.3, 0.9, 0.2, 0.7, 0.95])
    assert samples.worst_mistakes(p, 0.5) == [0, 1, 5, 4]
    assert samples.worst_mistakes(p, 0.5, count=2) == [0, 5]
    # Where one kind runs out the other fills the sheet.
    p = six([1, 1, 1, 0, 0, 0], [0.1, 0.3, 0.2, 0.2, 0.1, 0.95])
    assert samples.worst_mistakes(p, 0.5, count=4) == [0, 2, 1, 5]


def test_random_films_are_of_both_classes_and_the_same_each_time():
    p = six([1, 1, 1, 1, 1, 0], np.linspace(0, 1, 6))
    rows = samples.random_films(p, 3, count=4)
    assert len(set(rows)) == 4
    assert 5 in rows
    assert rows == samples.random_films(p, 3, count=4)


def test_sheet_shows_the_films(make_run):
    p = six([1, 0], [0.9, 0.8])
    white = samples.sample_sheet(p, [0, 1], 0.5, lambda _: np.full((8, 8), 255, np.uint8))
    black = samples.sample_sheet(p, [0, 1], 0.5, lambda _: np.zeros((8, 8), np.uint8))
    light, dark = (
        np.asarray(Image.open(io.BytesIO(b)).convert("L")).mean() for b in (white, black)
    )
    assert light > dark + 50


def test_negative_name():
    two = DatasetFacts(classes=("A", "B"), positive="A", counts={})
    assert comparison_plots.negative_name(two) == "B"
    three = DatasetFacts(classes=("A", "B", "C"), positive="A", counts={})
    assert comparison_plots.negative_name(three) == "other"


def test_the_report_reads_on_a_phone(make_run, thumbnails):
    """Long parts are folded; a link opens its part, and print shows all."""
    run, _ = make_run()
    (run / "config.yaml").write_text(to_yaml(load_config("quick", seed=7)))
    report(run, thumbnails)
    file = run / "report.html"
    with launched() as browser:
        tab = context(browser, viewport={"width": 390, "height": 844}).new_page()
        tab.goto(file.as_uri())
        root = "document.documentElement"
        assert tab.evaluate(f"{root}.scrollWidth") <= 390
        assert tab.evaluate(f"{root}.scrollHeight") < 12 * 844
        open_ = "document.querySelector('#methods').closest('details').open"
        assert not tab.evaluate(open_)
        tab.click("nav a[href='#methods']")
        assert tab.evaluate(open_)
        tab.goto("about:blank")
        tab.goto(file.as_uri())
        tab.emulate_media(media="print")
        shown = "document.querySelector('#checklist').getBoundingClientRect().height"
        assert tab.evaluate(shown) > 100
