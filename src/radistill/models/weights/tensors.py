"""Reading a file of weights without unpickling anything."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from radistill.errors import UsageError
from radistill.files import sha256, write_with

V1_STRIDES = "v1"


@dataclass(frozen=True)
class WeightsFile:
    """Tensors by key, with the file they were read from.

    metadata: of a safetensors file; `stride` starting with `v1` marks the strides of the
    original ResNet, `architecture` names the network.
    """

    state: dict[str, Tensor]
    source: str
    path: Path
    sha256: str
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def variant(self) -> str:
        """`v1`, or empty."""
        return V1_STRIDES if self.metadata.get("stride", "").startswith(V1_STRIDES) else ""


def read_weights(path: Path, source: str = "file") -> WeightsFile:
    """Read safetensors or .pth/.pt (`weights_only=True`), or the folder of a saved model.

    float16 and bfloat16 tensors become float32. Keys are given as in the original network:
    a saved model loses its `backbone.`, its head and its normalisation.
    Raises UsageError if the file is absent or is not a file of weights.
    """
    file = path / "weights.safetensors" if path.is_dir() else path
    if not file.is_file():
        raise UsageError(f"{file}: no such file of weights")
    metadata: dict[str, str] = {}
    if file.suffix == ".safetensors":
        state, metadata = read_safetensors(file)
    elif file.suffix in (".pth", ".pt"):
        state = _read_torch(file)
    else:
        raise UsageError(f"{file}: weights are read from .safetensors, .pth or .pt")
    state = {k: v.float() if v.is_floating_point() else v for k, v in _plain_keys(state).items()}
    return WeightsFile(state, source, file, sha256(file), metadata)


def write_safetensors(file: Path, state: Mapping[str, Tensor], metadata: dict[str, str]) -> None:
    """Write tensors of any device and layout to `file`, atomically; equal input, equal bytes."""
    plain = {key: tensor.detach().cpu().contiguous() for key, tensor in state.items()}
    # Bytes and not save_file, which makes a file that only its owner may read.
    content = _with_sorted_metadata(save(plain, metadata))
    write_with(file, lambda path: path.write_bytes(content))


def _with_sorted_metadata(content: bytes) -> bytes:
    """Undo the random order in which safetensors writes the metadata.

    The format: length of the header (8 bytes), header in JSON, padded with spaces, tensors.
    """
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode().ljust(length)
    return len(text).to_bytes(8, "little") + text + content[8 + length :]


def read_safetensors(file: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors as stored, and metadata; UsageError if `file` is broken."""
    try:
        with safe_open(file, framework="pt") as opened:
            return {key: opened.get_tensor(key) for key in opened.keys()}, opened.metadata() or {}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise UsageError(f"{file}: is not a whole safetensors file ({error})") from None


def _read_torch(file: Path) -> dict[str, Tensor]:
    try:
        value: Any = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a broken or a pickled file
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise UsageError(
            f"{file}: cannot be read as plain weights ({reason}). Files with pickled objects "
            "are refused; save the state_dict alone, or better as safetensors."
        ) from None
    for name in ("state_dict", "model"):  # as training scripts wrap it
        if isinstance(value, dict) and isinstance(value.get(name), dict):
            value = value[name]
    if not isinstance(value, dict) or not all(isinstance(v, Tensor) for v in value.values()):
        raise UsageError(f"{file}: holds no state_dict (names of tensors)")
    return value


def _plain_keys(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Without the prefixes of DataParallel, and of a saved model only its backbone."""
    state = {key.removeprefix("module."): value for key, value in state.items()}
    prefix = "backbone."
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)} or state
