"""Files -> decisions: decoding, network and judgement, batch by batch."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, cast

import numpy as np

from radistill.files import write_with
from radistill.imaging.sandbox.intake import Decoded, Intake, Refused, Upload
from radistill.progress import cores
from radistill.runtime.decision import Settings, label_of, reasons_to_abstain, resolve
from radistill.runtime.film_sources import Film, as_source, is_film
from radistill.runtime.find_bundle import find_bundle
from radistill.runtime.ood import sketches
from radistill.runtime.open_bundle import Bundle
from radistill.runtime.prediction_options import Precision, PredictionOptions, parse_options
from radistill.runtime.session import BATCH, Outputs
from radistill.schema.abstention import Gaussian
from radistill.schema.card import Card
from radistill.schema.prediction import (
    ABSTAIN,
    Failure,
    ModelIdentity,
    Prediction,
    Result,
    View,
)

LONGEST = 1024  # pixels of an overlay; a map of a few positions shows no more on a larger picture
UNDRAWN = ("dicom", "tiff")  # by browsers
DRAWN = (*UNDRAWN, "jpeg", "png", "bmp", "webp")

_Batch = list[Decoded | Refused]


class Predictor:
    """A bundle that takes files: decoding, decision and heat maps around its network."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        card = bundle.card
        name = f"{card.architecture}-{card.positive.lower()}"
        self.model = ModelIdentity(
            name=name, version=card.model_version, sha256=card.files[bundle.file]
        )

    @classmethod
    def load(
        cls, bundle: Path | str | None = None, *, precision: Precision = "auto", threads: int = 0
    ) -> Predictor:
        """Open a bundle: the named one, else $RADISTILL_BUNDLE, else the one shipped.

        precision, threads: see `Bundle.load`. Raises UsageError if there is none or it is damaged.
        """
        return cls(Bundle.load(find_bundle(bundle), precision=precision, threads=threads))

    @property
    def card(self) -> Card:
        return self.bundle.card

    def predict(
        self,
        films: Film | Iterable[Film],
        *,
        heatmaps: Path | str | None = None,
        workers: int | None = None,
        **options: Any,
    ) -> Iterator[Result]:
        """A `Prediction` or a `Failure` for each film, in order, as they come.

        films: one or several, each a path, the bytes of a file, a Pillow image, or an array of 8 or
        16 bits, (H, W) or (H, W, 3), bright where dense; for folders and globs see
        `radistill.runtime.film_paths`. Only small copies of a few films are in memory at a time.
        An image that was opened from a file and not changed is read as that file; of other images
        and of arrays sha256 is that of a PNG of their greys. heatmaps: a folder for overlays.
        workers: decoding processes, one a core where None. options: the fields of
        `PredictionOptions`: threshold, sensitivity, band, any_population.
        Raises UsageError for options that cannot be, and for what is no film.
        """
        folder = None if heatmaps is None else Path(heatmaps)
        settings = resolve(self.card, parse_options(PredictionOptions, options), folder)
        if is_film(films):
            return self._decode_and_run([as_source(cast(Film, films))], settings, 1)
        several = map(as_source, cast(Iterable[Film], films))
        return self._decode_and_run(several, settings, workers or cores())

    def run(
        self, files: Iterable[Path | Upload], settings: Settings, intake: Intake
    ) -> Iterator[Result]:
        """`predict` with settings that are resolved and an intake that is open already."""
        sources = DRAWN if settings.heatmaps is not None else UNDRAWN if settings.views else ()
        films = intake.decode(files, square=self.card.input_size, preview=LONGEST, sources=sources)
        yield from self.judge(films, settings)

    def judge(
        self, films: Iterable[Decoded | Refused], settings: Settings, *, in_turn: bool = False
    ) -> Iterator[Result]:
        """Results for squares that are decoded, in order.

        Batches run side by side, as many as the bundle has threads, while others are decoded.
        in_turn: one after another in the caller's thread, so that it takes one core and no more.
        """
        if in_turn:
            for batch in _batches(films):
                yield from self._judge(batch, self._outputs(batch), settings)
            return
        ahead: deque[tuple[_Batch, Future[tuple[Outputs, float]]]] = deque()
        with ThreadPoolExecutor(self.bundle.threads, "radistill-graph") as pool:
            for batch in _batches(films):
                ahead.append((batch, pool.submit(self._outputs, batch)))
                while ahead and (len(ahead) > self.bundle.threads or ahead[0][1].done()):
                    batch, graph = ahead.popleft()
                    yield from self._judge(batch, graph.result(), settings)
            while ahead:
                batch, graph = ahead.popleft()
                yield from self._judge(batch, graph.result(), settings)

    def _decode_and_run(
        self, files: Iterable[Path | Upload], settings: Settings, workers: int
    ) -> Iterator[Result]:
        with Intake(workers=workers) as intake:
            yield from self.run(files, settings, intake)

    def _outputs(self, batch: _Batch) -> tuple[Outputs, float]:
        """The network's outputs for the films of `batch`, and its milliseconds for each."""
        start = time.perf_counter()
        squares = [item.pixels for item in batch if isinstance(item, Decoded)]
        if not squares:
            nothing = np.empty(0, np.float32)
            return Outputs(nothing, nothing, nothing), 0.0
        outputs = self.bundle.run(np.stack(squares))
        return outputs, _since(start) / len(squares)

    def _judge(
        self, batch: _Batch, graph: tuple[Outputs, float], settings: Settings
    ) -> Iterator[Result]:
        outputs, graph_ms = graph
        start = time.perf_counter()
        films = [item for item in batch if isinstance(item, Decoded)]
        reasons = iter(self._reasons(films, outputs, settings) if films else ())
        each_ms = graph_ms + _since(start) / max(1, len(films))
        rows = iter(zip(*outputs, strict=True))
        for item in batch:
            result: Result
            if isinstance(item, Refused):
                result = Failure.because(item.path, item.code, item.message)
            else:
                row = Outputs(*next(rows))
                result = self._decide(item, row, next(reasons), each_ms, settings)
            if settings.sketch:
                now = datetime.now(UTC).isoformat(timespec="seconds")
                result = result.model_copy(update={"time": now})
            yield result

    def _reasons(
        self, films: Sequence[Decoded], outputs: Outputs, settings: Settings
    ) -> list[list[str]]:
        return reasons_to_abstain(
            self.card,
            np.stack([film.pixels for film in films]),
            [film.shape for film in films],
            outputs,
            [film.tags for film in films],
            settings,
        )

    def _decide(
        self, film: Decoded, outputs: Outputs, reasons: list[str], ms: float, settings: Settings
    ) -> Prediction:
        start = time.perf_counter()
        probability = float(outputs.probability[self.card.positive_index])
        label = label_of(self.card, outputs.probability, settings.threshold)
        heatmap = self._overlay(film, outputs.cam, probability, settings.heatmaps)
        known = self.card.abstention if settings.sketch else None
        more = {"sketch": _sketch(known.detector, outputs.embedding)} if known else {}
        return Prediction(
            path=film.path,
            sha256=film.sha256,
            label=label,
            probability=probability,
            threshold=settings.threshold,
            decision=ABSTAIN if reasons else label.lower(),
            reasons=tuple(reasons),
            heatmap=heatmap,
            model=self.model,
            ms=film.ms + ms + _since(start),
            band=settings.band,
            any_population=settings.any_population,
            view=View(outputs.cam, film.preview, outputs.embedding) if settings.views else None,
            **more,
        )

    def _overlay(
        self, film: Decoded, cam: np.ndarray, probability: float, folder: Path | None
    ) -> str | None:
        """Draw the map under a name made of the file's hash, never of what the file says."""
        if folder is None or film.preview is None:
            return None
        from radistill.runtime.heatmap import overlay

        card = self.card
        caption = f"{card.positive.lower()} {probability:.2f} - for research only"
        picture = overlay(film.preview, cam, card.cam, caption)
        target = folder / f"{film.sha256[:16]}.png"
        write_with(target, lambda temporary: picture.save(temporary, "PNG"))
        return str(target)


def _batches(films: Iterable[Decoded | Refused]) -> Iterator[_Batch]:
    remaining = iter(films)
    while batch := list(islice(remaining, BATCH)):
        yield batch


def _sketch(known: Gaussian, embedding: np.ndarray) -> tuple[float, ...]:
    return tuple(sketches(known, embedding[None])[0].tolist())


def _since(start: float) -> float:
    return 1000 * (time.perf_counter() - start)
