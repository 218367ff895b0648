"""Views kept on disk: drawn once, then seen by every teacher and every student of a study."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
from accelerate import Accelerator
from filelock import FileLock

from radistill.data.cache import appending, open_cache
from radistill.imaging import PREPROCESSING_VERSION
from radistill.progress import bar, console
from radistill.training.blocks import blocks
from radistill.training.examples import Examples
from radistill.training.views import Views

LARGEST = 4 << 30  # bytes of all views of a split
VERSION = 1  # of what is drawn; raise it when a change alters any pixel


def keep_views(views: Views, films: Examples, folder: Path, accelerator: Accelerator) -> Views:
    """`views` with the squares of `films` kept in `folder`, each view drawn unless it is there.

    A folder of its own for each set of films, size, seed, augmentation and kind of device; a view
    that is damaged or half written is drawn anew. Where all views take more than `LARGEST`, or more
    than half of the disk that is free, nothing is kept and they are drawn whenever they are used.
    """
    size, device = films.pixels.size, accelerator.device
    settings = views.augmentation.model_dump(exclude_defaults=True)
    versions = (VERSION, PREPROCESSING_VERSION)
    parts = [versions, device.type, size, views.seed, settings, films.shas]
    place = folder / hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:16]
    wanted = views.count * len(films) * size**2
    folder.mkdir(parents=True, exist_ok=True)
    if not place.exists() and wanted > min(LARGEST, shutil.disk_usage(folder).free // 2):
        if accelerator.is_main_process:
            console.print(
                f"the {views.count} views of each film take {wanted / 1e9:.1f} GB and are not "
                "kept on disk; they are drawn again by each network"
            )
        return views
    with accelerator.main_process_first(), FileLock(folder / f".{place.name}.lock"):
        kept = [
            _kept(views, films, view, place / f"view-{view:03d}", accelerator)
            for view in range(views.count)
        ]
    return replace(views, kept=tuple(kept))


def _kept(
    views: Views, films: Examples, view: int, folder: Path, accelerator: Accelerator
) -> Examples:
    size, rows, device = films.pixels.size, np.arange(len(films)), accelerator.device

    def draw(some: np.ndarray) -> np.ndarray:
        return views.squares(films, some, view, device).cpu().numpy()

    cache = open_cache(folder, size)
    if cache is None or any(sha not in cache for sha in films.shas):
        with bar() as progress, appending(folder, {size: None}) as add:
            title = f"drawing view {view + 1} of {views.count}"
            shown = progress.add_task(title, total=len(films))
            for some, squares in blocks(draw, rows, device, size**2):
                for row, square in zip(some, squares, strict=True):
                    add(films.shas[row], {size: square})
                progress.advance(shown, len(some))
        cache = open_cache(folder, size)
        assert cache is not None
    return replace(films, pixels=cache)
