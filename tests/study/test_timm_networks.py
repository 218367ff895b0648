"""A study with timm's networks, from films to a bundle: hints, attention, cached stages."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from radistill.config import load_config
from radistill.distill import objective
from radistill.metrics.predictions import read_predictions
from radistill.phantoms import generate
from radistill.runtime import Predictor
from radistill.schema.model_spec import read_spec
from radistill.study.bundle import bundle_run
from radistill.study.run import run_study

SETTINGS = [
    "baseline={input_size: 16, epochs: 1}",
    "teacher={architecture: convnext_atto, weights: random, input_size: 64, head_epochs: 0, "
    "epochs: 1, batch_size: 16, frozen_stages: 2, cached_views: 1}",
    "student={architecture: mobilenetv4_conv_small, weights: random, input_size: 64, epochs: 1, "
    "batch_size: 16, warmup_epochs: 0}",
    "distill={methods: [{name: hinton}, {name: hint}, {name: attention}], views: 1}",
    "evaluation={bootstrap: 100, robustness: false}",
]


def test_a_convnext_teaches_a_mobilenet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    losses: dict[str, list[tuple[torch.Size, float]]] = {}

    def record(name: str) -> None:
        loss = getattr(objective, name)
        losses[name] = []

        def recorded(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
            value = loss(student, teacher)
            losses[name].append((teacher.shape[1:], float(value.detach().mean())))
            return value

        monkeypatch.setattr(objective, name, recorded)

    record("hint_loss")
    record("attention_loss")
    generate(tmp_path / "films", 60, 0, size=64)
    run = tmp_path / "run"
    comparison = run_study(tmp_path / "films", run, load_config("demo", None, SETTINGS))

    assert [model.name for model in comparison.models][-1] == "student"
    assert read_spec(run / "teacher").architecture == "convnext_atto"
    assert {shape for shape, _ in losses["hint_loss"]} == {(320,)}  # the teacher's embedding
    assert {shape for shape, _ in losses["attention_loss"]} == {(4,)}  # its map of 2 x 2
    assert all(value > 0 for values in losses.values() for _, value in values)
    predictions = read_predictions(run / "student" / "predictions.csv", "PNEUMONIA")
    paths = [tmp_path / "films" / path for path in predictions.path]
    bundle_run(run, anyway=True)
    answers = Predictor.load(run / "bundle", precision="float32").predict(paths)
    for answer, probability in zip(answers, predictions.probability, strict=True):
        assert answer.probability == pytest.approx(probability, abs=1e-4)
