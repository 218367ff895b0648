"""Paths in, decisions out: the whole of what a deployed model does."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from radistill import atomic
from radistill.errors import UsageError
from radistill.imaging import to_square
from radistill.runtime.abstain import Sight, reasons_to_abstain
from radistill.runtime.bundle import Bundle, Precision
from radistill.runtime.card import Card
from radistill.runtime.find import find_bundle
from radistill.runtime.intake import Decoded, Intake, Refused, Upload
from radistill.runtime.prediction import ABSTAIN, Failure, Model, Prediction, Result, View
from radistill.runtime.session import BATCH, Outputs

LONGEST = 1024  # pixels of an overlay; a map of a few positions shows no more on a larger picture
UNDRAWN = ("dicom", "tiff")  # by browsers


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to decide.

    threshold: of the positive class's probability. band: abstain if the probability is nearer
    than this to the threshold. heatmaps: a folder for overlays. any_population: do not check
    DICOM tags against the card. views: keep what a page needs to draw each film, in memory.
    """

    threshold: float
    band: float = 0.0
    heatmaps: Path | None = None
    any_population: bool = False
    views: bool = False


@dataclass(frozen=True)
class _Waiting:
    """A decoded film without its pixels, of `shape`, and what is needed of them; `ms` spent."""

    film: Decoded
    shape: tuple[int, ...]
    square: np.ndarray
    preview: np.ndarray | None
    ms: float


