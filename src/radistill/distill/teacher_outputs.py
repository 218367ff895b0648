"""Teacher outputs for every film and augmented view, computed once.

A distillation epoch then costs about a plain student epoch. Outputs are found by content hash and
view number; position never enters, so films may be shuffled, shared among processes or removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from accelerate import Accelerator

from radistill.errors import RadistillError
from radistill.models import GreyClassifier
from radistill.training import checkpoint
from radistill.training.examples import Examples
from radistill.training.learner import Learner, Seen
from radistill.training.outputs import outputs
from radistill.training.views import Views


class Answers(NamedTuple):
    """What a teacher makes of N views: logits (N, C), embedding (N, D), attention (N, P)."""

    logits: torch.Tensor
    embedding: torch.Tensor
    attention: torch.Tensor


class TeacherOutputs:
    """Answers by content hash and view.

    shas: of the films. answers: one `Answers` a view, its rows in the order of `shas`.
    """

    def __init__(self, shas: Sequence[str], answers: Sequence[Answers]) -> None:
        self._rows = {sha: row for row, sha in enumerate(shas)}
        self._answers = list(answers)

    @property
    def views(self) -> int:
        return len(self._answers)

    @property
    def embedding_size(self) -> int:
        return int(self._answers[0].embedding.shape[1])

    def lookup(self, shas: Sequence[str], view: int, device: torch.device | None = None) -> Answers:
        """float32 answers to one view of these films.

        Raises RadistillError for a film or view the teacher has not seen.
        """
        try:
            rows = [self._rows[sha] for sha in shas]
            answers = self._answers[view]
        except (KeyError, IndexError) as error:
            raise RadistillError(
                f"no teacher output for film or view {error.args[0]!r}: the cache belongs to "
                "other films; delete the run's teacher-outputs folder and run again"
            ) from None
        return Answers(*(part[rows].to(device).float() for part in answers))


def teacher_outputs(
    teacher: GreyClassifier,
    films: Examples,
    views: Views,
    *,
    folder: Path,
    key: str,
    accelerator: Accelerator,
) -> TeacherOutputs:
    """Run the frozen teacher, in eval mode, over the views of each film.

    The views are those that the training loop draws for the student with the same seed. Each
    finished view is kept in `folder` under `key` (teacher weights, views, films), so a killed
    computation goes on; a file of another key is computed anew.
    """
    teacher.requires_grad_(False).eval()
    # Faster on a CPU: benchmarks/step.py.
    teacher.to(accelerator.device).to(memory_format=torch.channels_last)
    answers = []
    for view in range(views.count):
        path = folder / f"view-{view:03d}.pt"
        state = checkpoint.load(path, f"{key}:{view}")
        if state is None:
            state = {"key": f"{key}:{view}", "shas": list(films.shas),
                     **_one_view(teacher, films, views, view, accelerator)}  # fmt: skip
            if accelerator.is_main_process:
                checkpoint.save(path, state)
            accelerator.wait_for_everyone()
        rows = {sha: row for row, sha in enumerate(state["shas"])}
        order = [rows[sha] for sha in films.shas]
        answers.append(Answers(*(state[name][order].clone() for name in Answers._fields)))
    return TeacherOutputs(films.shas, answers)


def average(teachers: Sequence[TeacherOutputs], shas: Sequence[str]) -> TeacherOutputs:
    """Several teachers as one: mean logits and attention, embeddings side by side.

    Raises RadistillError if they have different classes or views.
    """
    first = teachers[0]
    if len(teachers) == 1:
        return first
    answers = []
    for view in range(first.views):
        each = [teacher.lookup(shas, view) for teacher in teachers]
        if len({answer.logits.shape[1] for answer in each}) > 1:
            counts = ", ".join(str(answer.logits.shape[1]) for answer in each)
            raise RadistillError(f"the teachers have different numbers of outputs: {counts}")
        if len({answer.attention.shape[1] for answer in each}) > 1:
            raise RadistillError(
                "the teachers have attention maps of different sizes; leave the method "
                "'attention' out, or use teachers of one architecture and input size"
            )
        answers.append(
            Answers(
                torch.stack([answer.logits for answer in each]).mean(dim=0),
                torch.cat([answer.embedding for answer in each], dim=1).half(),
                torch.stack([answer.attention for answer in each]).mean(dim=0).half(),
            )
        )
    return TeacherOutputs(shas, answers)


def _one_view(
    teacher: GreyClassifier, films: Examples, views: Views, view: int, accelerator: Accelerator
) -> dict[str, Any]:
    learner = Learner(teacher, attention=True).eval()
    sizes: list[int] = []

    def ask(images: torch.Tensor) -> torch.Tensor:
        seen: Seen = learner(images)
        parts = [seen.logits, seen.embedding, seen.attention]
        sizes[:] = [part.shape[1] for part in parts]
        return torch.cat(parts, dim=1)

    joined = outputs(
        ask, len(films), lambda rows: views.images(films, rows, view), accelerator,
        description=f"teacher outputs, view {view + 1} of {views.count}",
    )  # fmt: skip
    logits, embedding, attention = joined.split(sizes, dim=1)
    # Halves of the precision that training needs of them, and of the memory they take.
    return {"logits": logits.clone(), "embedding": embedding.half(), "attention": attention.half()}
