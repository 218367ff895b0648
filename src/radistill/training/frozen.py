"""The output of frozen stages, computed once a view, so that training runs only the rest.

Where the first stages and the batch-norm statistics are frozen, their output for a view never
changes. Fine-tuning the last stage of a ResNet-50 then costs a fraction of a whole pass.
"""

from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from radistill.errors import UsageError
from radistill.files import write_with
from radistill.models import GreyClassifier
from radistill.progress import bar
from radistill.training.task import TrainingTask
from radistill.training.views import Views

FROZEN = "frozen"  # folder of the files
BATCH = 64


class Tail(nn.Module):
    """The stages of `model` after the first `frozen`, and its head.

    Shares its parameters with `model`. Input: (N, C, h, w), the output of `stem`.
    """

    def __init__(self, model: GreyClassifier, frozen: int) -> None:
        super().__init__()
        self.stages = nn.Sequential(*chain.from_iterable(model.stages[frozen:]))
        self.head = model.head
        self.embedding_size = model.embedding_size

    def outputs(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """The last feature map (N, C, h, w) and the embedding (N, D)."""
        feature_map = features
        for module in self.stages:
            features = module(features)
            if features.ndim == 4 and min(features.shape[2:]) > 1:
                feature_map = features
        return feature_map, features

    def embedding(self, features: Tensor) -> Tensor:
        return self.outputs(features)[1]

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.head(self.embedding(features))
        return logits


def stem(model: GreyClassifier, frozen: int, images: Tensor) -> Tensor:
    """The output (N, C, h, w) of the first `frozen` stages for images (N, 1, S, S)."""
    features = model.normalised(images)
    for module in chain.from_iterable(model.stages[:frozen]):
        features = module(features)
    return features


@torch.inference_mode()
def check_split(model: GreyClassifier, frozen: int) -> None:
    """Raise UsageError unless the stages of `model` run one after the other.

    A network with connections around its stages cannot be cut there.
    """
    size = model.input_size
    images = torch.rand(2, 1, size, size, generator=torch.Generator().manual_seed(0))
    images = images.to(next(model.parameters()).device)  # a GPU, once the head was fitted there
    model.eval()
    try:
        whole = model.embedding(images)
        halves = Tail(model, frozen).eval().embedding(stem(model, frozen, images))
        same = torch.allclose(whole, halves, atol=1e-4, rtol=1e-4)
    except (RuntimeError, ValueError):
        same = False
    if not same:
        raise UsageError(
            f"cached_views: {model.architecture} cannot be cut after {frozen} of its "
            f"{len(model.stages)} stages; choose another frozen_stages or cached_views=0"
        )


def frozen_features(
    model: GreyClassifier, frozen: int, task: TrainingTask, views: Views
) -> list[np.ndarray]:
    """By view, the features of the training films, computed unless their file is there.

    Each float16 (N, C, h, w), memory-mapped.
    Raises UsageError if `model` cannot be cut, RadistillError if the disk is full.
    """
    check_split(model, frozen)
    folder = task.folder / FROZEN
    files = [folder / f"{task.key}-view-{view:03d}.npy" for view in range(views.count)]
    with task.accelerator.main_process_first():
        model.eval().to(task.accelerator.device)
        for view, file in enumerate(files):
            if not file.exists():
                write_with(file, partial(_write, model, frozen, task, views, view))
    return [np.load(file, mmap_mode="r") for file in files]


@torch.inference_mode()
def _write(
    model: GreyClassifier, frozen: int, task: TrainingTask, views: Views, view: int, path: Path
) -> None:
    films, title = task.train, f"frozen stages, view {view + 1} of {views.count}"
    # Written in order and not through a memory map, where a full disk kills the process.
    with path.open("wb") as file, bar() as progress:
        for start in progress.track(range(0, len(films), BATCH), description=title):
            rows = np.arange(start, min(start + BATCH, len(films)))
            images = views.images(films, rows, view, task.accelerator.device)
            features = stem(model, frozen, images).half().cpu().numpy()
            if start == 0:
                shape = (len(films), *features.shape[1:])
                header = {"descr": "<f2", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)
            file.write(np.ascontiguousarray(features).tobytes())
