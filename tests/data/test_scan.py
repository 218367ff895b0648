"""Each film is decoded once, and again only if its content or what is wanted of it changed."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from radistill.config import DataConfig
from radistill.data import Dataset, load_dataset
from radistill.data.cache import open_cache
from radistill.data.external_data import ExternalData, read_external
from radistill.data.film_index import FilmIndex
from radistill.data.sources import image_files
from radistill.errors import UsageError
from radistill.files import sha256
from radistill.imaging import decode, read_content, to_square

LONG_AGO = 10**18  # nanoseconds: beyond doubt older than the clock's tick


class Work:
    """Which files are read and which contents decoded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read: Counter[str] = Counter()
        self.decoded: Counter[str] = Counter()
        monkeypatch.setattr(image_files, "read_content", self._read)
        monkeypatch.setattr(image_files, "decode", self._decode)

    def _read(self, path: Path) -> bytes:
        self.read[path.name] += 1
        return read_content(path)

    def _decode(self, content: bytes) -> np.ndarray:
        self.decoded[sha256(content)] += 1
        return decode(content)

    def load(self, root: Path, cache: Path, *sizes: int) -> Dataset:
        """Load a data set, with the counts of this loading alone."""
        self.read.clear()
        self.decoded.clear()
        return load_dataset(root, DataConfig(), 0, cache=cache, sizes=sizes)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    return Work(monkeypatch)


@pytest.fixture
def old(kaggle: Path) -> Path:
    """The Kaggle files, changed last long ago."""
    for path in kaggle.rglob("*.jpeg"):
        os.utime(path, ns=(LONG_AGO, LONG_AGO))
    return kaggle


def test_the_first_load_decodes_each_film_once(old: Path, work: Work, tmp_path: Path) -> None:
    dataset = work.load(old, tmp_path / "cache", 16, 32, 16)
    assert work.decoded == Counter(film.sha256 for film in dataset.films)
    assert sorted(dataset.squares) == [16, 32]
    for size, cache in dataset.squares.items():
        for film in dataset.films[::17]:
            expected = to_square(dataset.pixels(film.path), size)
            assert np.array_equal(cache.batch([film.sha256])[0], expected)
    assert np.array_equal(dataset.square(film, 8), to_square(expected, 8))


def test_a_repeated_load_reads_and_decodes_nothing(old: Path, work: Work, tmp_path: Path) -> None:
    first = work.load(old, tmp_path / "cache", 16)
    again = work.load(old, tmp_path / "cache", 16)
    assert not work.read
    assert not work.decoded
    assert again.films == first.films
    assert again.perceptual_hashes == first.perceptual_hashes
    shas = [film.sha256 for film in first.films]
    assert np.array_equal(again.squares[16].batch(shas), first.squares[16].batch(shas))


