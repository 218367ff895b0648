from dataclasses import replace

import numpy as np
import pytest
import torch

from radistill.models import create
from radistill.training.outputs import outputs, plain
from radistill.training.tensor_corruptions import VALIDATION, corrupt
from radistill.training.validation import auc, validate, validation_figures


def test_order_and_batches_do_not_matter(films, accelerator) -> None:
    examples = films(11)

    def first_pixel(images: torch.Tensor) -> torch.Tensor:
        return images[:, 0, 0, :2]

    values = outputs(first_pixel, 11, plain(examples), accelerator, batch_size=4)
    expected = examples.squares(np.arange(11)).numpy()[:, 0, :2] / 255
    np.testing.assert_allclose(values.numpy(), expected, rtol=1e-6)


def test_worst_auc_is_at_most_the_auc(films, accelerator) -> None:
    class Left(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            score = x[:, 0, :, :16].mean(dim=(1, 2)) - x[:, 0, :, 16:].mean(dim=(1, 2))
            return torch.stack([-score, score], dim=1)

    clean = validate(Left(), films(40), 1, "auc", accelerator)
    worst = validate(Left(), films(40), 1, "worst_auc", accelerator)
    loss = validate(Left(), films(40), 1, "log_loss", accelerator)
    assert clean.criterion == clean.val_auc == 1.0
    assert worst.criterion <= clean.val_auc
    assert loss.criterion == -clean.val_loss


def test_validation_of_one_class_has_no_auc(films) -> None:
    one_class = replace(films(4), targets=np.zeros(4, np.int64))
    figures = validation_figures(torch.zeros(4, 2), one_class, 1, "auc")
    assert figures.val_auc == 0.5
    assert figures.val_accuracy == 1.0


def test_subtypes_are_judged_as_their_class(films) -> None:
    """Bacterial and viral mixed up, but never with normal: all is right but for the loss."""
    val = replace(films(3), targets=np.array([0, 1, 2]), class_of=(0, 1, 1))
    logits = torch.tensor([[5.0, 0, 0], [0, 0, 5], [0, 5, 0]])
    figures = validation_figures(logits, val, 1, "auc")
    assert (figures.val_auc, figures.val_accuracy) == (1.0, 1.0)
    assert figures.val_loss > 3


def test_a_batch_that_the_memory_does_not_hold_is_halved(films, accelerator) -> None:
    sizes = []

    def small_card(images: torch.Tensor) -> torch.Tensor:
        sizes.append(len(images))
        if len(images) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return images[:, 0, 0, :2]

    examples = films(11)
    values = outputs(small_card, 11, plain(examples), accelerator, batch_size=8)
    expected = examples.squares(np.arange(11)).numpy()[:, 0, :2] / 255
    np.testing.assert_allclose(values.numpy(), expected, rtol=1e-6)
    assert sizes == [8, 4, 2, 2, 2, 2, 2, 1]


def test_another_fault_of_the_network_is_not_taken_for_too_little_memory(films, accelerator):
    def broken(images: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("sizes of tensors must match")

    with pytest.raises(RuntimeError, match="must match"):
        outputs(broken, 4, plain(films(4)), accelerator)


def test_the_worst_auc_is_over_the_images_and_each_corruption(films, accelerator) -> None:
    """As if each were scored alone."""
    torch.manual_seed(0)
    model, _ = create("baseline", classes=2, weights="random", input_size=32)
    val = films(40)
    model.eval()
    figures = validate(model, val, 1, "worst_auc", accelerator)
    images = plain(val)(np.arange(40))
    with torch.no_grad():
        scores = [
            auc(model(shown), val.classes, (0, 1), 1)
            for shown in [images, *(corrupt(images, k, k.severities[1]) for k in VALIDATION)]
        ]
    assert figures.val_auc == scores[0]
    assert figures.criterion == min(scores)
