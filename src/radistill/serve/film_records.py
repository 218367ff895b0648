"""Uploads to records: those of `radistill predict`, with what a page needs to draw a film."""

import base64
import threading
import time
from collections.abc import Iterator, Sequence
from io import BytesIO

import numpy as np
from PIL import Image

from radistill.imaging.sandbox.intake import Intake, Upload
from radistill.runtime.decision import Settings
from radistill.runtime.heatmap import strength
from radistill.runtime.predictor import Predictor
from radistill.schema.card import Card
from radistill.schema.prediction import Failure, Result
from radistill.serve.responses import FilmRecord


def film_records(
    predictor: Predictor,
    intake: Intake,
    uploads: Sequence[Upload],
    settings: Settings,
    *,
    seconds: float,
    stop: threading.Event,
) -> list[FilmRecord]:
    """A record for each of `uploads`, in order.

    seconds: for all of them; the rest are refused as `timeout`. stop: set it to start no more.
    """
    deadline = time.monotonic() + seconds

    def in_time() -> Iterator[Upload]:
        for upload in uploads:
            if stop.is_set() or time.monotonic() > deadline:
                return
            yield upload

    results = list(predictor.run(in_time(), settings, intake))
    message = f"the {seconds:g} s of this request were over; send fewer files at a time"
    results += [
        Failure.because(upload.name, "timeout", message) for upload in uploads[len(results) :]
    ]
    return [_record(result, predictor.card) for result in results]


def _record(result: Result, card: Card) -> FilmRecord:
    record = {**result.record(), "path": result.path or None}
    if not isinstance(result, Failure) and result.view is not None:
        values = np.rint(255 * strength(result.view.cam, card.cam)).astype(np.uint8)
        record["heatmap"] = {"size": values.shape, "values": _base64(values.tobytes())}
        if result.view.preview is not None:
            record["preview"] = _base64(_png(result.view.preview))
    return FilmRecord.model_validate(record)


def _png(grey: np.ndarray) -> bytes:
    file = BytesIO()
    Image.fromarray(grey).save(file, "PNG", compress_level=1)
    return file.getvalue()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
