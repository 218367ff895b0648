"""The hand-made bundle, a folder of films, and archives scored without Ray or with one for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as arrow
import pyarrow.dataset
import pytest
from PIL import Image

from radistill.archive import archive_job
from radistill.archive.archive_job import ArchiveCounts, score_archive
from radistill.archive.block_scorer import BlockScorer
from radistill.archive.work_plan import Block
from radistill.runtime.decision import resolve
from radistill.runtime.prediction_options import PredictionOptions
from radistill.runtime.predictor import Predictor

from ..brightness import bundle  # noqa: F401

Score = Callable[..., ArchiveCounts]


def draw(path: Path, seed: int) -> Path:
    """A film of noise around a grey of its own."""
    rng = np.random.default_rng(seed)
    grey = rng.integers(20, 200) + rng.integers(0, 50, (40, 32))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(grey.astype(np.uint8)).save(path)
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Twelve films in two folders."""
    for n in range(12):
        draw(tmp_path / "films" / f"{n % 2}" / f"{n:02}.png", n)
    return tmp_path / "films"


def in_this_process(
    out: str, blocks: Sequence[tuple[Block, bool]], **_: Any
) -> Iterator[dict[str, Any]]:
    """`ray_engine.score_blocks` without Ray."""
    scorer = BlockScorer(out)
    for block, retry in blocks:
        yield scorer({**block._asdict(), "retry": retry})


@pytest.fixture
def score(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Score:  # noqa: F811
    """`score_archive` of the hand-made bundle, in this process, five films a part."""
    monkeypatch.setattr(archive_job, "score_blocks", in_this_process)
    by_hand = Predictor.load(bundle, threads=1)

    def run(
        source: object, out: object, predictor: Predictor = by_hand, **options: Any
    ) -> ArchiveCounts:
        names = [name for name in PredictionOptions.model_fields if name in options]
        asked = PredictionOptions(**{name: options.pop(name) for name in names})
        options = {"part_films": 5, **options}
        settings = resolve(predictor.card, asked)
        return score_archive(predictor, str(source), str(out), settings, **options)

    return run


def rows_of(out: object) -> list[dict[str, Any]]:
    """All rows of OUT, as any reader of Parquet sees it, in the order of paths."""
    table: arrow.Table = pyarrow.dataset.dataset(str(out)).to_table()
    return sorted(table.to_pylist(), key=lambda row: str(row["path"]))
