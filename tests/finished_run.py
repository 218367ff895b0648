"""A run directory as the study leaves it, from made-up predictions."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from radistill.config import EvaluationConfig, StudyConfig, to_yaml
from radistill.files import write_csv
from radistill.metrics.predictions import Predictions, read_predictions, write_predictions
from radistill.metrics.score import score_model
from radistill.report.side_by_side import compare, read_scored
from radistill.schema.comparison import Comparison, DatasetFacts
from radistill.schema.figures import Cost
from radistill.schema.record import read_record

CONFIG = EvaluationConfig(bootstrap=200)
# Distance of the classes, file bytes, milliseconds, epochs, architecture.
MODELS = {
    "baseline": (1.2, 3_700_000, 6.0, 15, "baseline"),
    "teacher": (2.6, 94_000_000, 70.0, 8, "resnet50"),
    "student-alone": (1.9, 1_500_000, 4.1, 12, "shufflenet_v2_x0_5"),
    "student": (2.2, 1_500_000, 4.1, 12, "shufflenet_v2_x0_5"),
}


def films(n: int, classes: tuple[str, ...], split: str, seed: int) -> list[tuple[str, str, str]]:
    """(path, patient, label) of `n` films, two a patient."""
    rng = np.random.default_rng(seed)
    labels = [classes[i] for i in rng.integers(0, len(classes), n)]
    return [
        (f"{split}/{label}/film{i}.jpeg", f"{label}-{i // 2}", label)
        for i, label in enumerate(labels)
    ]


def predict(
    rows: list[tuple[str, str, str]], classes: tuple[str, ...], positive: str, gap: float, seed: int
) -> Predictions:
    """Softmax of noise with `gap` added to the true class."""
    rng = np.random.default_rng(seed)
    truth = np.array([classes.index(label) for _, _, label in rows])
    logits = rng.normal(0, 1, (len(rows), len(classes)))
    logits[np.arange(len(rows)), truth] += gap
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    path, patient, label = zip(*rows, strict=True)
    probability = scores[:, classes.index(positive)]
    many = len(classes) > 2
    return Predictions(
        path,
        patient,
        label,
        probability,
        positive,
        scores=scores if many else None,
        classes=classes if many else (),
    )


def write_history(path: Path, epochs: int, seed: int) -> None:
    """A plausible history: one epoch of the head, then the whole network."""
    rng = np.random.default_rng(seed)
    e = np.arange(epochs)
    noise = rng.normal(0, 0.02, (4, epochs))
    train = 0.65 * np.exp(-e / 4) + 0.05 + 0.2 * noise[0]
    val = 0.55 * np.exp(-e / 3) + 0.15 + 0.01 * e + noise[1]
    auc = np.minimum(0.99 - 0.3 * np.exp(-e / 2) + 0.3 * noise[2], 1)
    accuracy = np.minimum(0.94 - 0.25 * np.exp(-e / 2) + noise[3], 1)
    header = [
        "epoch",
        "phase",
        "learning_rate",
        "train_loss",
        "val_loss",
        "val_auc",
        "val_accuracy",
        "criterion",
        "seconds",
    ]
    rows = [
        (i + 1, "head" if i == 0 else "all", 1e-3, train[i], val[i], auc[i], accuracy[i], auc[i], 9)
        for i in range(epochs)
    ]
    write_csv(path, header, rows)


def build_run(
    run: Path,
    models: tuple[str, ...] = tuple(MODELS),
    classes: tuple[str, ...] = ("NORMAL", "PNEUMONIA"),
    n: int = 200,
    config: EvaluationConfig = CONFIG,
    seed: int = 0,
    **dataset: object,
) -> Comparison:
    """Fill `run` with everything up to comparison.json, which is returned."""
    positive = classes[-1]
    test, val = films(n, classes, "test", 1), films(n // 2, classes, "val", 2)
    for i, name in enumerate(models):
        gap, size, ms, epochs, architecture = MODELS[name.rstrip("-0123456789")]
        folder = run / name
        p_val = predict(val, classes, positive, gap + 0.5, 10 + i)
        p_test = predict(test, classes, positive, gap, 20 + i)
        write_predictions(folder / "predictions-val.csv", p_val)
        write_predictions(folder / "predictions.csv", p_test)
        write_history(folder / "history.csv", epochs, i)
        score_model(
            folder,
            val=p_val,
            test=p_test,
            config=config,
            seed=seed,
            architecture=architecture,
            cost=Cost(
                parameters=size // 4,
                macs=size * 30,
                file_bytes=size,
                latency_ms_p50=ms,
                latency_ms_p95=1.2 * ms,
                threads=1,
            ),
            training_seconds=40.0 * epochs,
        )
    counts = {
        split: {name: sum(row[2] == name for row in rows) for name in classes}
        for split, rows in (("val", val), ("test", test))
    }
    facts = {"name": "chest_xray", "protocol": "official", "leaking": False, "synthetic": False}
    facts |= {"classes": classes, "counts": counts, "positive": positive, **dataset}
    (run / "config.yaml").write_text(to_yaml(StudyConfig(seed=seed, evaluation=config)))
    (run / "environment.json").write_text(
        json.dumps({"python": "3.11", "packages": {"torch": "2"}})
    )
    return compared(run, models, DatasetFacts.model_validate(facts), config, seed)


def compared(
    run: Path,
    models: Sequence[str],
    dataset: DatasetFacts,
    config: EvaluationConfig,
    seed: int = 0,
) -> Comparison:
    """Write and return comparison.json of the model folders in `run`."""
    scored = []
    for name in models:
        p = read_predictions(run / name / "predictions.csv", dataset.positive)
        scored.append(read_scored(run / name, p, config, seed))
    return compare(run, scored, dataset, config, seed)


@pytest.fixture(scope="session")
def finished_runs(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Runs by their options, each made once: scoring takes a second."""
    made: dict[str, Path] = {}

    def make(**options: object) -> Path:
        key = json.dumps(options, sort_keys=True)
        if key not in made:
            made[key] = tmp_path_factory.mktemp("finished") / "run"
            build_run(made[key], **options)  # type: ignore[arg-type]
        return made[key]

    return make


@pytest.fixture
def make_run(
    tmp_path: Path, finished_runs: Callable[..., Path]
) -> Callable[..., tuple[Path, Comparison]]:
    """Call it to get a run directory of one's own and its comparison."""

    def make(**options: object) -> tuple[Path, Comparison]:
        run = shutil.copytree(finished_runs(**options), tmp_path / "run")
        return run, read_record(Comparison, run / "comparison.json")

    return make


def edited(comparison: Comparison, edit: Callable[[dict], object]) -> Comparison:
    """A copy of `comparison` after `edit` of its JSON."""
    values = comparison.model_dump(mode="json", exclude_unset=True)
    edit(values)
    return Comparison.model_validate(values)


def thumbnail(path: str) -> np.ndarray:
    """A grey square that differs from film to film."""
    y, x = np.mgrid[0:96, 0:96] / 96
    lungs = np.exp(-(((x - 0.3) / 0.12) ** 2 + ((y - 0.5) / 0.3) ** 2)) + np.exp(
        -(((x - 0.7) / 0.12) ** 2 + ((y - 0.5) / 0.3) ** 2)
    )
    rng = np.random.default_rng(sum(path.encode()))
    return np.clip(190 - 130 * lungs + rng.normal(0, 8, lungs.shape), 0, 255).astype(np.uint8)


@pytest.fixture
def thumbnails() -> Callable[[str], np.ndarray]:
    return thumbnail
