"""Films -> rows of a part: decoding in this process, the network, and the table's columns."""

from __future__ import annotations

import io
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pyarrow as arrow
from PIL import Image

from radistill.archive.film_bytes import Source
from radistill.imaging.limits import Limits
from radistill.imaging.sandbox.decoded import Decoded, Refused
from radistill.imaging.sandbox.intake import Intake, Upload
from radistill.imaging.sandbox.one_file import decode_here
from radistill.runtime.decision import Settings, resolve
from radistill.runtime.find_bundle import find_bundle
from radistill.runtime.prediction_options import PredictionOptions
from radistill.runtime.predictor import DRAWN, Predictor
from radistill.schema.prediction import Failure

OVERVIEW = 128  # pixels of the longer side
LIMITS = Limits()
COLUMNS = arrow.schema(
    {
        "path": arrow.string(),
        "sha256": arrow.string(),
        "label": arrow.string(),
        "probability": arrow.float64(),
        "threshold": arrow.float64(),
        "decision": arrow.string(),
        "reasons": arrow.list_(arrow.string()),
        "model": arrow.string(),
        "model_version": arrow.string(),
        "model_sha256": arrow.string(),
        "ms": arrow.float64(),
        "decode_ms": arrow.float64(),
        "model_ms": arrow.float64(),
        "bytes": arrow.int64(),
        "width": arrow.int32(),
        "height": arrow.int32(),
        "time": arrow.string(),
        "sketch": arrow.list_(arrow.float32()),
        "error_code": arrow.string(),
        "error_message": arrow.string(),
        "partition": arrow.string(),
    }
)
EMBEDDING = arrow.field("embedding", arrow.list_(arrow.float16()))
OVERVIEW_FIELD = arrow.field("overview", arrow.binary())


@dataclass(frozen=True)
class RowMaker:
    """A model, and what of each film goes into a row.

    settings: with `views` where embeddings are kept. overviews: a JPEG of the whole film, its
    longer side at most 128 pixels. intake: a sandbox that decodes instead of this process. guard:
    end this process if a film takes too much CPU time, where nothing else would.
    """

    predictor: Predictor
    settings: Settings
    embeddings: bool = False
    overviews: bool = False
    intake: Intake | None = None
    guard: bool = False

    @property
    def schema(self) -> arrow.Schema:
        schema = COLUMNS
        for kept, column in ((self.embeddings, EMBEDDING), (self.overviews, OVERVIEW_FIELD)):
            schema = schema.append(column) if kept else schema
        return schema

    def table(self, films: Iterable[Source], partition: str = "") -> arrow.Table:
        """A row for each of `films`, in order."""
        decoder = _Decoder(self)
        # A worker is given one core: threads beside it would take those of other workers.
        results = self.predictor.judge(decoder.decode(films), self.settings, in_turn=True)
        rows = [
            {**self._row(result.record(), result), **decoder.facts.popleft()} for result in results
        ]
        for row in rows:
            row["partition"] = partition
            if "ms" in row:
                row["model_ms"] = round(row["ms"] - row["decode_ms"], 3)
        return arrow.Table.from_pylist(rows, self.schema)

    def _row(self, record: Any, result: Any) -> dict[str, Any]:
        row = dict(record)
        row["path"] = _as_utf8(row["path"])
        row["model_sha256"] = self.predictor.model.sha256
        if isinstance(result, Failure):
            return row | {"error_code": result.code, "error_message": result.message}
        row |= {"model": result.model.name, "model_version": result.model.version}
        if self.embeddings and result.view is not None:
            row["embedding"] = result.view.embedding.astype(np.float16)
        return row


@dataclass
class _Decoder:
    """Decodes for a `RowMaker`, and keeps what results do not tell in `facts`, in their order."""

    maker: RowMaker
    facts: deque[dict[str, Any]] = field(default_factory=deque)

    def decode(self, films: Iterable[Source]) -> Iterator[Decoded | Refused]:
        sizes: deque[int] = deque()
        for film in self._decoded(films, sizes):
            size = sizes.popleft()
            self.facts.append(self._facts(film, size))
            yield film

    def _decoded(self, films: Iterable[Source], sizes: deque[int]) -> Iterator[Decoded | Refused]:
        maker = self.maker
        wanted = {
            "square": maker.predictor.card.input_size,
            "preview": OVERVIEW,
            "sources": DRAWN if maker.overviews else (),
        }
        for film in films:
            sizes.append(len(film.data) if isinstance(film, Upload) else 0)
            if isinstance(film, Refused):
                yield film
            elif maker.intake is not None:
                yield from maker.intake.decode([film], **wanted)  # type: ignore[arg-type]
            else:
                if maker.guard:
                    signal.setitimer(signal.ITIMER_PROF, LIMITS.cpu_seconds(LIMITS.max_pixels))
                yield decode_here(film.name, film.data, LIMITS, wanted)
        if maker.guard:
            signal.setitimer(signal.ITIMER_PROF, 0)

    def _facts(self, film: Decoded | Refused, size: int) -> dict[str, Any]:
        facts: dict[str, Any] = {"bytes": size or None}
        if isinstance(film, Decoded):
            height, width = film.shape
            facts |= {"width": width, "height": height, "decode_ms": round(film.ms, 3)}
            if self.maker.overviews and film.preview is not None:
                file = io.BytesIO()
                Image.fromarray(film.preview).save(file, "JPEG", quality=80)
                facts["overview"] = file.getvalue()
        return facts


def score_batch(
    films: Sequence[bytes], *, bundle: str | None = None, paths: Sequence[str] | None = None
) -> arrow.Table:
    """The rows of `radistill score` for the bytes of some films, in order, for other engines.

    bundle: as of `Predictor.load`; a process opens it once. paths: the films' ids, for the rows.
    Decoding is limited in bytes and pixels, but has no process of its own.
    """
    names = paths if paths is not None else [""] * len(films)
    uploads = (Upload(name, bytes(data)) for name, data in zip(names, films, strict=True))
    return _opened(str(find_bundle(bundle))).table(uploads)


@cache
def _opened(folder: str) -> RowMaker:
    predictor = Predictor.load(folder, threads=1)
    return RowMaker(predictor, resolve(predictor.card, PredictionOptions()))


def row_path(film: Source) -> str:
    return _as_utf8(film.name if isinstance(film, Upload) else film.path)


def _as_utf8(path: str) -> str:
    """Parquet holds UTF-8: bytes of a name that are none are written as \\udc80 to \\udcff."""
    return path.encode("utf-8", "backslashreplace").decode()
