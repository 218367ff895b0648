"""The average of several teachers, which is what taught the student: a model to score as any."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from radistill.config import EvaluationConfig
from radistill.explain.cost import cost
from radistill.metrics.score import ScoredModel
from radistill.models.saved import WEIGHTS
from radistill.schema.figures import Cost
from radistill.study.distil import TEACHER
from radistill.study.fit import Study, score
from radistill.study.rundir import digest
from radistill.study.trained import METRICS, StudyModel, TrainedModel


class TeacherAverage(StudyModel):
    """The mean logits of `members`, which have the weights; the folder holds none.

    left_out: teachers of the study that made the average worse on validation.
    """

    def __init__(
        self, folder: Path, members: Sequence[TrainedModel], left_out: Sequence[TrainedModel] = ()
    ) -> None:
        super().__init__(folder, members[0].positive)
        self.members = members
        self.left_out = tuple(model.name for model in left_out)
        self.input_size = max(member.input_size for member in members)
        self.weights_sha256 = digest([member.weights_sha256 for member in members])

    @property
    def architecture(self) -> str:
        names = sorted({member.architecture for member in self.members})
        if len(self.members) == 1:
            return names[0]
        return f"average of {len(self.members)} {' and '.join(names)}"

    @property
    def network(self) -> AveragedNetworks:
        """All members in one pass, to measure its cost."""
        return AveragedNetworks(self.members)

    def scored(self, config: EvaluationConfig, seed: int) -> ScoredModel:
        model = super().scored(config, seed)
        if not self.left_out:
            return model
        return replace(model, result=model.result.model_copy(update={"left_out": self.left_out}))

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


def score_average(
    study: Study, teachers: Sequence[TrainedModel], left_out: Sequence[TrainedModel]
) -> TeacherAverage:
    """Score the average of `teachers` as the model `teacher`, unless the run has it."""
    run, wait = study.run, study.accelerator.wait_for_everyone
    final = TeacherAverage(run.folder / TEACHER, teachers, left_out)
    for name in final.left_out:
        study.say(f"{name}: left out, for without it the average is better on validation")
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
