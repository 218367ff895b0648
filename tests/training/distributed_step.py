"""One training step, saved to the file named on the command line; see test_distributed.py."""

import sys
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object

from radistill.config import AugmentConfig, Recipe
from radistill.models import create
from radistill.training import checkpoint
from radistill.training.examples import Examples
from radistill.training.loop import train_one_epoch
from radistill.training.objective import CrossEntropy
from radistill.training.outputs import outputs, plain
from radistill.training.state import start_training
from radistill.training.task import TrainingTask
from radistill.training.views import Views


class Memory:
    size = 32

    def batch(self, shas: list[str]) -> np.ndarray:
        random = [np.random.default_rng(int(sha)) for sha in shas]
        return np.stack([r.integers(0, 256, (32, 32), dtype=np.uint8) for r in random])


STATISTICS = "statistics"  # batch norm in training mode, with averaged weights


def one_step(out: Path, name: str, accelerator: Accelerator) -> None:
    architecture = "resnet18" if name == STATISTICS else name
    recipe = Recipe(
        architecture=architecture,
        optimizer="sgd",
        learning_rate=0.1,
        batch_size=12,
        batch_norm="frozen",
        clip_norm=1.0,
    )
    if name == STATISTICS:
        recipe = recipe.model_copy(update={"batch_norm": "train", "ema": 0.5})
    targets = np.arange(12, dtype=np.int64) % 3
    films = Examples(Memory(), tuple(str(i) for i in range(12)), targets, (0, 1, 2))
    torch.manual_seed(0)
    model, _ = create(architecture, classes=3, weights="random", input_size=32)
    initial = model.head[-1].weight.detach().clone()
    objective = CrossEntropy(0.1)
    state = start_training(model, recipe, 1, objective, accelerator)
    task = TrainingTask("test", films, films, 1, out.parent, "k", 0, accelerator)
    train_one_epoch(state, recipe, task, Views(1, 0, AugmentConfig()), epoch=1)
    buffers = [dict(network.named_buffers()) for network in (model, state.scored)]
    statistics = gather_object([buffers])  # of every process
    model.eval()
    logits = outputs(model, 12, plain(films), accelerator, batch_size=4)
    if accelerator.is_main_process:
        weights = checkpoint.copy_state(model)
        values = {"weights": weights, "logits": logits, "initial_head": initial}
        values["statistics"] = statistics
        torch.save({**values, "n": accelerator.num_processes}, out)


if __name__ == "__main__":
    together = Accelerator(cpu=True)
    for name in sys.argv[2:]:
        one_step(Path(sys.argv[1]) / f"{name}.pt", name, together)
    together.end_training()
