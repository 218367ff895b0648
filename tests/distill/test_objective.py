import pytest
import torch
from torch.nn import functional as F

from radistill.config import DistillConfig, GeneralConfig, Method
from radistill.distill.objective import Distillation
from radistill.distill.teacher_outputs import TeacherOutputCache, TeacherOutputs, average
from radistill.errors import RadistillError
from radistill.training.learner import NetworkOutputs, attention_map

SHAS = ["a", "b", "c", "d"]
ROWS = torch.arange(4)
ALL = ("hinton", "hint", "attention", "rkd_distance", "rkd_angle", "dist")


def draw(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def teacher(seed: int = 0, outputs: int = 3, embedding: int = 6) -> TeacherOutputCache:
    maps = attention_map(draw(seed + 2, 4, 2, 6, 6))
    view = TeacherOutputs(draw(seed, 4, outputs), draw(seed + 1, 4, embedding), maps)
    return TeacherOutputCache(SHAS, view)


def student() -> NetworkOutputs:
    return NetworkOutputs(
        draw(5, 4, 3), draw(6, 4, 8), attention_map(draw(7, 4, 2, 3, 3)), draw(8, 4, 6)
    )


def labels() -> torch.Tensor:
    return F.one_hot(torch.tensor([0, 1, 2, 0]), 3).float()


def test_no_weight_on_the_teacher_is_cross_entropy() -> None:
    config = DistillConfig(methods=(Method(name="hinton", weight=1e-9),), label_weight=1.0)
    losses = Distillation(teacher(), config)(student(), labels(), ROWS)
    expected = F.cross_entropy(student().logits, labels(), reduction="none")
    torch.testing.assert_close(losses, expected)


def test_a_combination_is_the_weighted_sum_of_its_methods() -> None:
    methods = tuple(Method(name=name, weight=i + 1) for i, name in enumerate(ALL))
    together = Distillation(teacher(), DistillConfig(methods=methods, label_weight=0))
    total = together(student(), labels(), ROWS)
    alone = [
        i
        * Distillation(teacher(), DistillConfig(methods=(Method(name=name),), label_weight=0))(
            student(), labels(), ROWS
        )
        for i, name in enumerate(ALL, start=1)
    ]
    assert total.shape == (4,)
    torch.testing.assert_close(total, torch.stack(alone).sum(dim=0))


def test_the_order_of_the_batch_does_not_matter() -> None:
    objective = Distillation(teacher(), DistillConfig(methods=(Method(name="hinton"),)))
    turned = NetworkOutputs(*(part.flip(0) for part in student()))
    torch.testing.assert_close(
        objective(turned, labels().flip(0), ROWS.flip(0)),
        objective(student(), labels(), ROWS).flip(0),
    )


def test_only_hints_have_a_projector_of_the_teachers_size() -> None:
    hint = Distillation(teacher(), DistillConfig(methods=(Method(name="hint"),)))
    assert hint.projector(8).weight.shape == (6, 8)
    assert Distillation(teacher(), DistillConfig()).projector(8) is None


def test_what_does_not_fit_is_refused_by_name() -> None:
    with pytest.raises(RadistillError, match="2 outputs and the student 3"):
        Distillation(teacher(outputs=2), DistillConfig())(student(), labels(), ROWS)


def test_several_teachers_are_averaged() -> None:
    two = average([teacher(0), teacher(10)])
    one, other, both = (t.lookup(ROWS) for t in (teacher(0), teacher(10), two))
    torch.testing.assert_close(both.logits, (one.logits + other.logits) / 2)
    assert two.embedding_size == 12
    same = average([teacher(0), teacher(0)]).lookup(ROWS)
    torch.testing.assert_close(same.logits, one.logits)
    with pytest.raises(RadistillError, match="different numbers of outputs: 3, 2"):
        average([teacher(0), teacher(0, outputs=2)])


def test_a_film_without_a_label_learns_from_the_teacher_alone() -> None:
    targets = labels()
    targets[1] = 0
    objective = Distillation(teacher(), DistillConfig())
    with_label, without = (objective.parts(student(), given, ROWS) for given in (labels(), targets))
    assert without["labels"][1] == 0
    assert torch.equal(without["hinton"], with_label["hinton"])
    assert torch.equal(without["labels"][[0, 2, 3]], with_label["labels"][[0, 2, 3]])


def test_attention_maps_of_several_sizes_matter_to_the_method_alone() -> None:
    one, other = teacher(0), teacher(10)
    small = other.every._replace(attention=attention_map(draw(9, 4, 2, 3, 3)))
    both = average([one, TeacherOutputCache(SHAS, small)])
    assert Distillation(both, DistillConfig())(student(), labels(), ROWS).isfinite().all()
    with pytest.raises(RadistillError, match="attention maps of different sizes"):
        Distillation(both, DistillConfig(methods=(Method(name="attention"),)))


def test_hints_of_two_teachers_stand_side_by_side() -> None:
    """Each is the loss of its own part of the projector, against its own embedding."""
    task, general = teacher(0, embedding=6), teacher(20, outputs=2, embedding=5)
    methods = (
        Method(name="hint"),
        Method(name="hint", teacher="general", weight=3.0),
        Method(name="rkd_distance", teacher="general"),
    )
    named = GeneralConfig(architecture="resnet18")
    both = Distillation(task, DistillConfig(methods=methods, general=named), general)
    assert both.projector(8).weight.shape == (11, 8)
    outputs = student()._replace(projected=draw(8, 4, 11))
    parts = both.parts(outputs, labels(), ROWS)
    assert list(parts) == ["labels", "hint", "hint general", "rkd_distance general"]
    expected = (outputs.projected[:, :6] - task.every.embedding).square().mean(dim=1)
    torch.testing.assert_close(parts["hint"], expected)
    expected = 3 * (outputs.projected[:, 6:] - general.every.embedding).square().mean(dim=1)
    torch.testing.assert_close(parts["hint general"], expected)
    alone = Distillation(task, DistillConfig(methods=methods[1:2], general=named), general)
    assert alone.projector(8).weight.shape == (5, 8)
