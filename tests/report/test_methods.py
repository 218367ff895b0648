"""The generated sentences say what was done, for every preset and every way to split."""

from __future__ import annotations

import re

import pytest

from finished_run import edited
from radistill.config import load_config, presets
from radistill.report.checklist import OPEN, checklist
from radistill.report.methods import known_of_run, split_title
from radistill.report.render import render

COUNTS = {split: {"NORMAL": n, "PNEUMONIA": n} for split, n in (("train", 70), ("val", 10))}
COUNTS["test"] = {"NORMAL": 20, "PNEUMONIA": 20}
# Of each criterion a part of the sentence that tells how the epoch was chosen.
CHOSEN = {
    "auc": "highest AUC on validation",
    "log_loss": "lowest log loss on validation",
    "worst_auc": "lowest of the AUCs",
    "last": "the last epoch was kept, none was chosen",
}


def methods(comparison, config):
    return " ".join(render("methods.html", known_of_run(comparison, config, None)).split())


def claim(comparison, config):
    answers = checklist(comparison, config, None)["CLAIM"]
    return {item["item"]: item["answer"] for item in answers}


@pytest.mark.parametrize("preset", presets())
def test_text_of_every_preset(make_run, preset):
    _, comparison = make_run()
    config = load_config(preset)
    text, answers = methods(comparison, config), claim(comparison, config)
    every = " ".join([text, *answers.values()])
    assert not re.search(r"\b[Aa] [aeio]|chosen by|criterion|by last", every)
    assert not re.search(r"\b(None|nan)\b", every)
    for network in ("teacher", "student"):
        recipe = config.recipe(network)
        assert f"The architecture of the {network} was {recipe.architecture}" in text
        assert CHOSEN[recipe.criterion] in text
        assert CHOSEN[recipe.criterion] in answers["26"]
    number = len(config.teachers())
    expected = f"averaged outputs of {number} teachers" if number > 1 else "of one teacher"
    assert expected in text
    assert expected in answers["27"]


def test_teachers_from_elsewhere_are_counted(make_run, tmp_path):
    _, comparison = make_run()
    config = load_config("quick", overrides=[f"distill.teachers=[{tmp_path}]"])
    expected = "averaged outputs of 2 teachers (the study's own, 1 trained before)"
    assert expected in methods(comparison, config)


@pytest.mark.parametrize(
    ("protocol", "title", "sentence"),
    [
        ("patient", "split by patient (70:10:20)", "by patient (70:10:20 training:validation:test"),
        ("image", "split image by image (70:10:20)", "image by image (70:10:20 training"),
        ("official", "test films as the data set names them", "that the data set names"),
    ],
)
def test_the_split_is_described_as_it_was_done(make_run, protocol, title, sentence):
    _, comparison = make_run()
    comparison = edited(
        comparison,
        lambda values: values["dataset"].update(protocol=protocol, counts=COUNTS),
    )
    config = load_config("quick", seed=7)
    assert split_title(comparison.dataset) == title
    text, answers = methods(comparison, config), claim(comparison, config)
    for written in (text, answers["19"], answers["20"]):
        assert sentence in written
        assert "split official" not in written.lower()
        assert ("seed 7" in written) == (protocol != "official")


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({}, "No patient is in two splits."),
        ({"patients_known": False}, "Patients are unknown, so films of one may be in two splits."),
        ({"leaking": True}, "Some patients or films are in more than one split."),
    ],
)
def test_whether_splits_share_patients_is_said_as_far_as_it_is_known(make_run, facts, sentence):
    _, comparison = make_run()
    comparison = edited(
        comparison,
        lambda values: values["dataset"].update(protocol="patient", counts=COUNTS, **facts),
    )
    known = facts.get("patients_known", True)
    assert split_title(comparison.dataset).startswith(
        "split by patient" if known else "split image by image, patients being unknown"
    )
    text, answers = methods(comparison, None), claim(comparison, None)
    for written in (text, answers["20"]):
        assert sentence in written
        assert ("No patient is" in written) == (not facts)


def test_no_bundle_is_named_where_none_was_made(make_run):
    _, comparison = make_run()
    config = load_config("quick")
    assert "RUN/bundle" in claim(comparison, config)["43"]
    unfit = edited(
        comparison,
        lambda values: values["models"][-1].update(shortfalls=["It learnt nothing."]),
    )
    assert claim(unfit, config)["43"] == OPEN


def test_members_that_differ_and_a_general_network_are_named(make_run):
    _, comparison = make_run()
    changes = [
        "teacher.members=[{}, {architecture: resnet18, input_size: 96}]",
        "distill.methods=[{name: hinton}, {name: hint, teacher: general}]",
        "distill.general={architecture: resnet34, input_size: 64}",
    ]
    text = methods(comparison, load_config("quick", overrides=changes))
    assert "The architecture of the teacher-1 was resnet50 at 160 x 160 pixels" in text
    assert "The architecture of the teacher-2 was resnet18 at 96 x 96 pixels" in text
    assert "averaged outputs of 2 teachers (2 of this study); the student" in text
    assert "a general network, resnet34 at 64 pixels" in text
    alike = methods(comparison, load_config("quick", overrides=["teacher.members=[{}, {}]"]))
    assert "2 teachers (2 of this study, alike but for their seeds)" in alike
