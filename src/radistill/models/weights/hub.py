"""The weights that timm names for its networks, from the Hugging Face hub and its cache."""

from __future__ import annotations

from pathlib import Path

import timm
from huggingface_hub import constants, get_session, hf_hub_download, try_to_load_from_cache

from radistill.errors import RadistillError, UsageError
from radistill.models.networks import timm_name
from radistill.models.weights.tensors import WeightsFile, read_weights

TIMEOUT_SECONDS = 8.0


def from_timm(architecture: str, cache: Path) -> WeightsFile:
    """The file on the hub. It stays in the hub's own cache (see $HF_HOME), not in `cache`.

    Raises UsageError if timm names none, RadistillError if it cannot be had.
    """
    address = hub_address(architecture)
    if address is None:
        raise UsageError(f"timm has no pretrained weights of {architecture}")
    file = hub_file(architecture)
    try:
        if file is None:
            # The client itself would try for 50 seconds where nothing answers.
            get_session().head(constants.ENDPOINT, timeout=TIMEOUT_SECONDS)
            file = Path(hf_hub_download(*address))
    except Exception as error:  # the client's errors have no base of their own
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RadistillError(f"{'/'.join(address)} cannot be had from the hub ({reason})") from None
    return read_weights(file, "timm")


def hub_address(architecture: str) -> tuple[str, str] | None:
    """Repository and file of the weights of `architecture` on the hub; None if there are none."""
    # Those were trained with timm's constants of batch norm, not with torchvision's.
    name = "" if architecture.startswith("mobilenet_v3_") else timm_name(architecture)
    known = timm.get_pretrained_cfg(name)
    if known is None or not known.hf_hub_id:
        return None
    return known.hf_hub_id, known.hf_hub_filename or "model.safetensors"


def hub_file(architecture: str) -> Path | None:
    """The file in the hub's cache, if it was downloaded before."""
    address = hub_address(architecture)
    file = try_to_load_from_cache(*address) if address else None
    return Path(file) if isinstance(file, str) else None


def licence(architecture: str) -> str:
    """As timm states it."""
    known = timm.get_pretrained_cfg(timm_name(architecture))
    return (known and known.license) or "unknown"
