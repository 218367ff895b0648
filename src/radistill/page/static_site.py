"""The page as a folder of static files: the model runs in the browser, and no byte leaves it."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from radistill import __version__
from radistill.errors import UsageError
from radistill.files import replacing_folder
from radistill.imaging import MAX_BYTES
from radistill.page import WEB, npm_parts
from radistill.page.about_bundle import about_bundle
from radistill.runtime import Predictor
from radistill.schema.card import CARD

MARK = "config.json"  # by which a folder is known to be ours
WORKER = "sw.js"
SERVER_ONLY = ("engine/server.js",)
MAX_FILES = 10_000  # the page takes them one by one; this many still scroll well
# Nothing but the page's own files: what a film holds could not be sent if the page wanted to.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; "
    "connect-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; manifest-src 'self'; base-uri 'none'; form-action 'none'"
)
HEAD = '<meta charset="utf-8">'


def write_page(out: Path, bundle: Path | str | None = None) -> int:
    """Write the page with this bundle into the folder `out`, whole or not at all.

    A folder that this wrote before is replaced. Returns how many bytes a browser loads at first,
    as gzip counts them. Raises UsageError if `out` is something else, if there is no bundle, or if
    this installation lacks the parts that come from npm.
    """
    check_target(out)
    check_vendor()
    predictor = Predictor.load(bundle)
    with replacing_folder(out) as scratch:
        assemble(scratch, predictor)
    return sum(packed_size(path.read_bytes()) for path in files_of(out))


def check_target(out: Path) -> None:
    """UsageError unless `out` is missing, an empty folder, or a page that was written before."""
    if not out.exists() and not out.is_symlink():
        return
    if not out.is_dir():
        raise UsageError(f"{out}: is no folder. Name a folder that is new or empty.")
    if any(out.iterdir()) and not _is_ours(out):
        raise UsageError(f"{out}: holds other files. Name a folder that is new or empty.")


def check_vendor() -> None:
    """UsageError if the parts of the page that come from npm are not there."""
    if absent := npm_parts.missing():
        raise UsageError(
            f"the page's parts from npm are not installed ({absent[0]} and {len(absent) - 1} more)."
            f" In a clone, with npm: {npm_parts.COMMAND}. A wheel brings them."
        )


def assemble(folder: Path, predictor: Predictor) -> None:
    """Put every file of the page into `folder`, which is there and empty."""
    shutil.copytree(WEB, folder, dirs_exist_ok=True, ignore=_left_out)
    for name in SERVER_ONLY:
        (folder / name).unlink(missing_ok=True)
    about = about_bundle(predictor)
    _write_json(folder / MARK, _config())
    _write_json(folder / "bundle.json", about)
    source = predictor.bundle.folder
    card = json.loads((source / CARD).read_text("utf-8"))
    _write_json(folder / "statistics.json", card["abstention"])
    (folder / "model").mkdir()
    model = (source / predictor.bundle.file).read_bytes()
    packed = gzip.compress(model, 9, mtime=0)
    (folder / "model" / f"{predictor.bundle.file}.gz").write_bytes(packed)
    _guard(folder / "index.html")
    _list_files(folder)


def files_of(folder: Path) -> Iterator[Path]:
    """Every file that a browser loads: all of the page but licences."""
    names = (path for path in folder.rglob("*") if path.is_file())
    return (path for path in sorted(names) if path.suffix != ".LICENSE" and path.name != "STAMP")


def packed_size(content: bytes) -> int:
    """Bytes of `content` on a line that compresses; what is packed already stays as it is."""
    return min(len(content), len(gzip.compress(content, 9, mtime=0)))


def _config() -> dict[str, Any]:
    return {
        "engine": "browser",
        "token_required": False,
        "version": __version__,
        "max_files": MAX_FILES,
        "max_bytes": MAX_BYTES,
    }


def _left_out(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name.startswith(".") or name == "__pycache__"]


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, separators=(",", ":"), allow_nan=False), "utf-8")


def _guard(index: Path) -> None:
    """The policy stands in the page itself: any server of files will do."""
    text = index.read_text("utf-8")
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    if HEAD not in text:
        raise UsageError(f"{index.name}: has no {HEAD}. Install radistill again.")
    index.write_text(text.replace(HEAD, f"{HEAD}\n  {policy}", 1), "utf-8", newline="")


def _list_files(folder: Path) -> None:
    """Tell the service worker what to keep: a changed file changes it, and so it is renewed."""
    listed = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        for path in files_of(folder)
        if path.name != WORKER
    }
    worker = folder / WORKER
    text = worker.read_text("utf-8")
    place = "const FILES = {};"
    if place not in text:
        raise UsageError(f"{WORKER}: has no list of files. Install radistill again.")
    filled = text.replace(place, f"const FILES = {json.dumps(listed, separators=(',', ':'))};")
    worker.write_text(filled, "utf-8", newline="")


def _is_ours(folder: Path) -> bool:
    try:
        config = json.loads((folder / MARK).read_text("utf-8"))
        return config["engine"] == "browser" and (folder / WORKER).is_file()
    except (OSError, ValueError, KeyError, TypeError):
        return False
