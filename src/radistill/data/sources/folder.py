"""Folders of films: Kaggle's `train|val|test/CLASS/files`, or just `CLASS/files`."""

import os
from pathlib import Path

from radistill.data.manifest import UNLABELLED
from radistill.data.sources.image_files import ImageFiles, is_synthetic, some, visible
from radistill.data.sources.masks import is_mask
from radistill.data.sources.source import SPLIT_NAMES, FilmSource, ListedFilm
from radistill.errors import UsageError

_IMAGES = ("images", "image", "imgs", "img", "films", "xrays", "x-rays", "cxr")
_DEEPEST = 3  # archives unpack to a folder in a folder
_EXPECTED = (
    "expected train/CLASS/files (and test/, val/ if there are) or CLASS/files, "
    "such as train/NORMAL/film.jpeg"
)


def open_folder(root: Path) -> FilmSource:
    """List the films of a folder, without masks. Raises UsageError if no class has any."""
    try:
        top, masks = _descend(root)
        splits = _split_folders(top)
        films: list[ListedFilm] = []
        ignored = [folder.name for folder in _folders(top) if splits and folder not in splits]
        for folder, split in (splits or {top: ""}).items():
            listed, beside, left_out = _by_class(root, folder, split)
            films += listed
            ignored += beside
            masks += left_out
    except OSError as error:
        raise UsageError(f"{error.filename}: cannot be read ({error.strerror})") from None
    notes = [f"Ignored in the data folder: {', '.join(sorted(ignored))}."] if ignored else []
    if masks:
        places = dict.fromkeys(file.parent.relative_to(root).as_posix() for file in masks)
        notes.append(
            "Masks and annotations, by their names, are no films and are left out: "
            f"{len(masks)} in {some(places)}."
        )
    if not films:
        raise UsageError(" ".join([f"{root}: no images found; {_EXPECTED}", *notes]))
    return FilmSource(
        name=root.resolve().name,
        films=tuple(films),
        reader=ImageFiles(root),
        synthetic=is_synthetic(top),
        local_notes=tuple(notes),
    )


def open_unlabelled(root: Path) -> FilmSource:
    """List every film below a folder, whatever its folders are called, without masks and labels.

    Raises UsageError if there is none.
    """
    if not root.is_dir():
        raise UsageError(
            f"{root}: --unlabelled names a folder of films; in a table, leave their labels empty"
        )
    try:
        files = [file for file in _files(root) if not _in_masks(file, root)]
    except OSError as error:
        raise UsageError(f"{error.filename}: cannot be read ({error.strerror})") from None
    if not files:
        raise UsageError(f"{root}: no images found")
    return FilmSource(
        name=root.resolve().name,
        films=tuple(
            ListedFilm(path=file.relative_to(root).as_posix(), label="", split=UNLABELLED)
            for file in files
        ),
        reader=ImageFiles(root),
        synthetic=is_synthetic(root),
    )


def _descend(root: Path) -> tuple[Path, list[Path]]:
    """Step into the only folder of a folder, as archives leave them; and the masks beside it."""
    top, masks = root, list[Path]()
    for _ in range(_DEEPEST):
        inner = _without_masks(top)
        if _split_folders(top) or len(inner) != 1 or not _without_masks(inner[0]):
            break
        masks += _mask_files(top)
        top = inner[0]
    return top, masks


def _split_folders(top: Path) -> dict[Path, str]:
    return {
        folder: SPLIT_NAMES[folder.name.lower()]
        for folder in _folders(top)
        if folder.name.lower() in SPLIT_NAMES
    }


def _by_class(
    root: Path, folder: Path, split: str
) -> tuple[list[ListedFilm], list[str], list[Path]]:
    """The films of `folder/CLASS/**`, what lies in `folder` beside the classes, and masks."""
    classes = _without_masks(folder)
    if len(classes) == 1 and classes[0].name.lower() in _IMAGES and _without_masks(classes[0]):
        classes = _without_masks(classes[0])
    files = [(label, file) for label in classes for file in _files(label)]
    films = [
        ListedFilm(path=file.relative_to(root).as_posix(), label=label.name, split=split)
        for label, file in files
        if not _in_masks(file, label)
    ]
    masks = [file for label, file in files if _in_masks(file, label)]
    masks += _mask_files(folder)
    loose = [file for file in folder.iterdir() if file.is_file() and visible(file)]
    if loose and not files:
        raise UsageError(f"{folder}: has files but no folders of classes; {_EXPECTED}")
    return films, [file.relative_to(root).as_posix() for file in loose], masks


def _in_masks(file: Path, label: Path) -> bool:
    inner = file.relative_to(label)
    return any(map(is_mask, (*inner.parts[:-1], inner.stem)))


def _mask_files(folder: Path) -> list[Path]:
    """Those in the folders of masks in `folder`."""
    return [file for place in _folders(folder) if is_mask(place.name) for file in _files(place)]


def _without_masks(folder: Path) -> list[Path]:
    return [path for path in _folders(folder) if not is_mask(path.name)]


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and visible(path))


def _files(folder: Path) -> list[Path]:
    files = []
    for place, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if visible(Path(name)))
        files += [Path(place, name) for name in sorted(names) if visible(Path(name))]
    return files
