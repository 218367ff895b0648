"""Distillation as an objective of the training loop: a weighted list of methods."""

import torch
from torch import nn
from torch.nn import functional as F

from radistill.config import DistillConfig, Method
from radistill.distill.losses import attention_loss, hint_loss, kd_loss, resize_maps
from radistill.distill.relations import dist_loss, rkd_angle_loss, rkd_distance_loss
from radistill.distill.teacher_outputs import TeacherOutputCache, TeacherOutputs
from radistill.errors import RadistillError
from radistill.training.examples import Examples
from radistill.training.learner import NetworkOutputs

_READ = {"hinton": "logits", "dist": "logits", "attention": "attention"}  # else the embedding


class Distillation:
    """label_weight * cross-entropy + sum of weight * method, against cached teacher outputs.

    Those are of the same view of the same film, mixup included. A film without a label, whose
    target is all zeros, has no cross-entropy. general: outputs of the network that methods with
    `teacher: general` learn from. Raises RadistillError for attention maps that the teachers do
    not share.
    """

    def __init__(
        self,
        teacher: TeacherOutputCache,
        config: DistillConfig,
        general: TeacherOutputCache | None = None,
    ) -> None:
        self.teacher, self.general = teacher, general
        self.config = config
        self.attention = any(method.name == "attention" for method in config.methods)
        if self.attention and not teacher.every.attention.shape[1]:
            raise RadistillError(
                "the teachers have attention maps of different sizes; leave the method "
                "'attention' out, or use teachers of one architecture and input size"
            )

    def start(self, films: Examples, device: torch.device) -> None:
        """Put the outputs that the methods read on the device; RadistillError for other films."""
        self.teacher = self.teacher.on(films, device, parts_read(self.config))
        if self.general is not None:
            self.general = self.general.on(films, device, {"embedding"})

    def projector(self, embedding_size: int) -> nn.Module | None:
        """Linear(embedding_size, D of the teacher) for the method `hint`; of two side by side."""
        sizes = [self._of(m).embedding_size for m in self.config.methods if m.name == "hint"]
        return nn.Linear(embedding_size, sum(sizes)) if sizes else None

    def _of(self, method: Method) -> TeacherOutputCache:
        if method.teacher == "task":
            return self.teacher
        assert self.general is not None
        return self.general

    def __call__(
        self, outputs: NetworkOutputs, targets: torch.Tensor, seen: torch.Tensor
    ) -> torch.Tensor:
        """(N,). Raises RadistillError if teacher and student do not fit together."""
        parts = self.parts(outputs, targets, seen)
        return torch.stack(list(parts.values())).sum(dim=0)

    def parts(
        self, outputs: NetworkOutputs, targets: torch.Tensor, seen: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """The weighted parts (N,), by the name of the method; `labels` for the cross-entropy.

        Of a method that learns from the general network `general` follows its name.
        """
        teacher = self.teacher.lookup(seen)
        if teacher.logits.shape != outputs.logits.shape:
            raise RadistillError(
                f"the teacher has {teacher.logits.shape[1]} outputs and the student "
                f"{outputs.logits.shape[1]}: they were trained on different classes"
            )
        labels = F.cross_entropy(outputs.logits, targets, reduction="none")
        parts, start = {"labels": self.config.label_weight * labels}, 0
        for method in self.config.methods:
            own, general = teacher, method.teacher == "general"
            if general:
                own = self._of(method).lookup(seen)
            student = outputs
            if method.name == "hint":
                end = start + own.embedding.shape[1]
                student, start = outputs._replace(projected=outputs.projected[:, start:end]), end
            name = f"{method.name} general" if general else method.name
            parts[name] = method.weight * loss_of(method, student, own)
        return parts


def parts_read(config: DistillConfig) -> set[str]:
    """The outputs of the task's teachers that the methods read; always the logits."""
    own = [method for method in config.methods if method.teacher == "task"]
    return {_READ.get(method.name, "embedding") for method in own} | {"logits"}


def loss_of(method: Method, student: NetworkOutputs, teacher: TeacherOutputs) -> torch.Tensor:
    """The loss (N,) of one method, without its weight."""
    if method.name == "hinton":
        return kd_loss(student.logits, teacher.logits, method.temperature)
    if method.name == "dist":
        return dist_loss(student.logits, teacher.logits, method.temperature)
    if method.name == "hint":
        return hint_loss(student.projected, teacher.embedding)
    if method.name == "attention":
        maps = resize_maps(teacher.attention, student.attention.shape[1])
        return attention_loss(student.attention, maps)
    if method.name == "rkd_distance":
        return rkd_distance_loss(student.embedding, teacher.embedding)
    return rkd_angle_loss(student.embedding, teacher.embedding)
