"""From what a report calls its films to the files in a folder."""

from collections.abc import Mapping
from pathlib import Path

from radistill.errors import UsageError
from radistill.runtime.paths import NAMES


def index_films(folder: Path) -> dict[str, list[str]]:
    """Every way to name a film in `folder` -> its paths, relative, with `/`.

    A film is found by path, by path without extension, and by name with or without it.
    Raises UsageError if `folder` is no folder or holds no images.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder of images")
    films: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in NAMES and path.is_file():
            relative = path.relative_to(folder)
            names = (relative, relative.with_suffix(""), Path(path.name), Path(path.stem))
            for name in {name.as_posix() for name in names}:
                films.setdefault(name, []).append(relative.as_posix())
    if not films:
        raise UsageError(f"{folder}: holds no images")
    return films


def find_film(films: Mapping[str, list[str]], name: str) -> str:
    """The path of the film called `name`; ValueError if there is none, or several."""
    paths = films.get(name.replace("\\", "/").removeprefix("./"), [])
    if len(paths) != 1:
        raise ValueError(f"{len(paths)} films have this name" if paths else "no such film")
    return paths[0]
