"""The page as a folder of static files: the model runs in the browser, and no byte leaves it."""

import gzip
import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from radistill.errors import UsageError
from radistill.files import replacing_folder
from radistill.imaging import MAX_BYTES
from radistill.page import WEB, npm_parts
from radistill.page.page_bundle import bundle_info
from radistill.page.page_config import POLICY, PageConfig
from radistill.runtime import Predictor
from radistill.schema.card import CARD

CONFIG = "config.json"  # a folder with this file was written here
WORKER = "sw.js"
SERVER_ONLY = "engine/server.js"
MAX_FILES = 10_000  # the page takes them one by one; this many still scroll well


def write_page(out: Path, bundle: Path | str | None = None) -> int:
    """Write the page with this bundle into the folder `out`, whole or not at all.

    A folder that this wrote before is replaced. Returns how many bytes a browser loads at first,
    compressed by gzip. Raises UsageError if `out` is something else, if there is no bundle, or if
    this installation lacks the parts that come from npm.
    """
    check_target(out)
    if missing := npm_parts.missing():
        raise UsageError(
            f"the page's parts from npm are not installed ({missing[0]} and {len(missing) - 1}"
            f" more). In a clone, with npm: {npm_parts.COMMAND}. A wheel brings them."
        )
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
    if any(out.iterdir()) and not _is_page(out):
        raise UsageError(f"{out}: holds other files. Name a folder that is new or empty.")


def assemble(folder: Path, predictor: Predictor) -> None:
    """Put every file of the page into the empty folder `folder`."""
    ignored = shutil.ignore_patterns(".*", "__pycache__", Path(SERVER_ONLY).name)
    shutil.copytree(WEB, folder, dirs_exist_ok=True, ignore=ignored)
    config = PageConfig(
        engine="browser", token_required=False, max_files=MAX_FILES, max_bytes=MAX_BYTES
    )
    (folder / CONFIG).write_text(config.model_dump_json(), "utf-8")
    (folder / "bundle.json").write_text(bundle_info(predictor).model_dump_json(), "utf-8")
    bundle = predictor.bundle
    abstention = json.loads((bundle.folder / CARD).read_text("utf-8"))["abstention"]
    (folder / "statistics.json").write_text(json.dumps(abstention, separators=(",", ":")), "utf-8")
    (folder / "model").mkdir()
    packed = gzip.compress((bundle.folder / bundle.file).read_bytes(), 9, mtime=0)
    (folder / "model" / f"{bundle.file}.gz").write_bytes(packed)
    # In the page itself, so that any file server will do.
    charset = '<meta charset="utf-8">'
    policy = f'{charset}\n  <meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    _fill(folder / "index.html", charset, policy)
    list_files(folder)


def list_files(folder: Path) -> None:
    """Tell the service worker what to keep: with any change of a file it changes too."""
    hashes = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        for path in files_of(folder)
        if path.name != WORKER
    }
    files = json.dumps(hashes, separators=(",", ":"))
    _fill(folder / WORKER, "const FILES = {};", f"const FILES = {files};")


def files_of(folder: Path) -> Iterator[Path]:
    """Every file that a browser loads: all of the page but licences."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return (path for path in sorted(files) if path.suffix != ".LICENSE" and path.name != "STAMP")


def packed_size(content: bytes) -> int:
    """Bytes of `content` on a connection that compresses what is not compressed yet."""
    return min(len(content), len(gzip.compress(content, 9, mtime=0)))


def _fill(path: Path, place: str, filled: str) -> None:
    text = path.read_text("utf-8")
    if place not in text:
        raise UsageError(f"{path.name}: has no {place}. Install radistill again.")
    path.write_text(text.replace(place, filled, 1), "utf-8", newline="")


def _is_page(folder: Path) -> bool:
    try:
        config = json.loads((folder / CONFIG).read_text("utf-8"))
        return config["engine"] == "browser" and (folder / WORKER).is_file()
    except (OSError, ValueError, KeyError, TypeError):
        return False
