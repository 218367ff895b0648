"""What `radistill doctor` looks at: software, machine, disk, models and network."""

import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from radistill import __version__
from radistill.cli import extras
from radistill.errors import RadistillError
from radistill.progress import cores, memory

TRAINING_MEMORY, TRAINING_DISK = 4e9, 8e9  # bytes; of disk, PyTorch with CUDA takes 5.5 GB
_SECONDS = 4  # without an answer


@dataclass(frozen=True)
class Finding:
    """One line: what is here. lacks: what is not, and how to get it. broken: nothing works so."""

    topic: str
    name: str
    here: str
    lacks: str = ""
    broken: bool = False


def examine(*, network: bool = True) -> Iterator[Finding]:
    """All findings, topic by topic. network: try whether the outside can be reached."""
    yield from _software()
    yield from _machine()
    yield from _disk()
    yield from _models()
    yield from _network(try_it=network)


def _software() -> Iterator[Finding]:
    place = Path(__file__).resolve().parents[1]
    yield Finding("software", "radistill", f"{__version__} in {place}")
    yield Finding("software", "Python", f"{platform.python_version()}, {sys.executable}")
    yield Finding("software", "system", f"{platform.system()} {platform.machine()}")
    wanted = extras.requirements()
    if not wanted:
        lacks = "it was never installed here, so its extras are not known: pip install CLONE"
        yield Finding("software", "extras", "unknown", lacks)
    for name, requirements in wanted.items():
        absent = list(extras.missing(requirements))
        lacks = f"{', '.join(absent)}: {extras.install_command(name)}" if absent else ""
        here = f"{len(requirements) - len(absent)} of {len(requirements)} packages"
        title = f"extra [{name}]" if name else "light install"
        yield Finding("software", title, here, lacks, broken=bool(absent) and not name)


def _machine() -> Iterator[Finding]:
    usable, all_cores = cores(), os.cpu_count() or 1
    here = f"{usable} of {all_cores}" if usable < all_cores else str(usable)
    reason = " (a cpuset or a container's quota)" if usable < all_cores else ""
    yield Finding("machine", "cores", here + reason)
    if (held := memory()) is not None:
        lacks = "" if held >= TRAINING_MEMORY else "training takes about 4 GB; predict takes less"
        yield Finding("machine", "memory", _size(held), lacks)
    yield Finding("machine", "GPU", *_gpu())


def _gpu() -> tuple[str, str]:
    """What there is, and what it lacks."""
    card = shutil.which("nvidia-smi") is not None
    if importlib.util.find_spec("torch") is None:
        wants = "it is used by training alone, which needs the extra [train]"
        return ("NVIDIA" if card else "not looked for", wants if card else "")
    import torch

    if torch.cuda.is_available():
        device = torch.cuda.get_device_properties(0)
        return f"{device.name}, {_size(device.total_memory)}", ""
    if torch.backends.mps.is_available():
        return "Apple (mps)", ""
    if card and torch.version.cuda is None:
        return "NVIDIA", f"PyTorch {torch.__version__} is a CPU build: install one for CUDA"
    if card:
        return "NVIDIA", f"PyTorch {torch.__version__} cannot use it: see nvidia-smi for the driver"
    return "none; training works on the CPU", ""


def _disk() -> Iterator[Finding]:
    folders = {"here": Path()}
    try:
        folders["temporary files"] = Path(tempfile.gettempdir())
    except FileNotFoundError:
        lacks = "no folder for them can be written: make room, or set TMPDIR"
        yield Finding("disk", "temporary files", "none", lacks)
    for name, folder in folders.items():
        free = shutil.disk_usage(folder).free
        lacks = "" if free >= TRAINING_DISK else "an install with PyTorch and CUDA takes 5.5 GB"
        if not os.access(folder, os.W_OK):
            lacks = "cannot be written: work in another folder, or set TMPDIR"
        yield Finding("disk", name, f"{_size(free)} free in {folder.resolve()}", lacks)
    if importlib.util.find_spec("timm") is None:
        return
    from radistill.models.weights.weight_sources import cache_folder

    cache = cache_folder()
    size = sum(file.stat().st_size for file in cache.rglob("*") if file.is_file())
    nearest = next(folder for folder in (cache, *cache.parents) if folder.exists())
    writable = os.access(nearest, os.W_OK)
    lacks = "" if writable else "cannot be written: set RADISTILL_CACHE to a folder that can"
    yield Finding("disk", "cache of weights", f"{_size(size)} in {cache}", lacks)


def _models() -> Iterator[Finding]:
    from radistill.page import npm_parts
    from radistill.runtime.find_bundle import VARIABLE, find_bundle, installed

    names = ", ".join(folder.name for folder in installed())
    yield Finding("models", "installed", names or "none")
    if os.environ.get(VARIABLE):
        try:
            yield Finding("models", f"${VARIABLE}", str(find_bundle(None)))
        except RadistillError as error:
            yield Finding("models", f"${VARIABLE}", "no bundle", str(error), broken=True)
    absent = npm_parts.missing()
    lacks = f"radistill page needs them, with npm: {npm_parts.COMMAND}" if absent else ""
    yield Finding("models", "parts of the page", "missing" if absent else "here", lacks)
    if any(importlib.util.find_spec(name) is None for name in ("torch", "timm")):
        yield Finding("models", "ImageNet weights", "not looked for without the extra [train]")
        return
    from radistill.models.library import list_sources

    ready = sorted({row.architecture for row in list_sources() if row.present})
    lacks = "" if ready else "radistill weights list says where they come from"
    yield Finding("models", "ImageNet weights", ", ".join(ready) or "none here", lacks)


def _network(*, try_it: bool) -> Iterator[Finding]:
    from radistill.data.fetch import MEDMNIST_PAGE
    from radistill.data.proxies import proxies, through_proxy

    named = ", ".join(f"{scheme}: {address}" for scheme, address in proxies().items())
    yield Finding("network", "proxy", named or "none set")
    if not try_it:
        return
    host = urlsplit(MEDMNIST_PAGE).hostname or ""
    answers = [f"no answer in {_SECONDS} s"]
    asking = Thread(target=lambda: answers.append(_ask(host)), daemon=True)
    asking.start()
    asking.join(_SECONDS)  # a name that nobody resolves takes longer than the time-out
    lacks = (
        f"{host}{through_proxy()}: {answers[-1]}. Only public films and some weights need a "
        "network; without one bring them as files (radistill weights import FILE)."
        + ("" if named else " Behind a proxy set HTTPS_PROXY")
    )
    reached = not answers[-1]
    yield Finding(
        "network", "outside", "reached" if reached else "not reached", "" if reached else lacks
    )


def _ask(host: str) -> str:
    """Why the host does not answer, or nothing."""
    try:
        urlopen(Request(f"https://{host}", method="HEAD"), timeout=_SECONDS).close()
    except HTTPError:
        return ""  # an answer all the same
    except OSError as error:  # URLError is one
        return str(getattr(error, "reason", error))
    return ""


def _size(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
