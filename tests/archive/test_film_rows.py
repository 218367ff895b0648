"""Rows are made in the thread that asks for them: a worker has one core."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from radistill.archive.film_rows import score_batch
from radistill.runtime.open_bundle import Bundle


def test_decoding_and_network_share_one_thread(
    archive: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, threads = Bundle.run, []

    def watched(self: Bundle, squares: object) -> object:
        threads.append(threading.current_thread())
        return run(self, squares)  # type: ignore[arg-type]

    monkeypatch.setattr(Bundle, "run", watched)
    films = [path.read_bytes() for path in sorted(archive.rglob("*.png"))] * 3
    assert score_batch(films, bundle=str(bundle)).num_rows == 36
    assert threads == [threading.current_thread()] * 3  # of 16 films and fewer
