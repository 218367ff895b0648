"""Files of tensors and plain values that let a killed training resume; nothing is unpickled."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from radistill.files import write_with

Tensors = dict[str, torch.Tensor]


def save(path: Path, state: Mapping[str, object]) -> None:
    """Write `state` (tensors and plain values) atomically."""

    # Through memory, so that a full disk is an OSError of ours and not one of torch's many.
    content = io.BytesIO()
    torch.save(state, content)
    write_with(path, lambda temporary: temporary.write_bytes(content.getbuffer()))


def load(path: Path, key: str) -> dict[str, Any] | None:
    """The state at `path` if it belongs to `key`; None if there is none, or it is damaged."""
    if not path.exists():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # torch raises many kinds; any of them means: train again from the start
        return None
    return dict(state) if state.get("key") == key else None


def copy_state(module: torch.nn.Module) -> Tensors:
    """The weights of `module`, detached and on the CPU."""
    return {name: value.detach().cpu().clone() for name, value in module.state_dict().items()}
