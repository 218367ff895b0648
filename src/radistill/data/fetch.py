"""The public sets, in the layout that `load_dataset` reads."""

import errno
import hashlib
import os
import shutil
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from radistill import progress
from radistill.data.proxies import through_proxy
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
# MedMNIST v2 (Yang et al. 2023): addresses and MD5 by pixels a side, as the package medmnist has
# them, which imports torch.
MEDMNIST_PAGE = "https://zenodo.org/records/10519652"
MEDMNIST = {
    28: ("pneumoniamnist.npz", "28209eda62fecd6e6a2d98b1501bb15f"),
    64: ("pneumoniamnist_64.npz", "8f4eceb4ccffa70c672198ea285246c6"),
    128: ("pneumoniamnist_128.npz", "05b46931834c231683c68f40c47b2971"),
    224: ("pneumoniamnist_224.npz", "d6a3c71de1b945ea11211b03746c1fe1"),
}
_TIMEOUT = 60  # seconds without a byte
_CHUNK = 1 << 20


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
    missing = ", ".join(
        f"{'/'.join(place)}: {count} of {KAGGLE_COUNTS[place]} films"
        for place, count in _counts(source).items()
        if count != KAGGLE_COUNTS[place]
    )
    if missing:
        raise RadistillError(
            f"{source}: the download is not the whole set ({missing}). "
            "Delete that folder and run the same command again."
        )
    with replacing_folder(out) as work, progress.bar() as bar:
        films = [film for place in KAGGLE_COUNTS for film in _films(source, place)]
        for film in bar.track(films, description="films"):
            copy = work / film.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(film, copy)
            except OSError:  # the file system cannot
                shutil.copyfile(film, copy)


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
            f"the Kaggle set could not be downloaded{through_proxy()} ({_reason(error)}).\n"
            "To get it by hand: sign in at "
            f"https://www.kaggle.com/datasets/{KAGGLE_HANDLE} (Chest X-Ray Images (Pneumonia)), "
            f"download the archive, unpack it, and move its folders train, val and test to {out}\n"
            "If Kaggle asks for a login: create an API token in your Kaggle settings and set it "
            "as KAGGLE_API_TOKEN."
        ) from error
    inner = root / "chest_xray"
    return inner if inner.is_dir() else root


def _counts(root: Path) -> dict[tuple[str, str], int]:
    return {place: len(_films(root, place)) for place in KAGGLE_COUNTS}


def _films(root: Path, place: tuple[str, str]) -> list[Path]:
    return list(root.joinpath(*place).glob("[!.]*.jpeg"))


def fetch_medmnist(out: Path, size: int = 224) -> Path:
    """Put PneumoniaMNIST into the folder `out`; the path of its .npz file.

    size: 28, 64, 128 or 224 pixels a side. An interrupted download goes on where it stopped, a
    finished one is left alone.
    Raises UsageError for another size, RadistillError if the file cannot be had or is damaged.
    """
    if size not in MEDMNIST:
        raise UsageError(f"--size {size}: PneumoniaMNIST comes in {tuple(MEDMNIST)}")
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: is a file; name a folder for the set")
    name, md5 = MEDMNIST[size]
    file = out / name
    if file.is_file() and _md5(file) == md5:
        return file
    partial = file.with_name(f"{name}.partial")
    by_hand = f"To get it by hand: download {name} from {MEDMNIST_PAGE} (PneumoniaMNIST) to {file}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        _download(f"{MEDMNIST_PAGE}/files/{name}?download=1", partial)
    except (URLError, TimeoutError, ConnectionError) as error:
        raise RadistillError(
            f"PneumoniaMNIST could not be downloaded{through_proxy()} ({_reason(error)}). "
            f"{by_hand}\n"
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
    return file


def _download(url: str, partial: Path) -> None:
    """Append what is missing of `url` to `partial`; OSError if the connection breaks off."""
    have = partial.stat().st_size if partial.exists() else 0
    request = Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urlopen(request, timeout=_TIMEOUT)
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
            while chunk := response.read(_CHUNK):
                file.write(chunk)
                bar.advance(task, len(chunk))
        if total is not None and partial.stat().st_size < total:
            raise ConnectionError("the connection broke off")


def _md5(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _reason(error: BaseException) -> str:
    """What went wrong at the bottom of a chain of wrapped errors, in one short line."""
    cause: object = error
    while isinstance(cause, BaseException):
        error, cause = cause, getattr(cause, "reason", None) or (cause.args or (None,))[0]
    words = error.strerror if isinstance(error, OSError) else None  # its first argument is a number
    text = str(words or cause or error).strip() or type(error).__name__
    return text.splitlines()[0][:200]
