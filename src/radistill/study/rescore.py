"""Every figure anew from predictions files alone: of one model, of a run, across runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from radistill.config import EvaluationConfig
from radistill.errors import UsageError
from radistill.metrics.groups import by_group, manifest_columns
from radistill.metrics.score import score_predictions, tuned
from radistill.metrics.thresholds import choose_threshold
from radistill.progress import bar
from radistill.report.side_by_side import Scored, assemble
from radistill.study.prediction_files import Source, on_common_films, open_sources


def review(
    paths: Sequence[Path],
    config: EvaluationConfig,
    seed: int,
    *,
    positive: str | None = None,
    models: Sequence[str] = (),
    intersect: bool = False,
    threshold: float | None = None,
    rule: str | None = None,
    exposure: Callable[[str], float] | None = None,
) -> dict[str, Any]:
    """The comparison of all models whose predictions lie at `paths`; see `assemble`.

    threshold: for all models, instead of each one's own. rule: choose the threshold anew by it, on
    the validation predictions beside. exposure: path -> mean grey of a film, to make groups by.
    Raises UsageError as `open_sources` and `on_common_films` do, and where `rule` finds no
    validation predictions.
    """
    sources = on_common_films(open_sources(paths, positive, models), intersect=intersect)
    with bar() as progress:
        scored = [
            _scored(source, config, seed, threshold, rule, exposure)
            for source in progress.track(sources, description="Resampling patients")
        ]
    dataset = {key: value for key, value in sources[0].dataset.items() if key != "run"}
    if len({source.dataset["name"] for source in sources}) > 1:
        dataset = {"name": "comparison", "classes": dataset["classes"], "counts": {},
                   "positive": dataset["positive"]}  # fmt: skip
    dataset["counts"] = dict(dataset["counts"]) | {"test": dict(Counter(sources[0].test.label))}
    for mark in ("synthetic", "leaking"):
        dataset[mark] = any(source.dataset.get(mark, False) for source in sources)
    return assemble(dataset, scored, config, seed)


def _scored(
    source: Source,
    config: EvaluationConfig,
    seed: int,
    threshold: float | None,
    rule: str | None,
    exposure: Callable[[str], float] | None,
) -> Scored:
    test, val = source.test, source.val
    chosen, origin = source.threshold, source.threshold_from
    if rule is not None:
        if val is None:
            raise UsageError(
                f"{source.folder}: no predictions-val.csv to choose a threshold by {rule} on. "
                "Name the run or the model folder."
            )
        chosen, origin = choose_threshold(val.truth, val.probability, rule), f"{rule} on validation"
    if threshold is not None:
        chosen, origin = threshold, "given"
    entry: dict[str, Any] = {"architecture": None, "cost": None, **source.known}
    entry |= {"test": score_predictions(test, chosen, config, seed), "threshold_rule": origin}
    if val is not None:
        entry |= tuned(val, test, config, seed)
    if source.manifest is not None:
        found = manifest_columns(source.manifest, test.path, exposure)
        entry["groups"] = by_group(test, chosen, found, config, seed)
    return Scored(source.name, test, entry)
