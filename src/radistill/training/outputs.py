"""Outputs of a network for a set of films, computed by all processes of a launch together."""

from collections.abc import Callable

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from accelerate.utils.memory import should_reduce_batch_size

from radistill.progress import bar
from radistill.training.examples import CPU, Examples
from radistill.training.memory import keep_freed_memory
from radistill.training.views import unit

Draw = Callable[[np.ndarray], torch.Tensor]  # rows -> float32 (N, 1, S, S)
_WAITING = 1 << 26  # numbers that may stay on the device


def plain(examples: Examples, device: torch.device = CPU) -> Draw:
    """The images as they are, as at inference."""
    return lambda rows: unit(examples.squares(rows, device))


def images_at_once(accelerator: Accelerator) -> int:
    """A batch without gradients that suits the device."""
    return 256 if accelerator.device.type == "cuda" else 64


@torch.inference_mode()
def outputs(
    network: Callable[[torch.Tensor], torch.Tensor],
    count: int,
    draw: Draw,
    accelerator: Accelerator,
    *,
    batch_size: int | None = None,
    description: str = "",
) -> torch.Tensor:
    """Apply `network` (a module in eval mode, or its `embedding`) to `count` images.

    Returns float32 (count, D) on the CPU, in the order of the rows, in every process. A progress
    bar is shown where `description` is given. batch_size: at most; halved where the memory of the
    device does not hold it.
    """
    keep_freed_memory()
    rows = np.arange(accelerator.process_index, count, accelerator.num_processes)
    batch = batch_size or images_at_once(accelerator)
    waiting: list[torch.Tensor] = []  # a GPU goes on with the next batch meanwhile
    pieces: list[torch.Tensor] = []
    start = 0
    with bar() as progress:
        show = bool(description) and accelerator.is_main_process
        shown = progress.add_task(description, total=len(rows), visible=show)
        while start < len(rows):
            try:
                with accelerator.autocast():
                    result = network(draw(rows[start : start + batch]).to(accelerator.device))
            except RuntimeError as error:
                if batch == 1 or not should_reduce_batch_size(error):
                    raise
                batch //= 2
                continue
            waiting.append(result.float())
            start += len(result)
            if start >= len(rows) or len(waiting) * result.numel() > _WAITING:
                pieces.append(torch.cat(waiting).cpu())
                waiting.clear()
            progress.update(shown, completed=start)
    joined = torch.cat(pieces)
    if accelerator.num_processes == 1:
        return joined
    shares = gather_object([(rows, joined)])
    order = np.argsort(np.concatenate([some for some, _ in shares]))
    return torch.cat([share for _, share in shares])[torch.from_numpy(order)]
