"""Folders of films: Kaggle's `train|val|test/CLASS/files`, or just `CLASS/files`."""

from __future__ import annotations

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
        entries, ignored = _by_split(root, top, splits) if splits else _by_class(root, top, "")
    except OSError as error:
        raise UsageError(f"{error.filename}: cannot be read ({error.strerror})") from None
    if not entries:
        raise UsageError(f"{root}: no images found; {_EXPECTED}")
    notes = []
    if ignored:
        notes.append(f"Ignored in the data folder: {', '.join(sorted(ignored))}.")
    return FilmSource(
        name=root.resolve().name,
        films=tuple(entries),
        reader=ImageFiles(root),
        synthetic=is_synthetic(top),
        notes=tuple(notes),
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


def _split_folders(top: Path) -> list[tuple[str, Path]]:
    return [
        (SPLIT_NAMES[folder.name.lower()], folder)
        for folder in _folders(top)
        if folder.name.lower() in SPLIT_NAMES
    ]


def _by_split(
    root: Path, top: Path, splits: list[tuple[str, Path]]
) -> tuple[list[ListedFilm], list[str]]:
    if all(split == "test" for split, _ in splits):
        raise UsageError(f"{root}: there is a test folder but no train folder; {_EXPECTED}")
    used = {folder for _, folder in splits}
    ignored = [folder.name for folder in _folders(top) if folder not in used]
    entries: list[ListedFilm] = []
    for split, folder in splits:
        found, more = _by_class(root, folder, split)
        entries += found
        ignored += more
    return entries, ignored


def _by_class(root: Path, folder: Path, split: str) -> tuple[list[ListedFilm], list[str]]:
    """Entries of `folder/CLASS/**`, and what lies in `folder` beside the classes."""
    entries = [
        ListedFilm(path=file.relative_to(root).as_posix(), label=label.name, split=split)
        for label in _folders(folder)
        for file in _files(label)
    ]
    loose = [file for file in folder.iterdir() if file.is_file() and visible(file)]
    if loose and not entries:
        raise UsageError(f"{folder}: has files but no folders of classes; {_EXPECTED}")
    return entries, [file.relative_to(root).as_posix() for file in loose]


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and visible(path))


def _files(folder: Path) -> list[Path]:
    found = []
    for place, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if visible(Path(name)))
        found += [Path(place, name) for name in sorted(names) if visible(Path(name))]
    return found
