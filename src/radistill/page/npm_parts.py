"""The npm packages that the page without a server is made of: fetched, checked, unpacked.

The build hook runs this when a wheel is built, so that users need no npm; in a clone it runs as
`python src/radistill/page/npm_parts.py`. Standard library only: the build loads this file
alone, before anything is installed.
"""

import base64
import gzip
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
LIST = HERE / "npm_parts.json"  # packages, versions, and which of their files are kept, with hashes
FOLDER = HERE / "web" / "vendor"
STAMP = "STAMP"  # a file with the hash of the list that the folder was made from
SECONDS = 600  # to fetch all packages
COMMAND = "python src/radistill/page/npm_parts.py"

# CommonJS scripts that a worker imports as a module.
_AS_MODULE = (
    b"const module = { exports: {} }, exports = module.exports, require = () => ({});\n",
    b"\nexport default module.exports;\n",
)


class VendorError(Exception):
    """The packages could not be had; the message says what to do."""


class Package(NamedTuple):
    """files: each with `from` (in the archive), `to` (in the folder), `as` and `sha256`."""

    name: str
    version: str
    integrity: str
    licence: str
    files: list[dict[str, str]]

    @property
    def spec(self) -> str:
        return f"{self.name}@{self.version}"


def packages() -> list[Package]:
    """The list."""
    return [Package(**package) for package in json.loads(LIST.read_text("utf-8"))["packages"]]


def missing() -> list[str]:
    """Names of files that are not in the folder; all of them if it was made from another list."""
    names = [file["to"] for package in packages() for file in package.files]
    try:
        current = (FOLDER / STAMP).read_text("utf-8") == stamp()
    except OSError:
        current = False
    return [name for name in names if not (current and (FOLDER / name).is_file())]


def stamp() -> str:
    """The hash of the list."""
    return hashlib.sha256(LIST.read_bytes()).hexdigest()


def fetch() -> None:
    """Put every file of the list into the folder, whole or not at all.

    Raises VendorError if there is no npm, no network, or a package is not the listed one.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise VendorError("npm is not installed. Install Node.js, which brings it, and try again.")
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER.parent, prefix=".vendor-") as scratch:
        made = Path(scratch) / "vendor"
        made.mkdir()
        archives = _pack(npm, Path(scratch))
        for package in packages():
            if package.integrity not in archives:
                raise VendorError(
                    f"{package.spec}: npm brought another archive than {LIST.name} names. "
                    "Nothing is kept."
                )
            _unpack(archives[package.integrity], package, made)
        (made / STAMP).write_text(stamp(), "utf-8")
        shutil.rmtree(FOLDER, ignore_errors=True)
        made.rename(FOLDER)


def _pack(npm: str, folder: Path) -> dict[str, Path]:
    """The packages' archives by their integrity."""
    options = ["--silent", "--fetch-retries=1", "--pack-destination", str(folder)]
    command = [npm, "pack", *options, *(package.spec for package in packages())]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise VendorError("npm did not fetch them over the network in time. Try again.") from None
    if done.returncode:
        reason = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise VendorError(f"npm could not fetch them over the network ({reason}). Try again.")
    return {_integrity(archive): archive for archive in folder.glob("*.tgz")}


def _integrity(archive: Path) -> str:
    digest = hashlib.sha512(archive.read_bytes()).digest()
    return f"sha512-{base64.b64encode(digest).decode()}"


def _unpack(archive: Path, package: Package, target: Path) -> None:
    with tarfile.open(archive) as tar:
        for file in package.files:
            member = tar.extractfile(f"package/{file['from']}")
            content = member.read() if member else b""
            if hashlib.sha256(content).hexdigest() != file["sha256"]:
                raise VendorError(f"{package.name}: {file['from']} is not the file in the list.")
            (target / file["to"]).write_bytes(_converted(content, file["as"]))


def _converted(content: bytes, form: str) -> bytes:
    if form == "gzip":  # a plain file server does not compress
        return gzip.compress(content, 9, mtime=0)
    if form == "module":
        return _AS_MODULE[0] + content + _AS_MODULE[1]
    return content


if __name__ == "__main__":
    try:
        if missing():
            fetch()
    except VendorError as error:
        sys.exit(str(error))
    print(f"{FOLDER}: {len(list(FOLDER.iterdir()))} files")
