"""What a network takes, made block by block, on a GPU while the block before is in use."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import torch

Block = TypeVar("Block")
LARGEST = 1 << 27  # bytes of a block
FILMS = 2048  # in a block at most


def blocks(
    make: Callable[[np.ndarray], Block],
    rows: np.ndarray,
    device: torch.device,
    film_bytes: int,
    batch: int = 1,
) -> Iterator[tuple[np.ndarray, Block]]:
    """Yield the rows of each block, whole batches but for the last, with what `make` gives.

    On a GPU the next block is made by a thread, on a stream of its own.
    """
    some = max(1, min(FILMS, LARGEST // film_bytes) // batch) * batch
    parts = [rows[start : start + some] for start in range(0, len(rows), some)]
    if device.type != "cuda":
        for part in parts:
            yield part, make(part)
        return
    stream = torch.cuda.Stream(device)

    def ahead(part: np.ndarray) -> tuple[Block, torch.cuda.Event]:
        with torch.cuda.device(device), torch.cuda.stream(stream):
            return make(part), stream.record_event()

    stream.wait_stream(torch.cuda.current_stream(device))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ahead, parts[0]) if parts else None
        for number, part in enumerate(parts, 1):
            assert waiting is not None
            block, ready = waiting.result()
            if number < len(parts):
                waiting = pool.submit(ahead, parts[number])
            current = torch.cuda.current_stream(device)
            current.wait_event(ready)
            for tensor in block if isinstance(block, tuple) else (block,):
                if isinstance(tensor, torch.Tensor) and tensor.is_cuda:
                    tensor.record_stream(current)
            yield part, block
