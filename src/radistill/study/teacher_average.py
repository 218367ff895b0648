"""The average of several teachers, which is what taught the student: a model to score as any."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from radistill.explain.cost import cost
from radistill.models.saved import WEIGHTS
from radistill.schema.figures import Cost
from radistill.study.distil import TEACHER
from radistill.study.fit import Study, score
from radistill.study.rundir import digest
from radistill.study.trained import METRICS, StudyModel, TrainedModel


class TeacherAverage(StudyModel):
    """The mean logits of `members`, which have the weights; the folder holds none."""

    def __init__(self, folder: Path, members: Sequence[TrainedModel]) -> None:
        super().__init__(folder, members[0].positive)
        self.members = members
        self.input_size = max(member.input_size for member in members)
        self.weights_sha256 = digest([member.weights_sha256 for member in members])

    @property
    def architecture(self) -> str:
        names = sorted({member.architecture for member in self.members})
        return f"average of {len(self.members)} {' and '.join(names)}"

    @property
    def network(self) -> AveragedNetworks:
        """All members in one pass, to measure its cost."""
        return AveragedNetworks(self.members)

    def cost(self) -> Cost:
        """Of all members together."""
        files = [member.folder / WEIGHTS for member in self.members]
        measured = cost(self.network, self.input_size, files[0])
        file_bytes = sum(file.stat().st_size for file in files)
        return measured.model_copy(update={"file_bytes": file_bytes})

    def training_seconds(self) -> float | None:
        """Of all members together; None where that of one is not known."""
        scored = [member.metrics for member in self.members if (member.folder / METRICS).is_file()]
        known = [one.training_seconds for one in scored if one.training_seconds is not None]
        return round(sum(known), 1) if len(known) == len(self.members) else None


class AveragedNetworks(nn.Module):
    """float32 (N, 1, S, S) -> mean logits (N, outputs); S is the greatest input size."""

    def __init__(self, members: Sequence[TrainedModel]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(member.network for member in members)
        self.sizes = [member.input_size for member in members]

    def forward(self, images: Tensor) -> Tensor:
        logits = [
            network(images if size == images.shape[-1] else F.interpolate(images, size=size))
            for network, size in zip(self.networks, self.sizes, strict=True)
        ]
        return torch.stack(logits).mean(dim=0)


def score_average(study: Study, teachers: Sequence[TrainedModel]) -> TeacherAverage:
    """Score the average of `teachers` as the model `teacher`, unless the run has it."""
    run, wait = study.run, study.accelerator.wait_for_everyone
    final = TeacherAverage(run.folder / TEACHER, teachers)
    key = study.key("average", final.weights_sha256, study.scoring)
    kept = run.done(TEACHER, key)
    wait()
    if kept:
        study.say(f"{TEACHER}: scored before, kept")
        return final
    study.say(f"[bold]{TEACHER}[/bold]: {final.architecture}")
    working = TeacherAverage(run.working(TEACHER), teachers)
    if study.main:  # what a killed training of one teacher has left there
        shutil.rmtree(working.folder, ignore_errors=True)
    score(
        study,
        working,
        [teacher.network for teacher in teachers],
        architecture=final.architecture,
        cost=working.cost,
        training_seconds=working.training_seconds,
    )
    if study.main:
        run.finish(TEACHER, key)
    wait()
    return final
