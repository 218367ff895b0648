from dataclasses import replace

import numpy as np
import torch

from radistill.training.outputs import outputs, plain
from radistill.training.validation import validate, validation_figures


def test_order_and_batches_do_not_matter(films, accelerator) -> None:
    examples = films(11)

    def first_pixel(images: torch.Tensor) -> torch.Tensor:
        return images[:, 0, 0, :2]

    values = outputs(first_pixel, 11, plain(examples), accelerator, batch_size=4)
    expected = examples.squares(np.arange(11))[:, 0, :2] / 255
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
