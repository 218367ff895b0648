"""Figures, report and checks of a finished run made anew from its files, without training."""

from pathlib import Path

from radistill.config import StudyConfig
from radistill.errors import UsageError
from radistill.report.html import write_report
from radistill.report.summary import main_model
from radistill.schema.comparison import Comparison, ModelResult
from radistill.schema.record import read_record, write_record
from radistill.study.bundle import with_shortfalls
from radistill.study.checks import check_heat_maps, check_robustness, heat_map_of
from radistill.study.decoded_films import DecodedFilms
from radistill.study.prediction_files import open_sources
from radistill.study.rescore import rescore
from radistill.study.trained import TrainedModel


def refresh_run(
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
    corrupted films too, and check its heat maps. Raises UsageError as `open_sources` and `rescore`
    do, and where `robust` finds no run with its decoded films.
    """
    in_run = (source / "comparison.json").is_file()
    if robust and not in_run:
        raise UsageError(f"{source}: --robustness needs a run with its cache, or --data")
    sources = open_sources([source], positive)
    films = DecodedFilms.of_run(source) if in_run else None
    comparison = rescore(
        sources,
        config.evaluation,
        config.seed,
        threshold=threshold,
        rule=rule,
        exposure=films.exposure if films else None,
    )
    if in_run:
        for before in read_record(Comparison, source / "comparison.json").models:
            comparison = with_shortfalls(comparison, before.name, before.shortfalls)
    main = main_model(comparison)
    network = _network(source / main.name) if films and (robust or out) else None
    if robust:
        if films is None or network is None:
            raise UsageError(f"{source}: the decoded films (cache/) are gone; give --data instead")
        checked = _checked(network, films, main, out, config.seed)
        models = tuple(checked if model is main else model for model in comparison.models)
        comparison = comparison.model_copy(update={"models": models})
    if out is not None:
        write_record(out / "comparison.json", comparison)
        squares = films.at(network.input_size) if films and network else None
        write_report(
            source,
            comparison,
            {one.name: one.test for one in sources},
            films.thumbnail if films else None,
            heat=heat_map_of(network, squares) if network and squares else None,
            out=out,
        )
    return comparison


def _network(folder: Path) -> TrainedModel | None:
    return TrainedModel(folder) if (folder / "model.json").is_file() else None


def _checked(
    network: TrainedModel, films: DecodedFilms, result: ModelResult, out: Path | None, seed: int
) -> ModelResult:
    """`result` with the checks of its network, which are written to a folder in `out`."""
    squares = films.at(network.input_size)
    robustness = check_robustness(network, squares, result.test.threshold)
    explanation = check_heat_maps(network, squares, None, seed)
    if out is not None:
        write_record(out / result.name / "robustness.json", robustness)
        write_record(out / result.name / "explanation.json", explanation)
    return result.model_copy(update={"robustness": robustness, "explanation": explanation})
