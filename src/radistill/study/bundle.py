"""A finished run -> the bundle in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from radistill.config import read_evaluation
from radistill.data.cache import open_cache
from radistill.data.manifest import read_manifest
from radistill.errors import UsageError
from radistill.export.int8 import spread
from radistill.export.onnx import export_onnx
from radistill.export.population import FRONTAL, population_of
from radistill.export.write_bundle import BundleSpec, write_bundle
from radistill.metrics.calibration import UNCALIBRATED
from radistill.metrics.predictions import read_predictions
from radistill.metrics.score import on_calibrated_scale
from radistill.models import load_model, read_spec
from radistill.schema.card import Population
from radistill.schema.comparison import Comparison
from radistill.schema.record import read_record

STUDENT = "student"
PARITY_FILMS = 200


def bundle_run(run: Path, *, population: Population | None = None) -> dict[str, Any]:
    """Make RUN/bundle from the student, with its figures on the card; return the card.

    Everything comes from the run directory, so the films themselves are not needed.
    population: whom the model knows, where the films' names do not tell.
    Raises UsageError if the run is not finished or its cache of films is gone.
    """
    _read(run / "comparison.json")
    comparison = read_record(Comparison, run / "comparison.json")
    dataset, result = comparison.dataset, comparison.model(STUDENT)
    if result is None:
        raise UsageError(f"{run / 'comparison.json'}: has no {STUDENT}")
    audit = _read(run / "audit.json")
    model = load_model(run / STUDENT)
    class_of = read_spec(run / STUDENT).get("class_of")
    films = read_manifest(run / "manifest.csv")
    val = [film for film in films if film.split == "val"]
    cache = open_cache(run / "cache", model.input_size)
    if cache is None or any(film.sha256 not in cache for film in val):
        raise UsageError(
            f"{run / 'cache'}: lacks the films at {model.input_size} pixels; "
            "type the command of the study again, which makes them"
        )
    config, seed = read_evaluation(run / "config.yaml")
    test = read_predictions(run / STUDENT / "predictions.csv", dataset.positive)
    calibrated = on_calibrated_scale(result, test, config, seed)
    spec = BundleSpec(
        classes=dataset.classes,
        positive=dataset.positive,
        input_size=model.input_size,
        threshold=calibrated.test.threshold,
        calibration=result.calibration or UNCALIBRATED,
        architecture=model.architecture,
        training_data=dataset.model_dump(mode="json", exclude_unset=True) | {"seed": seed},
        figures=calibrated.model_dump(mode="json", exclude_unset=True),
        notes=tuple(audit.get("notes", ())),
        synthetic=dataset.synthetic,
        leaking=dataset.leaking,
        population=population
        or population_of(dataset.name, [film.path for film in films], synthetic=dataset.synthetic),
    )
    squares = cache.batch([film.sha256 for film in val])
    exported = export_onnx(
        model,
        positive=spec.classes.index(spec.positive),
        sample=spread(squares, PARITY_FILMS),
        calibration=spec.calibration,
        groups=class_of,
    )
    return write_bundle(
        run / "bundle",
        exported=exported,
        spec=spec,
        val_squares=squares,
        val_truth=[film.label == spec.positive for film in val],
    )


def described(words: str | None, ages: str | None) -> Population | None:
    """A population as a user writes it; None where neither is given.

    ages: youngest and oldest in years, such as 18-90. Raises UsageError if it is not so.
    """
    if words is None and ages is None:
        return None
    limits = None
    if ages is not None:
        found = re.fullmatch(r"(\d+)-(\d+)", ages.strip())
        if not found or int(found[1]) > int(found[2]):
            raise UsageError(f"--ages {ages}: write youngest and oldest in years, such as 18-90")
        limits = (float(found[1]), int(found[2]) + 1.0)  # ninety lasts until the next birthday
    description = words or f"frontal chest films at ages {ages}"
    return Population(description=description, age_years=limits, **FRONTAL)


def _read(file: Path) -> dict[str, Any]:
    try:
        values: dict[str, Any] = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        raise UsageError(
            f"{file}: cannot be read; give the folder of a finished `radistill run`"
        ) from None
    return values