class Predictor:
    """A bundle with everything around it: decoding, judgement, heat maps."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        card = bundle.card
        name = f"{card.architecture}-{card.positive.lower()}"
        self.model = Model(name, card.radistill_version, card.files[bundle.file])  # type: ignore[index]

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

    def settings(
        self,
        *,
        threshold: float | None = None,
        sensitivity: float | None = None,
        band: float = 0.0,
        heatmaps: Path | str | None = None,
        any_population: bool = False,
    ) -> Settings:
        """`Settings` with the threshold resolved: given, of an operating point, or the card's own.

        sensitivity: take the card's operating point of that name, such as 0.95.
        Raises UsageError if the card has no such point, or a number is out of range.
        """
        if threshold is not None and sensitivity is not None:
            raise UsageError("give a threshold or a sensitivity, not both")
        if sensitivity is not None:
            threshold = operating_threshold(self.card, sensitivity)
        chosen = self.card.threshold if threshold is None else threshold
        if not 0 <= chosen <= 1 or not 0 <= band <= 1:
            raise UsageError("threshold and band are probabilities, from 0 to 1")
        folder = None if heatmaps is None else Path(heatmaps)
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UsageError(f"{folder}: cannot be made ({error.strerror})") from None
        return Settings(
            threshold=chosen,
            band=band,
            heatmaps=folder,
            any_population=any_population,
        )

    def predict(
        self,
        paths: Path | str | Iterable[Path | str],
        *,
        threshold: float | None = None,
        sensitivity: float | None = None,
        band: float = 0.0,
        heatmaps: Path | str | None = None,
        any_population: bool = False,
        workers: int | None = None,
    ) -> Iterator[Result]:
        """A `Prediction` or a `Failure` for each file, in order, as they come.

        paths: one file or several; for folders and globs see `radistill.runtime.film_paths`. At
        most a few films are in memory at a time. workers: decoding processes, all cores where None.
        The other arguments are those of `settings`, which says what is raised.
        """
        settings = self.settings(
            threshold=threshold,
            sensitivity=sensitivity,
            band=band,
            heatmaps=heatmaps,
            any_population=any_population,
        )
        if isinstance(paths, str | Path):
            return self._decode_and_run([Path(paths)], settings, 1)
        return self._decode_and_run(map(Path, paths), settings, workers or os.cpu_count() or 1)

    def run(
        self, files: Iterable[Path | Upload], settings: Settings, intake: Intake
    ) -> Iterator[Result]:
        """`predict` with settings that are resolved and an intake that is open already."""
        batch: list[_Waiting | Refused] = []
        for item in intake.decode(files):
            batch.append(item if isinstance(item, Refused) else self._reduce(item, settings))
            if len(batch) == BATCH:
                yield from self._judge(batch, settings)
                batch = []
        yield from self._judge(batch, settings)

    def _decode_and_run(
        self, files: Iterable[Path], settings: Settings, workers: int
    ) -> Iterator[Result]:
        with Intake(workers=workers) as intake:
            yield from self.run(files, settings, intake)

    def _reduce(self, film: Decoded, settings: Settings) -> _Waiting:
        """Let go of the full picture: sixteen large films would not fit a small machine."""
        start = time.perf_counter()
        square = to_square(film.pixels, self.card.input_size)
        preview = None
        if settings.heatmaps is not None or (settings.views and film.source in UNDRAWN):
            picture = Image.fromarray(film.pixels)
            picture.thumbnail((LONGEST, LONGEST), Image.Resampling.BILINEAR)
            preview = np.asarray(picture)
        kept = replace(film, pixels=np.empty((0, 0), np.uint8))
        return _Waiting(kept, film.pixels.shape, square, preview, _since(start))

    def _judge(self, batch: list[_Waiting | Refused], settings: Settings) -> Iterator[Result]:
        films = [item for item in batch if isinstance(item, _Waiting)]
        start = time.perf_counter()
        outputs = self.bundle.run(np.stack([film.square for film in films])) if films else None
        each_ms = _since(start) / max(1, len(films))
        row = 0
        for item in batch:
            if isinstance(item, Refused):
                yield Failure(item.path, item.code, item.message)
            else:
                assert outputs is not None
                one = Outputs(*(values[row] for values in outputs))
                yield self._decide(item, one, each_ms, settings)
                row += 1

    def _decide(
        self, item: _Waiting, outputs: Outputs, network_ms: float, settings: Settings
    ) -> Prediction:
        start = time.perf_counter()
        card, threshold = self.card, settings.threshold
        probability = float(outputs.probability[card.positive_index])
        sight = Sight(item.square, item.shape, outputs.embedding, probability)
        reasons = reasons_to_abstain(
            card,
            sight,
            item.film.tags,
            threshold=threshold,
            band=settings.band,
            any_population=settings.any_population,
        )
        label = self._label(outputs.probability, probability >= threshold)
        heatmap = self._overlay(item, outputs, label, settings)
        return Prediction(
            path=item.film.path,
            sha256=item.film.sha256,
            label=label,
            probability=probability,
            threshold=threshold,
            decision=ABSTAIN if reasons else label.lower(),
            reasons=tuple(reasons),
            heatmap=heatmap,
            model=self.model,
            ms=item.ms + network_ms + _since(start),
            view=self._view(item, outputs, settings),
        )

    def _label(self, probability: np.ndarray, positive: bool) -> str:
        card = self.card
        if positive:
            return card.positive
        others = probability.copy()
        others[card.positive_index] = -1
        return card.classes[int(others.argmax())]

    @staticmethod
    def _view(item: _Waiting, outputs: Outputs, settings: Settings) -> View | None:
        return View(outputs.cam, item.preview) if settings.views else None

    def _overlay(
        self, item: _Waiting, outputs: Outputs, label: str, settings: Settings
    ) -> str | None:
        """Draw the map under a name made of the file's hash, never of what the file says."""
        if settings.heatmaps is None or item.preview is None:
            return None
        from radistill.runtime.heatmap import overlay  # fonts and drawing: only where asked for

        card = self.card
        probability = float(outputs.probability[card.positive_index])
        caption = f"{card.positive.lower()} {probability:.2f} - for research only"
        picture = overlay(item.preview, outputs.cam, card.cam, caption)
        target = settings.heatmaps / f"{item.film.sha256[:16]}.png"
        atomic.write_with(target, lambda temporary: picture.save(temporary, "PNG"))
        return str(target)


def operating_threshold(card: Card, sensitivity: float) -> float:
    """The threshold of the card's operating point for `sensitivity`.

    Raises UsageError, naming the points there are, if it has none.
    """
    wanted = f"sensitivity-{sensitivity:g}"
    for point in card.operating_points:
        if point.name == wanted:
            return point.threshold
    names = ", ".join(point.name for point in card.operating_points)
    raise UsageError(f"the model has no operating point '{wanted}'; there are: {names or 'none'}")


def _since(start: float) -> float:
    return 1000 * (time.perf_counter() - start)
