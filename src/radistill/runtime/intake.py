"""Films from paths, one after the other; a bad file gives a refusal and the rest go on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from radistill.imaging import DecodeError, bits_in_use, decode, read_content


@dataclass(frozen=True)
class Decoded:
    """An upright film: pixels uint8 (H, W), bright where dense."""

    path: str
    sha256: str
    pixels: np.ndarray
    source: str = "image"
    tags: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    path: str
    code: str
    message: str


class Intake:
    """A context manager that decodes in this process."""

    def __init__(self, *, workers: int = 1) -> None:
        self.workers = workers

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def decode(self, paths: Iterable[Path]) -> Iterator[Decoded | Refused]:
        """One result a path, in order, lazily."""
        for path in paths:
            try:
                content = read_content(path)
                grey = decode(content)
                if grey.dtype != np.uint8:
                    grey = (grey.astype(np.float32) / (2 ** bits_in_use(grey) - 1) * 255).astype(
                        np.uint8
                    )
                yield Decoded(str(path), hashlib.sha256(content).hexdigest(), grey)
            except DecodeError as error:
                yield Refused(str(path), error.code, error.reason)
