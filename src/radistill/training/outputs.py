"""Outputs of a network for a set of films, computed by all processes of a launch together."""

from collections.abc import Callable

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object

from radistill.imaging import to_unit
from radistill.progress import bar
from radistill.training.examples import Examples
from radistill.training.memory import keep_freed_memory

Draw = Callable[[np.ndarray], torch.Tensor]  # rows -> float32 (N, 1, S, S)


def plain(examples: Examples) -> Draw:
    """The images as they are, as at inference."""
    return lambda rows: torch.from_numpy(to_unit(examples.squares(rows)))


@torch.inference_mode()
def outputs(
    network: Callable[[torch.Tensor], torch.Tensor],
    count: int,
    draw: Draw,
    accelerator: Accelerator,
    *,
    batch_size: int = 64,
    description: str = "",
) -> torch.Tensor:
    """Apply `network` (a module in eval mode, or its `embedding`) to `count` images.

    Returns float32 (count, D) on the CPU, in the order of the rows, in every process. A progress
    bar is shown where `description` is given.
    """
    keep_freed_memory()
    rows = np.arange(accelerator.process_index, count, accelerator.num_processes)
    chunks = [rows[i : i + batch_size] for i in range(0, len(rows), batch_size)]
    pieces: list[tuple[np.ndarray, torch.Tensor]] = []
    with bar() as progress:
        show = bool(description) and accelerator.is_main_process
        for chunk in progress.track(chunks, description=description) if show else chunks:
            with accelerator.autocast():
                result = network(draw(chunk).to(accelerator.device))
            pieces.append((chunk, result.float().cpu()))
    if accelerator.num_processes > 1:
        pieces = gather_object(pieces)
    joined = torch.cat([piece for _, piece in pieces])
    order = np.argsort(np.concatenate([chunk for chunk, _ in pieces]))
    return joined[torch.from_numpy(order)]
