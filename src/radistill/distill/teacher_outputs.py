"""Teacher outputs for every film and augmented view, computed once.

A distillation epoch then costs about a plain student epoch. Files hold them by content hash, so
films may be shuffled, shared among processes or removed from one run to the next.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from accelerate import Accelerator

from radistill.errors import RadistillError
from radistill.models import GreyClassifier
from radistill.training import checkpoint
from radistill.training.examples import Examples
from radistill.training.learner import Learner
from radistill.training.outputs import outputs
from radistill.training.views import Views


class TeacherOutputs(NamedTuple):
    """Outputs of a teacher for N images: logits (N, C), embedding (N, D), attention (N, P)."""

    logits: torch.Tensor
    embedding: torch.Tensor
    attention: torch.Tensor


class TeacherOutputCache:
    """Teacher outputs for all views: view * films + row holds that of a film.

    shas: content hashes of the films, by row.
    """

    def __init__(self, shas: Sequence[str], every: TeacherOutputs) -> None:
        self.shas, self.every = tuple(shas), every

    @property
    def embedding_size(self) -> int:
        return int(self.every.embedding.shape[1])

    def on(
        self, films: Examples, device: torch.device, parts: Collection[str]
    ) -> TeacherOutputCache:
        """The cache with these parts alone, on `device`, for training on `films`.

        Raises RadistillError if it is of other films.
        """
        if films.shas != self.shas:
            odd = next((sha for sha in films.shas if sha not in self.shas), "in another order")
            raise RadistillError(
                f"no teacher output for film {odd}: the cache belongs to other films; delete the "
                "run's teacher-outputs folder and run again"
            )
        moved = (part.to(device) for part in self.only(parts).every)
        return TeacherOutputCache(self.shas, TeacherOutputs(*moved))

    def only(self, parts: Collection[str]) -> TeacherOutputCache:
        """The cache with these parts alone, to spare memory."""
        kept = (
            # Not a slice, which would keep the whole part in memory.
            part if name in parts else part.new_empty(len(part), 0)
            for name, part in self.every._asdict().items()
        )
        return TeacherOutputCache(self.shas, TeacherOutputs(*kept))

    def with_averaged_views(self) -> TeacherOutputCache:
        """Each view with the mean logits over all views of its film; the rest as it is.

        Radosavovic et al. 2018, "Data Distillation: Towards Omni-Supervised Learning".
        """
        by_view = self.every.logits.view(-1, len(self.shas), self.every.logits.shape[1])
        mean = by_view.mean(dim=0).repeat(len(by_view), 1)
        return TeacherOutputCache(self.shas, self.every._replace(logits=mean))

    def lookup(self, seen: torch.Tensor) -> TeacherOutputs:
        """Outputs for these images, see `Objective`, in float32, where the cache is."""
        return TeacherOutputs(*(part[seen].float() for part in self.every))


def cache_teacher_outputs(
    teacher: GreyClassifier,
    films: Examples,
    views: Views,
    *,
    folder: Path,
    key: str,
    accelerator: Accelerator,
) -> TeacherOutputCache:
    """Run the frozen teacher, in eval mode, over the views of each film.

    The views are those that the training loop draws for the student with the same seed. Each
    finished view is kept in `folder` under `key` (teacher weights, views, films), so a killed
    computation resumes; a file of another key is computed anew.
    """
    teacher.requires_grad_(False).eval()
    # Faster on a CPU: benchmarks/step.py.
    teacher.to(accelerator.device).to(memory_format=torch.channels_last)
    by_view = []
    for view in range(views.count):
        path, view_key = folder / f"view-{view:03d}.pt", f"{key}:{view}"
        state = checkpoint.load(path, view_key)
        if state is None:
            computed = _one_view(teacher, films, views, view, accelerator)
            state = {"key": view_key, "shas": list(films.shas), **computed._asdict()}
            if accelerator.is_main_process:
                checkpoint.save(path, state)
            accelerator.wait_for_everyone()
        rows = {sha: row for row, sha in enumerate(state["shas"])}
        order = [rows[sha] for sha in films.shas]
        by_view.append(TeacherOutputs(*(state[part][order] for part in TeacherOutputs._fields)))
    return TeacherOutputCache(
        films.shas, TeacherOutputs(*map(torch.cat, zip(*by_view, strict=True)))
    )


def average(teachers: Sequence[TeacherOutputCache]) -> TeacherOutputCache:
    """Several teachers as one: mean logits and attention, embeddings side by side.

    Attention maps of different sizes have no average, which is (N, 0). Raises RadistillError if
    the teachers have different classes.
    """
    if len(teachers) == 1:
        return teachers[0]
    each = [teacher.every for teacher in teachers]
    if len({one.logits.shape[1] for one in each}) > 1:
        counts = ", ".join(str(one.logits.shape[1]) for one in each)
        raise RadistillError(f"the teachers have different numbers of outputs: {counts}")
    maps = [one.attention.float() for one in each]
    if len({one.shape[1] for one in maps}) > 1:
        maps = [one[:, :0] for one in maps]
    mean = TeacherOutputs(
        torch.stack([one.logits for one in each]).mean(dim=0),
        torch.cat([one.embedding for one in each], dim=1),
        torch.stack(maps).mean(dim=0).half(),
    )
    return TeacherOutputCache(teachers[0].shas, mean)


def _one_view(
    teacher: GreyClassifier, films: Examples, views: Views, view: int, accelerator: Accelerator
) -> TeacherOutputs:
    learner = Learner(teacher, attention=True).eval()
    sizes: list[int] = []

    def joined_outputs(images: torch.Tensor) -> torch.Tensor:
        parts = learner(images)[:3]  # without the projected embedding
        sizes[:] = [part.shape[1] for part in parts]
        return torch.cat(parts, dim=1)

    joined = outputs(
        joined_outputs,
        len(films),
        lambda rows: views.images(films, rows, view, accelerator.device),
        accelerator,
        description=f"teacher outputs, view {view + 1} of {views.count}",
    )
    logits, embedding, attention = joined.split(sizes, dim=1)
    # Half precision is enough for training, and takes half the memory.
    return TeacherOutputs(logits.clone(), embedding.half(), attention.half())
