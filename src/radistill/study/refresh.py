"""Figures, report and checks of a finished run made anew from its files, without training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from radistill.config import StudyConfig
from radistill.data.cache import PixelCache, open_cache
from radistill.data.manifest import read_manifest
from radistill.errors import UsageError
from radistill.metrics.predictions import read_predictions
from radistill.models import read_spec
from radistill.report.html import write_report
from radistill.report.summary import main_model
from radistill.schema.comparison import Comparison, ModelResult
from radistill.schema.record import write_record
from radistill.study.checks import (
    Films,
    cached_squares,
    check_heat_maps,
    check_robustness,
    heat_of,
)
from radistill.study.rescore import review


def review_run(
    source: Path,
    config: StudyConfig,
    *,
    positive: str | None = None,
    threshold: float | None = None,
    rule: str | None = None,
    out: Path | None = None,
    robust: bool = False,
) -> Comparison:
    """Figures of a run, a model folder or a CSV of predictions, made anew; the run is not touched.

    out: a folder for comparison.json and report.html. robust: score the main model of a run on
    corrupted films too, and check its heat maps. Raises UsageError as `review` does.
    """
    run = source if (source / "comparison.json").is_file() else None
    if run is None and robust:
        raise UsageError(f"{source}: --robustness needs a run with its cache, or --data")
    exposure = _exposure(run) if run else None
    comparison = review(
        [source],
        config.evaluation,
        config.seed,
        positive=positive,
        threshold=threshold,
        rule=rule,
        exposure=exposure,
    )
    main = main_model(comparison)
    if run is not None and robust:
        checked = _checked(run, main, out, config.seed)
        models = tuple(checked if model is main else model for model in comparison.models)
        comparison = comparison.model_copy(update={"models": models})
    if out is not None:
        write_record(out / "comparison.json", comparison)
        cache = _largest(run) if run else None
        heat = None
        if run is not None and (run / main.name / "model.json").is_file():
            films = _films(run, main.name)
            heat = heat_of(run / main.name, films) if films else None
        thumbnails = _thumbnails(run, cache) if run and cache else None
        write_report(run or source, thumbnails, heat=heat, out=out)
    return comparison


def _checked(run: Path, model: ModelResult, out: Path | None, seed: int) -> ModelResult:
    """`model` with the checks of its network."""
    folder, films = run / model.name, _films(run, model.name)
    if films is None:
        raise UsageError(f"{run}: the decoded films (cache/) are gone; give --data instead")
    place = out / model.name if out else None
    checks = {
        "robustness": check_robustness(folder, films, model.test.threshold, place),
        "explanation": check_heat_maps(folder, films, place, seed),
    }
    return model.model_copy(update=checks)


def _films(run: Path, name: str) -> Films | None:
    """The test films as the network `name` sees them, None where the cache is gone."""
    spec = read_spec(run / name)
    cache = open_cache(run / "cache", spec["input_size"])
    if cache is None:
        return None
    p = read_predictions(run / name / "predictions.csv", spec["positive"])
    return Films(p, cached_squares(cache, _shas(run)))


def _shas(run: Path) -> dict[str, str]:
    return {film.path: film.sha256 for film in read_manifest(run / "manifest.csv")}


def _largest(run: Path) -> PixelCache | None:
    sizes = [int(file.stem.split("-")[1]) for file in (run / "cache").glob("squares-*.json")]
    return open_cache(run / "cache", max(sizes)) if sizes else None


def _thumbnails(run: Path, cache: PixelCache) -> Callable[[str], np.ndarray]:
    shas = _shas(run)
    return lambda path: cache.batch([shas[path]])[0]


def _exposure(run: Path) -> Callable[[str], float] | None:
    cache = _largest(run)
    if cache is None or not (run / "manifest.csv").is_file():
        return None
    thumbnails = _thumbnails(run, cache)
    return lambda path: float(thumbnails(path).mean())
