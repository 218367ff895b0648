"""`radistill predict`, without its options: many paths to one stream of results."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from radistill.errors import UsageError, counted
from radistill.files import unwritable
from radistill.imaging.sandbox.intake import Intake
from radistill.progress import bar, console, cores
from radistill.runtime.decision import Settings
from radistill.runtime.heatmap_sheet import Tile, tiles_of, write_sheets
from radistill.runtime.paths import AS_BYTES, STDIN, as_bytes, film_paths
from radistill.runtime.prediction_options import ResultFormat
from radistill.runtime.predictor import Predictor
from radistill.runtime.writer import finished, writer
from radistill.schema.prediction import Failure, Prediction

UNREADABLE = "unreadable"


def run_job(
    predictor: Predictor,
    named: Sequence[str],
    settings: Settings,
    intake: Intake,
    *,
    form: ResultFormat,
    out: Path | None = None,
    resume: bool = False,
) -> Counter[str]:
    """Predict all files of `named`, write each result as it comes, and count decisions.

    out: a file instead of standard output. resume: go on with `out`, which must be JSON lines.
    Files that cannot be read are written and counted as `unreadable`.
    Raises UsageError for names, formats or a file that cannot be used.
    """
    done = _done(out, form, resume, predictor.model.sha256, settings)
    paths = film_paths(named)
    total = None
    if console.is_terminal and STDIN not in named:
        total = sum(1 for _ in film_paths(named))
    counts: Counter[str] = Counter()
    tiles: list[Tile] = []
    if done:
        console.print(f"{counted(len(done), 'prediction')} in {out} already", markup=False)
    # On a terminal the rows show how far it is, and a bar would stand among them.
    rows_seen = out is None and sys.stdout is not None and sys.stdout.isatty()
    with (
        _opened(out, "give --resume" if form == "jsonl" else "give another name") as file,
        bar(hidden=rows_seen) as progress,
    ):
        write = writer(file, form, sketch=settings.sketch)
        task = progress.add_task("Predicting", total=total, completed=len(done) if total else 0)
        todo = (path for path in paths if str(path) not in done)
        for result in predictor.run(todo, settings, intake):
            write(result)
            counts[UNREADABLE if isinstance(result, Failure) else result.decision] += 1
            if isinstance(result, Prediction) and result.heatmap and not resume:
                drawn = Path(result.heatmap)
                tiles.append(Tile(drawn, result.path, result.decision, result.probability))
            progress.advance(task)
    if settings.heatmaps is not None:
        shown = tiles_of(out) if resume and out is not None else tiles
        for sheet in write_sheets(settings.heatmaps, shown):
            console.print(f"heat maps by name of film: {sheet}", markup=False)
    return counts


def decoders(named: Sequence[str], workers: int | None) -> int:
    """How many processes should decode: as asked, else one a core, but one for a single file."""
    if workers is not None:
        return workers
    alone = len(named) == 1 and named[0] != STDIN and not named[0].lower().endswith(".csv")
    return 1 if alone and Path(named[0]).is_file() else cores()


def _done(
    out: Path | None, form: ResultFormat, resume: bool, model_sha256: str, settings: Settings
) -> frozenset[str]:
    if resume:
        if out is None or form != "jsonl":
            raise UsageError("--resume goes on with a file of JSON lines: give --out FILE.jsonl")
        return finished(out, model_sha256, settings)
    if out is not None and out.exists():
        way = "give --resume to go on, or another name" if form == "jsonl" else "give another name"
        raise UsageError(f"{out}: is there already; {way}")
    return frozenset()


@contextmanager
def _opened(out: Path | None, again: str) -> Iterator[TextIO]:
    """again: how to go on with `out` once a full disk has space."""
    try:
        if out is None:
            if sys.stdout is None:
                raise UsageError("standard output is closed; give --out FILE")
            as_bytes(sys.stdout)
            yield sys.stdout
        else:
            out.parent.mkdir(parents=True, exist_ok=True)
            with out.open("a", encoding="utf-8", errors=AS_BYTES, newline="") as file:
                yield file
    except BrokenPipeError:
        raise  # whoever read it has seen enough
    except OSError as error:
        raise (
            unwritable(error, out, again) if out else unwritable(error, Path("standard output"))
        ) from None
