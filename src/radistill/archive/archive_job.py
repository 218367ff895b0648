"""`radistill score`: plan, score what is left, count."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from radistill.archive.film_list import film_ids
from radistill.archive.out_folder import finished_parts, open_out
from radistill.archive.ray_engine import score_blocks
from radistill.archive.storage import Storage, is_remote, shown
from radistill.archive.work_plan import make_plan
from radistill.errors import RadistillError, UsageError, counted
from radistill.progress import bar, console
from radistill.runtime.decision import Settings
from radistill.runtime.prediction_options import Precision
from radistill.runtime.predictor import Predictor
from radistill.schema.archive_figures import ArchiveSettings

PART_FILMS = 1000


@dataclass(frozen=True)
class ArchiveCounts:
    """films: all in OUT, scored now or before, with a row each. errors: of them failed."""

    films: int
    errors: int


def score_archive(
    predictor: Predictor,
    source: str,
    out: str,
    settings: Settings,
    *,
    precision: Precision = "auto",
    column: str = "path",
    embeddings: bool = False,
    overviews: bool = False,
    retry_errors: bool = False,
    part_films: int = PART_FILMS,
    workers: int | None = None,
    ray_address: str | None = None,
) -> ArchiveCounts:
    """Score every film of `source` that has no row in `out` yet.

    source: see `film_list.film_ids`. predictor, settings, precision: as of `radistill predict`.
    retry_errors: also films whose row is an error. part_films: films that make a part, and that a
    kill of a worker loses. workers, ray_address: see `ray_engine.score_blocks`.
    Raises UsageError for what cannot be, RadistillError if the job could not be finished.
    """
    if ray_address and not all(is_remote(one) or one.startswith("/") for one in (source, out)):
        raise UsageError("--ray-address: give SOURCE and --out in full, workers have other folders")
    if not out:
        raise UsageError("--out: name a folder, or an s3:// prefix")
    if out.startswith(("http://", "https://")):
        raise UsageError(f"{shown(out)}: can be read only; give --out a folder or an s3:// prefix")
    storage = Storage(out)
    asked = ArchiveSettings(
        model=predictor.model,
        precision=precision,
        threshold=settings.threshold,
        band=settings.band,
        any_population=settings.any_population,
        sketch=settings.sketch,
        embeddings=embeddings,
        overviews=overviews,
    )
    ids = film_ids(source, column)
    # Before OUT is made, whose model and settings a second try would be held to.
    if (first := next(ids, None)) is None:
        raise UsageError(f"{source}: there is no film in it")
    open_out(storage, asked, predictor.bundle)
    with bar() as progress:
        task = progress.add_task("Listing", total=None)
        plan = make_plan(storage, progress.track(chain([first], ids), task_id=task), part_films)
    if plan.repeated:
        console.print(
            f"{source} names {counted(plan.repeated, 'film')} more than once; each gets one row",
            markup=False,
        )
    done = finished_parts(storage, plan.blocks)
    again = {block for block, size in done.items() if size.errors} if retry_errors else set()
    todo = [(block, block in again) for block in plan.blocks if block in again or block not in done]
    films = sum(size.films for block, size in done.items() if block not in again)
    errors = sum(size.errors for block, size in done.items() if block not in again)
    if films:
        console.print(f"{counted(films, 'film')} in {out} already", markup=False)
    if todo:
        known = sum(block.films for block, _ in todo)
        with bar() as progress:
            task = progress.add_task("Scoring", total=films + known, completed=films)
            for row in score_blocks(out, todo, address=ray_address, workers=workers):
                if row["problem"]:
                    kind = UsageError if row["status"] == UsageError.exit_code else RadistillError
                    raise kind(row["problem"])
                films += int(row["films"])
                errors += int(row["errors"])
                progress.advance(task, row["films"])
    return ArchiveCounts(films, errors)