def test_what_was_read_before_an_interruption_is_kept(
    old: Path, work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = len(work.load(old, tmp_path / "whole", 16).films)

    def interrupted(content: bytes) -> np.ndarray:
        if sum(work.decoded.values()) == 20:
            raise KeyboardInterrupt
        return work._decode(content)

    monkeypatch.setattr("radistill.progress.cores", lambda: 1)
    monkeypatch.setattr(image_files, "decode", interrupted)
    with pytest.raises(KeyboardInterrupt):
        work.load(old, tmp_path / "cache", 16)
    monkeypatch.setattr(image_files, "decode", work._decode)
    again = work.load(old, tmp_path / "cache", 16)
    assert work.decoded.total() == films - 20
    with monkeypatch.context() as patch:
        patch.setattr("radistill.data.scan.Film", None)  # stops at the first film
        with pytest.raises(TypeError):
            work.load(old, tmp_path / "cache", 16)
    assert work.load(old, tmp_path / "cache", 16).films == again.films
    assert not work.read
    whole = open_cache(tmp_path / "whole", 16)
    shas = [film.sha256 for film in again.films]
    assert np.array_equal(again.squares[16].batch(shas), whole.batch(shas))


def test_a_touched_file_is_hashed_and_a_changed_one_decoded(
    old: Path, work: Work, tmp_path: Path
) -> None:
    before = work.load(old, tmp_path / "cache", 16)
    touched, changed, moved = (old / film.path for film in before.films[:3])
    os.utime(touched, ns=(LONG_AGO, LONG_AGO + 1))
    changed.write_bytes(changed.read_bytes() + b"more")  # what follows a PNG's end is not read
    os.utime(changed, ns=(LONG_AGO, LONG_AGO))
    moved.rename(moved.with_name("IM-9999-0001.jpeg"))
    after = work.load(old, tmp_path / "cache", 16)
    assert set(work.read) == {touched.name, changed.name, "IM-9999-0001.jpeg"}
    assert set(work.decoded) == {sha256(changed)}
    assert {film.path: film.sha256 for film in after.films}[before.films[1].path] == sha256(changed)
    assert set(after.perceptual_hashes) == {film.sha256 for film in after.films}


def test_a_file_changed_within_the_clocks_tick_is_hashed(
    kaggle: Path, work: Work, tmp_path: Path
) -> None:
    """Such a file may change again without a new time."""
    dataset = work.load(kaggle, tmp_path / "cache")
    work.load(kaggle, tmp_path / "cache")
    assert sum(work.read.values()) == len(dataset.films)
    assert not work.decoded


def test_a_copy_elsewhere_is_hashed_and_not_decoded(old: Path, work: Work, tmp_path: Path) -> None:
    first = work.load(old, tmp_path / "cache", 16)
    elsewhere = Path(shutil.copytree(old, tmp_path / "elsewhere" / "chest"))
    again = work.load(elsewhere, tmp_path / "cache", 16)
    assert sum(work.read.values()) == len(first.films)
    assert not work.decoded
    assert again.films == first.films


def test_other_films_in_between_cost_the_first_ones_nothing(
    old: Path, work: Work, tmp_path: Path
) -> None:
    """A command with a wrong folder is refused later; what the run holds must not be lost by it."""
    first = work.load(old, tmp_path / "cache", 16)
    other = Path(shutil.copytree(old, tmp_path / "other" / "chest"))
    for path in other.rglob("*.jpeg"):
        path.write_bytes(path.read_bytes() + b"other")
    work.load(other, tmp_path / "cache", 16)
    assert len(work.decoded) == len(first.films)
    known = FilmIndex.hashes_in(tmp_path / "cache")
    assert first.perceptual_hashes.items() <= known.items()
    again = work.load(old, tmp_path / "cache", 16)
    assert not work.decoded
    assert again.films == first.films
    assert again.perceptual_hashes == first.perceptual_hashes


def test_another_size_is_made_in_one_decoding(old: Path, work: Work, tmp_path: Path) -> None:
    first = work.load(old, tmp_path / "cache", 16)
    work.load(old, tmp_path / "cache", 16, 24, 32)
    assert work.decoded == Counter(film.sha256 for film in first.films)
    work.load(old, tmp_path / "cache", 24, 32)
    assert not work.decoded


@pytest.mark.parametrize("content", ["", "{}", '{"format": 2, "root": "x"}', "[1"])
def test_an_index_that_cannot_be_used_is_made_anew(
    old: Path, work: Work, tmp_path: Path, content: str
) -> None:
    first = work.load(old, tmp_path / "cache", 16)
    (tmp_path / "cache" / "films.json").write_text(content)
    assert work.load(old, tmp_path / "cache", 16).films == first.films
    assert len(work.decoded) == len(first.films)
    work.load(old, tmp_path / "cache", 16)
    assert not work.decoded


def test_a_damaged_cache_is_decoded_again(old: Path, work: Work, tmp_path: Path) -> None:
    first = work.load(old, tmp_path / "cache", 16)
    os.truncate(tmp_path / "cache" / "squares-16.u8", 1000)
    again = work.load(old, tmp_path / "cache", 16)
    assert work.decoded == Counter(film.sha256 for film in first.films)
    film = first.films[5]
    expected = to_square(first.pixels(film.path), 16)
    assert np.array_equal(again.squares[16].batch([film.sha256])[0], expected)


def test_films_with_the_same_bytes_share_a_square(old: Path, work: Work, tmp_path: Path) -> None:
    first, second = sorted((old / "train" / "NORMAL").iterdir())[:2]
    shutil.copy2(first, second)
    dataset = work.load(old, tmp_path / "cache", 16)
    assert len(dataset.squares[16]) == len(dataset.films) - 1


def test_unreadable_files_are_tried_again(old: Path, work: Work, tmp_path: Path) -> None:
    bad = old / "train" / "NORMAL" / "IM-9999-0001.jpeg"
    bad.write_bytes(b"\xff\xd8\xff")
    config = DataConfig(max_unreadable=0)
    for _ in range(2):
        with pytest.raises(UsageError, match=r"1 of 121 files cannot be read"):
            load_dataset(old, config, 0, cache=tmp_path / "cache", sizes=[16])
    assert work.read[bad.name] == 2
    assert max(work.decoded[sha256(film)] for film in old.rglob("IM-000*.jpeg")) == 1


def test_films_for_a_model_are_decoded_once(old: Path, work: Work, tmp_path: Path) -> None:
    classes = ("NORMAL", "PNEUMONIA")
    dataset, _ = read_external(
        ExternalData(old, split="test"), DataConfig(), classes, "PNEUMONIA", size=16, cache=tmp_path
    )
    assert {film.split for film in dataset.films} == {"test"}
    assert work.decoded == Counter(film.sha256 for film in dataset.films)
    assert len(dataset.squares[16]) == len(dataset.films)
