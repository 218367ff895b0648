"""Teacher outputs for every film and augmented view, computed once.

A distillation epoch then costs about a plain student epoch. Logits are found by content hash and
view number; position never enters, so films may be shuffled, shared among processes or removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from accelerate import Accelerator

from radistill.config import AugmentConfig
from radistill.errors import RadistillError
from radistill.models import GreyClassifier
from radistill.training import checkpoint
from radistill.training.augment import augment, view_keys
from radistill.training.examples import Examples
from radistill.training.predict import outputs


class TeacherOutputs:
    """Logits by content hash and view.

    shas: of the films. logits: one float32 (N, C) tensor a view, in the order of `shas`.
    """

    def __init__(self, shas: Sequence[str], logits: Sequence[torch.Tensor]) -> None:
        self._rows = {sha: row for row, sha in enumerate(shas)}
        self._logits = list(logits)

    @property
    def views(self) -> int:
        return len(self._logits)

    def lookup(self, shas: Sequence[str], view: int) -> torch.Tensor:
        """Logits (len(shas), C) of one view.

        Raises RadistillError for a film or view the teacher has not seen.
        """
        try:
            rows = [self._rows[sha] for sha in shas]
            return self._logits[view][rows]
        except (KeyError, IndexError) as error:
            raise RadistillError(
                f"no teacher output for film or view {error.args[0]!r}: the cache belongs to "
                "other films; delete the run's teacher-outputs folder and run again"
            ) from None


def teacher_outputs(
    teacher: GreyClassifier,
    films: Examples,
    augmentation: AugmentConfig,
    *,
    views: int,
    seed: int,
    folder: Path,
    key: str,
    accelerator: Accelerator,
) -> TeacherOutputs:
    """Run the frozen teacher, in eval mode, over `views` augmented views of each film.

    The views are those that `radistill.training.augment` draws for the student with the same
    seed. Each finished view is kept in `folder` under `key` (teacher weights, augmentation,
    seed, films), so a killed computation goes on; a file of another key is computed anew.
    """
    teacher.requires_grad_(False).eval().to(accelerator.device)
    kept = []
    for view in range(views):
        path = folder / f"view-{view:03d}.pt"
        state = checkpoint.load(path, f"{key}:{view}")
        if state is None:
            logits = _one_view(teacher, films, augmentation, view, views, seed, accelerator)
            state = {"key": f"{key}:{view}", "shas": list(films.shas), "logits": logits}
            if accelerator.is_main_process:
                checkpoint.save(path, state)
            accelerator.wait_for_everyone()
        rows = {sha: row for row, sha in enumerate(state["shas"])}
        kept.append(state["logits"][[rows[sha] for sha in films.shas]].clone())
    return TeacherOutputs(films.shas, kept)


def _one_view(
    teacher: GreyClassifier,
    films: Examples,
    augmentation: AugmentConfig,
    view: int,
    views: int,
    seed: int,
    accelerator: Accelerator,
) -> torch.Tensor:
    def draw(rows):  # type: ignore[no-untyped-def]
        keys = view_keys([films.shas[row] for row in rows], view, seed)
        return augment(films.squares(rows), keys, augmentation)

    description = f"teacher outputs, view {view + 1} of {views}"
    return outputs(teacher, len(films), draw, accelerator, description=description)
