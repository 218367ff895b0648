"""The extras of this installation: what each needs, what of it is missing, and how to get it."""

import json
import shlex
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PACKAGE = "radistill"
OF_DEVELOPERS = {"dev", "docs", "release", "engines", "all"}
# Command -> the extra that brings its packages, where that is not `train`.
OF_COMMAND = {
    "adapt": "adapt",
    "monitor": "adapt",
    "node": "dicom",
    "plan": "adapt",
    "score": "scale",
    "serve": "serve",
    "text": "text",
}
# Import -> package, where the names differ by more than a dash.
PACKAGES = {"sklearn": "scikit-learn", "multipart": "python-multipart"}


def requirements() -> dict[str, list[Requirement]]:
    """What each extra needs, those of the light install under ""; empty if nothing is installed."""
    try:
        lines = metadata.requires(PACKAGE) or ()
        names = metadata.metadata(PACKAGE).get_all("Provides-Extra") or ()
    except metadata.PackageNotFoundError:  # run from a checkout that was never installed
        return {}
    wanted = [Requirement(line) for line in lines]
    return {
        name: [one for one in wanted if _is_of(one, name)]
        for name in ("", *(name for name in names if name not in OF_DEVELOPERS))
    }


def _is_of(requirement: Requirement, extra: str) -> bool:
    marker = requirement.marker
    if marker is None:
        return extra == ""
    return marker.evaluate({"extra": extra}) and (extra == "" or not marker.evaluate({"extra": ""}))


def missing(wanted: list[Requirement]) -> Iterator[str]:
    """Of these requirements, those that are not installed, or in a version out of their range."""
    for one in wanted:
        try:
            version = metadata.version(one.name)
        except metadata.PackageNotFoundError:
            yield one.name
        else:
            if not one.specifier.contains(version, prereleases=True):
                yield f"{one.name} ({version} is here, {one.specifier} is needed)"


def extra_of(module: str, command: str) -> str:
    """The extra that brings the package of `module`, "" if none is needed for it.

    The command's own where several do, and where it is not known which does.
    """
    name = PACKAGES.get(module, canonicalize_name(module))
    bring = [
        extra
        for extra, wanted in requirements().items()
        if name in {canonicalize_name(one.name) for one in wanted}
    ]
    own = OF_COMMAND.get(command, "train")
    return bring[0] if bring and ("" in bring or own not in bring) else own


def install_command(extra: str) -> str:
    """What to type to get an extra, from the clone that this installation was made from, if any."""
    named = f"[{extra}]" if extra else ""
    try:
        text = metadata.distribution(PACKAGE).read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        text = None
    origin = json.loads(text) if text else {}
    address = urlsplit(origin.get("url", ""))
    clone = Path(url2pathname(address.path))
    if address.scheme != "file" or not (clone / "pyproject.toml").is_file():
        return f"pip install {shlex.quote(PACKAGE + named)}"
    pins, editable = clone / "constraints.txt", origin.get("dir_info", {}).get("editable")
    return " ".join(
        [
            *("pip", "install", "-c", shlex.quote(str(pins))),
            *(["-e"] if editable else []),
            shlex.quote(f"{clone}{named}"),
        ]
    )
