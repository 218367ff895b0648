"""A MedMNIST file: arrays `train_images`, `train_labels` and so on in one .npz."""

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from radistill.data.manifest import SPLITS
from radistill.data.sources.source import FilmSource, ListedFilm
from radistill.errors import UsageError

# The file numbers its classes; these are the names in the collection's own description.
_CLASS_NAMES = {"pneumoniamnist": ("normal", "pneumonia")}


def open_medmnist(file: Path) -> FilmSource:
    """List the films of a MedMNIST .npz; the path of a film is `train/17`.

    Images (N, S, S) or (N, S, S, 3) uint8, labels (N,) or (N, 1) integers.
    Raises UsageError if the file is something else, or has several labels an image.
    """
    arrays = _load(file)
    names = next(
        (names for start, names in _CLASS_NAMES.items() if file.stem.lower().startswith(start)), ()
    )
    images, films = {}, []
    for split in SPLITS:
        if f"{split}_images" not in arrays:
            continue
        images[split] = _images(file, split, arrays)
        for index, label in enumerate(_labels(file, split, arrays, len(images[split]))):
            name = names[label] if 0 <= label < len(names) else f"class{label}"
            films.append(ListedFilm(f"{split}/{index}", name, split))
    if "train" not in images:
        raise UsageError(f"{file}: has no array train_images; expected a MedMNIST file")
    reader = _Arrays(str(file.resolve()), images)
    return FilmSource(name=file.stem, films=tuple(films), reader=reader, keep_val=True)


class _Arrays:
    """Reads films from arrays in memory, by `split/index`."""

    def __init__(self, root: str, images: Mapping[str, np.ndarray]) -> None:
        self.root = root
        self._images = images

    def stamp(self, path: str) -> None:
        """A film in an array has no file of its own."""

    def content(self, path: str) -> bytes:
        return self._film(path).tobytes()

    def pixels(self, path: str, content: bytes) -> np.ndarray:
        film = self._film(path)
        return film if film.ndim == 2 else np.asarray(Image.fromarray(film).convert("L"))

    def _film(self, path: str) -> np.ndarray:
        split, index = path.split("/")
        film: np.ndarray = self._images[split][int(index)]
        return film


def _load(file: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(file, allow_pickle=False) as archive:
            wanted = [f"{split}_{kind}" for split in SPLITS for kind in ("images", "labels")]
            return {name: archive[name] for name in wanted if name in archive.files}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
        raise UsageError(
            f"{file}: is not a whole .npz file of plain arrays ({error}); download it again"
        ) from None


def _images(file: Path, split: str, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    images = arrays[f"{split}_images"]
    square = images.ndim == 3 or (images.ndim == 4 and images.shape[3] == 3)
    if images.dtype != np.uint8 or not square or 0 in images.shape[1:]:
        raise UsageError(
            f"{file}: {split}_images is {images.dtype} {images.shape}; "
            "expected uint8 (N, S, S) or (N, S, S, 3)"
        )
    return images


def _labels(file: Path, split: str, arrays: Mapping[str, np.ndarray], count: int) -> list[int]:
    labels = arrays.get(f"{split}_labels", np.empty(0))
    if labels.ndim == 2 and labels.shape[1] > 1:
        raise UsageError(
            f"{file}: {split}_labels has {labels.shape[1]} labels an image; "
            "radistill takes one label an image"
        )
    if labels.size != count or not np.issubdtype(labels.dtype, np.integer):
        raise UsageError(
            f"{file}: {split}_labels is {labels.dtype} {labels.shape}; "
            f"expected {count} whole numbers"
        )
    return [int(label) for label in labels.reshape(-1)]
