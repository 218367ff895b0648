"""Distillation as an objective of the training loop."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from radistill.distill.losses import hinton_loss
from radistill.distill.teacher_cache import TeacherOutputs


class Hinton:
    """`hinton_loss` against cached teacher outputs of the same view of the same film."""

    def __init__(
        self,
        teacher: TeacherOutputs,
        *,
        temperature: float,
        alpha: float,
        label_smoothing: float = 0.0,
    ) -> None:
        self.teacher = teacher
        self.temperature = temperature
        self.alpha = alpha
        self.label_smoothing = label_smoothing

    def __call__(
        self, logits: torch.Tensor, targets: torch.Tensor, shas: Sequence[str], view: int
    ) -> torch.Tensor:
        teacher = self.teacher.lookup(shas, view).to(logits.device)
        return hinton_loss(
            logits,
            teacher,
            targets,
            temperature=self.temperature,
            alpha=self.alpha,
            label_smoothing=self.label_smoothing,
        )["total"]
