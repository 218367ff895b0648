"""Several models of a study trained at once on one card, each by a process of its own.

Networks as small as these leave most of a card idle. Each process trains into its own folder of the
run, exactly as one after the other would, under the lock that the study holds.
"""

import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from multiprocessing import connection, get_context, parent_process
from multiprocessing.context import SpawnProcess
from threading import Thread
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator

from radistill.config import StudyConfig
from radistill.data.cache import open_cache
from radistill.data.dataset import Dataset
from radistill.data.targets import Targets
from radistill.errors import RadistillError
from radistill.progress import console, cores
from radistill.study.fit import Study
from radistill.study.rundir import RunDirectory

MEMORY = 8 << 30  # bytes of a card that one training may need
CORES = 2  # of the machine


@dataclass(frozen=True)
class PlannedFit:
    """One model of a study. after: the names of the models that it learns from."""

    fit: Callable[[Study], object]
    after: tuple[str, ...] = ()


def room(accelerator: Accelerator) -> int:
    """How many trainings the card has room for beside what others do there; 1 without a card."""
    if accelerator.device.type != "cuda" or accelerator.num_processes > 1:
        return 1
    free, _ = torch.cuda.mem_get_info(accelerator.device)
    return max(1, min(free // MEMORY, cores() // CORES))


def fit_at_once(study: Study, planned: Mapping[str, PlannedFit], most: int) -> None:
    """Fit the models of which the run has none yet, at most so many at once.

    Leaves to its caller to fit the rest: all of them where there are less than two or `most` is 1,
    and after an error, such as a card that is too small for several, what is unfinished. Raises
    RadistillError if a process was killed; the epochs that it had finished are kept.
    """
    stages = study.run.stage_file
    waiting = {name: one for name, one in planned.items() if not stages(name).exists()}
    most = min(most, len(waiting))
    if most < 2:
        return
    share = _share(study.accelerator.device, most)
    running: dict[str, SpawnProcess] = {}
    try:
        while waiting or running:
            unfinished = {*waiting, *running}
            ready = [name for name, one in waiting.items() if unfinished.isdisjoint(one.after)]
            for name in ready[: most - len(running)]:
                running[name] = _start(study, waiting.pop(name), share)
            connection.wait([process.sentinel for process in running.values()])
            for name in [name for name, one in running.items() if not one.is_alive()]:
                status = running.pop(name).exitcode or 0
                if status < 0:
                    raise RadistillError(
                        f"{name}: the process that trained it was ended by "
                        f"{signal.Signals(-status).name}, perhaps for want of memory. What is "
                        "finished is kept: the same command goes on from there."
                    )
                if status:
                    waiting.clear()
    finally:
        for process in running.values():
            process.terminate()
            process.join()


def _share(device: torch.device, processes: int) -> float:
    """Of the memory of a card, for each process."""
    if device.type != "cuda":
        return 1.0
    free, total = torch.cuda.mem_get_info(device)
    return free / total / processes


def _start(study: Study, planned: PlannedFit, share: float) -> SpawnProcess:
    """Start one fit; only plain values go to its process, which opens the cache by itself."""
    accelerator = study.accelerator
    on_cpu = accelerator.device.type == "cpu"
    bare = replace(study.dataset, pixels=_not_here, squares={})
    process = get_context("spawn").Process(
        target=_fit,
        args=(study.run, study.config, bare, tuple(study.dataset.squares), study.targets),
        kwargs={
            "planned": planned,
            "accelerate": {"cpu": on_cpu, "mixed_precision": accelerator.mixed_precision},
            "threads": torch.get_num_threads(),
            "share": share,
        },
        daemon=True,
    )
    process.start()
    return process


def _fit(
    run: RunDirectory,
    config: StudyConfig,
    dataset: Dataset,
    sizes: tuple[int, ...],
    targets: Targets,
    *,
    planned: PlannedFit,
    accelerate: dict[str, Any],
    threads: int,
    share: float,
) -> None:
    Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its processes
    os.environ["TTY_COMPATIBLE"] = "0"  # bars of several processes would overwrite each other
    torch.set_num_threads(threads)
    accelerator = Accelerator(**accelerate)
    if accelerator.device.type == "cuda":
        torch.cuda.set_per_process_memory_fraction(share)
    squares = {size: cache for size in sizes if (cache := open_cache(run.cache, size))}
    study = Study(run, config, replace(dataset, squares=squares), targets, accelerator)
    try:
        planned.fit(study)
    except RadistillError as error:
        console.print(f"{error}\nGoing on with one model after the other.", markup=False)
        raise SystemExit(1) from None
    finally:
        accelerator.end_training()


def _end_with_parent() -> None:
    """A killed study releases its lock: nothing may write into the run after that."""
    parent: Any = parent_process()
    connection.wait([parent.sentinel])
    os._exit(1)


def _not_here(path: str) -> np.ndarray:
    raise RadistillError(f"{path}: is read by the study's own process alone")
