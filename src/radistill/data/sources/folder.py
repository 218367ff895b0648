"""Folders of films: Kaggle's `train|val|test/CLASS/files`, or just `CLASS/files`."""

import os
from pathlib import Path

from radistill.data.sources.image_files import ImageFiles, is_synthetic, visible
from radistill.data.sources.source import SPLIT_NAMES, FilmSource, ListedFilm
from radistill.errors import UsageError

_DEEPEST = 3  # archives unpack to a folder in a folder
_EXPECTED = (
    "expected train/CLASS/files (and test/, val/ if there are) or CLASS/files, "
    "such as train/NORMAL/film.jpeg"
)


def open_folder(root: Path) -> FilmSource:
    """List the films of a folder. Raises UsageError if it has no classes with files."""
    try:
        top = _descend(root)
        splits = _split_folders(top)
        if splits and set(splits.values()) == {"test"}:
            raise UsageError(f"{root}: there is a test folder but no train folder; {_EXPECTED}")
        films: list[ListedFilm] = []
        ignored = [folder.name for folder in _folders(top) if splits and folder not in splits]
        for folder, split in (splits or {top: ""}).items():
            listed, beside = _by_class(root, folder, split)
            films += listed
            ignored += beside
    except OSError as error:
        raise UsageError(f"{error.filename}: cannot be read ({error.strerror})") from None
    if not films:
        raise UsageError(f"{root}: no images found; {_EXPECTED}")
    return FilmSource(
        name=root.resolve().name,
        films=tuple(films),
        reader=ImageFiles(root),
        synthetic=is_synthetic(top),
        notes=(f"Ignored in the data folder: {', '.join(sorted(ignored))}.",) if ignored else (),
    )


def _descend(root: Path) -> Path:
    """Step into the only folder of a folder, as archives leave them."""
    top = root
    for _ in range(_DEEPEST):
        inner = _folders(top)
        if _split_folders(top) or len(inner) != 1 or not _folders(inner[0]):
            break
        top = inner[0]
    return top


def _split_folders(top: Path) -> dict[Path, str]:
    return {
        folder: SPLIT_NAMES[folder.name.lower()]
        for folder in _folders(top)
        if folder.name.lower() in SPLIT_NAMES
    }


def _by_class(root: Path, folder: Path, split: str) -> tuple[list[ListedFilm], list[str]]:
    """The films of `folder/CLASS/**`, and what lies in `folder` beside the classes."""
    films = [
        ListedFilm(path=file.relative_to(root).as_posix(), label=label.name, split=split)
        for label in _folders(folder)
        for file in _files(label)
    ]
    loose = [file for file in folder.iterdir() if file.is_file() and visible(file)]
    if loose and not films:
        raise UsageError(f"{folder}: has files but no folders of classes; {_EXPECTED}")
    return films, [file.relative_to(root).as_posix() for file in loose]


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and visible(path))


def _files(folder: Path) -> list[Path]:
    files = []
    for place, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if visible(Path(name)))
        files += [Path(place, name) for name in sorted(names) if visible(Path(name))]
    return files
