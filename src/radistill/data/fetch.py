"""The public sets, by the libraries made for them, in the layout that `load_dataset` reads."""

from __future__ import annotations

import errno
import hashlib
import importlib.util
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from radistill import progress
from radistill.errors import RadistillError, UsageError
from radistill.files import replacing_folder, unwritable

KAGGLE_HANDLE = "paultimothymooney/chest-xray-pneumonia"
# Films in the set as published (Kermany et al. 2018, as uploaded to Kaggle).
KAGGLE_COUNTS = {
    ("train", "NORMAL"): 1341,
    ("train", "PNEUMONIA"): 3875,
    ("val", "NORMAL"): 8,
    ("val", "PNEUMONIA"): 8,
    ("test", "NORMAL"): 234,
    ("test", "PNEUMONIA"): 390,
}
MEDMNIST_SIZES = (28, 64, 128, 224)
TIMEOUT = 60  # seconds without a byte
CHUNK = 1 << 20


def fetch_kaggle(out: Path) -> None:
    """Put the Kaggle set "Chest X-Ray Images (Pneumonia)" into `out` as train|val|test/CLASS/.

    kagglehub downloads (and resumes) into its own cache; the films are linked or copied from
    there, so that `out` is either whole or absent. A whole `out` is left alone.
    Raises UsageError if `out` holds anything else, RadistillError if the set cannot be had.
    """
    if _counts(out) == KAGGLE_COUNTS:
        return
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise UsageError(f"{out}: holds other files; name a new or empty folder for the set")
    source = _kaggle_cache(out)
    found = _counts(source)
    if found != KAGGLE_COUNTS:
        raise RadistillError(
            f"{source}: the download is not the whole set ({_differences(found)}). "
            "Delete that folder and run the same command again."
        )
    with replacing_folder(out) as work:
        _copy_films(source, work)


def _kaggle_cache(out: Path) -> Path:
    """The set's folder within what kagglehub has downloaded."""
    import kagglehub

    try:
        root = Path(kagglehub.dataset_download(KAGGLE_HANDLE))
    # Whatever fails in there (network, credentials, archive), the way out is the same.
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise unwritable(error, Path(kagglehub.config.get_cache_folder())) from error
        raise RadistillError(
            f"the Kaggle set could not be downloaded ({_reason(error)}).\n"
            "To get it by hand: sign in at "
            f"https://www.kaggle.com/datasets/{KAGGLE_HANDLE} (Chest X-Ray Images (Pneumonia)), "
            f"download the archive, unpack it, and move its folders train, val and test to {out}\n"
            "If Kaggle asks for a login: create an API token in your Kaggle settings and set it "
            "as KAGGLE_API_TOKEN."
        ) from error
    inner = root / "chest_xray"
    return inner if inner.is_dir() else root


def _counts(root: Path) -> dict[tuple[str, str], int]:
    return {
        (split, label): sum(1 for _ in (root / split / label).glob("[!.]*.jpeg"))
        for split, label in KAGGLE_COUNTS
    }


def _differences(found: Mapping[tuple[str, str], int]) -> str:
    return ", ".join(
        f"{'/'.join(place)}: {found[place]} of {wanted} films"
        for place, wanted in KAGGLE_COUNTS.items()
        if found[place] != wanted
    )


def _copy_films(source: Path, target: Path) -> None:
    """Link each film into `target`, or copy it where the file system cannot link."""
    films = [film for place in KAGGLE_COUNTS for film in source.joinpath(*place).glob("[!.]*.jpeg")]
    with progress.bar() as bar:
        for film in bar.track(films, description="films"):
            place = target / film.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(film, place)
            except OSError:
                shutil.copyfile(film, place)


def fetch_medmnist(out: Path, size: int = 224) -> Path:
    """Put PneumoniaMNIST (MedMNIST v2) into the folder `out`; the path of its .npz file.

    size: 28, 64, 128 or 224 pixels a side. The address and MD5 are those of the medmnist
    package; an interrupted download goes on where it stopped, a finished one is left alone.
    Raises UsageError for another size, RadistillError if the file cannot be had or is damaged.
    """
    if size not in MEDMNIST_SIZES:
        raise UsageError(f"--size {size}: PneumoniaMNIST comes in {MEDMNIST_SIZES}")
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: is a file; name a folder for the set")
    info = _medmnist_info()["pneumoniamnist"]
    flag = "" if size == 28 else f"_{size}"
    file = out / f"pneumoniamnist{flag}.npz"
    if not (file.is_file() and _md5(file) == info[f"MD5{flag}"]):
        _download_checked(info[f"url{flag}"], file, info[f"MD5{flag}"])
    return file


def _medmnist_info() -> dict[str, dict[str, str]]:
    """Addresses and checksums from medmnist's info.py alone: the package around it imports torch.

    Raises RadistillError if medmnist is not installed.
    """
    package = importlib.util.find_spec("medmnist")
    if package is None or package.origin is None:
        raise RadistillError("the package medmnist is missing: pip install 'radistill[train]'")
    file = Path(package.origin).with_name("info.py")
    spec = importlib.util.spec_from_file_location("medmnist_info", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    info: dict[str, dict[str, str]] = module.INFO
    return info


def _download_checked(url: str, file: Path, md5: str) -> None:
    partial = file.with_name(f"{file.name}.partial")
    page = url.split("/files/")[0]
    by_hand = f"To get it by hand: download {file.name} from {page} (PneumoniaMNIST) to {file}"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _download(url, partial)
    except (URLError, TimeoutError, ConnectionError) as error:
        raise RadistillError(
            f"PneumoniaMNIST could not be downloaded ({_reason(error)}). {by_hand}\n"
            "What is here already is kept: the same command goes on from there."
        ) from error
    except OSError as error:
        raise unwritable(error, file) from error
    if _md5(partial) != md5:
        partial.unlink()
        raise RadistillError(
            f"{file}: the download is damaged (its MD5 is not {md5}) and was deleted. "
            f"Run the same command again. {by_hand}"
        )
    os.replace(partial, file)


def _download(url: str, partial: Path) -> None:
    """Append what is missing of `url` to `partial`; OSError if the connection breaks off."""
    have = partial.stat().st_size if partial.exists() else 0
    request = Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urlopen(request, timeout=TIMEOUT)
    except HTTPError as error:
        if error.code == 416:  # nothing is missing
            return
        raise
    with response, progress.bar() as bar:
        resumed = response.status == 206
        have = have if resumed else 0
        missing = response.headers["Content-Length"]
        total = have + int(missing) if missing else None
        task = bar.add_task(partial.stem, total=total, completed=have)
        with partial.open("ab" if resumed else "wb") as file:
            while chunk := response.read(CHUNK):
                file.write(chunk)
                bar.advance(task, len(chunk))
        if total is not None and partial.stat().st_size < total:
            raise ConnectionError("the connection broke off")


def _md5(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _reason(error: BaseException) -> str:
    """What went wrong at the bottom of a chain of wrapped errors, in one short line."""
    while True:
        inner = error.args[0] if error.args else None
        cause = getattr(error, "reason", None) or inner
        if not isinstance(cause, BaseException):
            break
        error = cause
    text = str(cause or error).strip() or type(error).__name__
    return text.splitlines()[0][:200]
