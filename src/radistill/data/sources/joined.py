"""A data set together with folders of films without labels, read as one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from radistill.data.film_index import Stamp
from radistill.data.sources.source import FilmReader, FilmSource


@dataclass
class _Joined:
    """Reads the films of `own`, and those of each other reader below its name."""

    root: str
    own: FilmReader
    others: Mapping[str, FilmReader]

    def stamp(self, path: str) -> Stamp | None:
        reader, inner = self._find(path)
        return reader.stamp(inner)

    def content(self, path: str) -> bytes:
        reader, inner = self._find(path)
        return reader.content(inner)

    def pixels(self, path: str, content: bytes) -> np.ndarray:
        reader, inner = self._find(path)
        return reader.pixels(inner, content)

    def _find(self, path: str) -> tuple[FilmReader, str]:
        name, _, inner = path.partition("/")
        return (self.others[name], inner) if name in self.others else (self.own, path)


def joined(source: FilmSource, others: Mapping[str, FilmSource]) -> FilmSource:
    """`source` with the films of `others`, whose paths start with these names."""
    if not others:
        return source
    readers = {name: other.reader for name, other in others.items()}
    root = "\n".join(reader.root for reader in (source.reader, *readers.values()))
    return replace(
        source,
        films=(*source.films, *(film for other in others.values() for film in other.films)),
        reader=_Joined(root, source.reader, readers),
    )
