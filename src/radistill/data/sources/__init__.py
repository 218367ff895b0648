"""The kinds of data set that are read: a folder, a CSV, a MedMNIST file."""

from pathlib import Path

from radistill.data.sources.folder import open_folder, open_unlabelled
from radistill.data.sources.medmnist import open_medmnist
from radistill.data.sources.source import FilmSource, ListedFilm
from radistill.data.sources.table import FilmColumns, open_table
from radistill.errors import UsageError

__all__ = ["FilmColumns", "FilmSource", "ListedFilm", "open_source", "open_unlabelled"]


def open_source(
    root: Path,
    labels: Path | None = None,
    columns: FilmColumns | None = None,
    *,
    unlabelled: bool = False,
) -> FilmSource:
    """Recognise what lies at `root` and list its films without reading their pixels.

    labels: a CSV for a folder of images; its paths are relative to `root`. columns: of a CSV that
    is not radistill's own. unlabelled: whether its rows may lack a label.
    Raises UsageError where there is nothing to read, saying what was expected.
    """
    if not root.exists():
        raise UsageError(f"{root}: there is no such file or folder")
    if labels is not None:
        if not root.is_dir():
            raise UsageError(f"{root}: --labels goes with a folder of images")
        return open_table(labels, root, columns, unlabelled=unlabelled)
    if root.suffix.lower() == ".csv" and root.is_file():
        return open_table(root, root.parent, columns, unlabelled=unlabelled)
    if columns is not None:
        raise UsageError(f"{root}: columns and --map are of a table; name it by --labels")
    if root.is_dir():
        return open_folder(root)
    if root.suffix.lower() == ".npz":
        return open_medmnist(root)
    raise UsageError(
        f"{root}: expected a folder of images by class, a .csv with the columns path and label, "
        "or a MedMNIST .npz"
    )
