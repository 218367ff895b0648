"""The run directory: the only thing that the stages of a study share.

Each stage has a folder with a `stage.json` that holds the hash of its inputs, and is skipped while
that hash is the same. A stage in progress works in a hidden folder beside it, which survives a kill
and is renamed when the stage is finished. One process at a time holds the directory.
"""

import hashlib
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel

from radistill import __version__
from radistill.config import StudyConfig, read_config, to_yaml
from radistill.data.manifest import Film, read_manifest, write_manifest
from radistill.errors import RadistillError, UsageError
from radistill.files import SCRATCH, move_folder, tidy, unwritable, write_json, write_text
from radistill.schema.environment import Environment

FORMAT = 4  # of the stages; a change of what a stage writes or computes raises it
STAGE = "stage.json"
PACKAGES = [
    "torch",
    "torchvision",
    "timm",
    "accelerate",
    "numpy",
    "pillow",
    "scikit-learn",
    "scipy",
    "onnx",
    "onnxruntime",
]  # that figures may depend on
CONFIG = "config.yaml"
STEPS = "study.json"
LOCK = ".lock"
_OF_THE_MACHINE = {"mixed_precision"}  # a study may go on without the GPU it began on
_BEGUN = {LOCK, "cache"}  # what stands in a run before its films are read


def digest(value: object) -> str:
    """A short hash of plain values, independent of the order of keys."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class RunDirectory:
    """`folder` of one study. cache: where its decoded films lie, in a folder of its own unless
    several studies share one."""

    def __init__(self, folder: Path, cache: Path | None = None) -> None:
        self.folder, self.cache = folder, cache or folder / "cache"

    @contextmanager
    def open(self, config: StudyConfig, *, update: bool) -> Iterator[None]:
        """Hold the directory for the study of this configuration; made if it is not there.

        `record` writes the configuration, once the data are read: a study that never began has
        none to keep to. update: allow another than that of the run. Raises
        UsageError if the folder is a file, or holds something else or another study, and
        RadistillError if another process holds it.
        """
        self._check(config, update)
        with self.locked():
            self._recover()
            yield

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory until the block ends or the process dies.

        Raises RadistillError, naming folder and process, if another process holds it.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / LOCK)
            lock.acquire(timeout=0)
            (self.folder / LOCK).write_text(str(os.getpid()))
        except Timeout:
            raise RadistillError(
                f"{self.folder}: process {(self.folder / LOCK).read_text()} works in this run. "
                "Wait until it ends, stop it, or choose another folder."
            ) from None
        except OSError as error:
            raise unwritable(error, self.folder) from None
        try:
            yield
        finally:
            lock.release()

    def record(self, config: StudyConfig, films: tuple[Film, ...], *, update: bool) -> None:
        """Write config.yaml and manifest.csv; UsageError if the run was made from other films."""
        path = self.folder / "manifest.csv"
        if path.exists() and not update and tuple(read_manifest(path)) != films:
            raise UsageError(
                f"{self.folder}: was made from other films or another split than those now read. "
                "Choose another --out, or give --update to run everything again."
            )
        write_text(self.folder / CONFIG, to_yaml(config))
        write_manifest(path, films)

    def done(self, stage: str, key: str, part: str = "key") -> bool:
        """Whether `stage` was finished from inputs with this hash.

        part: `key` for all of the stage, or the name of a part of it, as given to `finish`.
        """
        return _record(self.stage_file(stage)).get(part) == key

    def stage_file(self, stage: str) -> Path:
        """The file that marks `stage` as finished, from whatever inputs."""
        return self.folder / stage / STAGE

    def working(self, stage: str) -> Path:
        """The hidden folder in which `stage` is worked on; kept over a kill."""
        return self.folder / f".{stage}.partial"

    def step_done(self, step: str, key: str) -> bool:
        """Whether `step`, which writes files but has no folder, was done from these inputs."""
        return _record(self.folder / STEPS).get(step) == key

    def finish_step(self, step: str, key: str) -> None:
        """Record that `step` was done from inputs with this hash."""
        write_json(self.folder / STEPS, _record(self.folder / STEPS) | {step: key})

    def take_up(self, stage: str) -> None:
        """Put a copy of the finished `stage` into its working folder, to go on from there."""
        shutil.rmtree(self.working(stage), ignore_errors=True)
        shutil.copytree(
            self.folder / stage, self.working(stage), ignore=shutil.ignore_patterns(STAGE)
        )

    def finish(self, stage: str, key: str, *, drop: tuple[str, ...] = (), **parts: str) -> Path:
        """Move the working folder of `stage` into place, without the scratch in `drop`.

        parts: hashes of the inputs of its parts, by name.
        """
        work, final = self.working(stage), self.folder / stage
        for name in drop:
            if (work / name).is_dir():
                shutil.rmtree(work / name)
            else:
                (work / name).unlink(missing_ok=True)
        write_json(work / STAGE, {"key": key, **parts, "format": FORMAT})
        try:
            move_folder(work, final)
        except OSError as error:
            raise RadistillError(f"{final}: cannot be put in place ({error.strerror})") from error
        return final

    def _check(self, config: StudyConfig, update: bool) -> None:
        file = self.folder / CONFIG
        if self.folder.exists() and not self.folder.is_dir():
            raise UsageError(f"{self.folder}: is a file; name a folder for the run")
        if not file.exists():
            if self.folder.exists() and {path.name for path in self.folder.iterdir()} - _BEGUN:
                raise UsageError(f"{self.folder}: is not empty and not a run; choose another --out")
            return
        if update:
            return
        for stage in sorted(self.folder.glob(f"[!.]*/{STAGE}")):
            if _record(stage).get("format") != FORMAT:
                raise UsageError(
                    f"{stage.parent}: trained by another version of radistill. It can still be "
                    "evaluated and bundled; to train anew choose another --out or give --update."
                )
        if changed := list(_differences(read_config(file), config)):
            raise UsageError(
                f"{self.folder}: holds another study ({'; '.join(changed[:4])}). Choose "
                "another --out, or give --update to run again what the change touches."
            )

    def _recover(self) -> None:
        """Clear up after a process that was killed while it put files or folders in place."""
        for left in sorted(self.folder.rglob(".*.partial"), reverse=True):  # inner ones first
            if SCRATCH.fullmatch(left.name):
                tidy(left)
            elif (left / STAGE).exists():  # the stage was finished but not yet moved
                move_folder(left, left.with_name(left.name[1 : -len(".partial")]))


def environment() -> Environment:
    """What the figures of a run may depend on besides its configuration."""
    return Environment(
        radistill=__version__,
        python=platform.python_version(),
        platform=platform.platform(),
        processor=platform.processor() or platform.machine(),
        cpus=os.cpu_count(),
        command=(Path(sys.argv[0]).name, *sys.argv[1:]),
        packages={name: metadata.version(name) for name in PACKAGES},
    )


def _record(file: Path) -> dict[str, object]:
    """The JSON object in `file`, empty if there is none."""
    try:
        record = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _differences(old: BaseModel, new: BaseModel, prefix: str = "") -> Iterator[str]:
    for name in type(new).model_fields:
        if name in _OF_THE_MACHINE:
            continue
        before, after = getattr(old, name), getattr(new, name)
        if isinstance(before, BaseModel) and isinstance(after, BaseModel):
            yield from _differences(before, after, f"{prefix}{name}.")
        elif before != after:
            yield f"{prefix}{name}: {before} there, {after} now"
