"""The real engine: whole commands on a local cluster, killed and gone on with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from radistill.archive import ray_engine
from radistill.errors import RadistillError

from .conftest import draw, rows_of

ROOT = Path(__file__).resolve().parents[2]
CRASH = """
import radistill.imaging.sandbox.one_file as one, os
whole = one.answer_of
def answer_of(source, limits, wanted):
    if bytes(source).endswith(b"CRASH"):
        os.abort()
    return whole(source, limits, wanted)
one.answer_of = answer_of
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Ray is not tried on Windows")


def command(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "radistill", "score", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )


@pytest.mark.slow
def test_a_command_from_folder_to_summary(archive: Path, bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    score = (archive, "--out", out, "--bundle", bundle, "--part-films", 5)
    done = command(*score)
    assert done.returncode == 0, done.stderr
    assert "12 films in" in done.stderr
    assert "ray" not in done.stderr.lower()  # its logs stay out of the terminal
    assert done.stdout == ""
    assert [row["path"] for row in rows_of(out)] == sorted(map(str, archive.rglob("*.png")))
    (archive / "bad.png").write_bytes(b"")
    done = command(*score, "--workers", 1)
    assert done.returncode == 1
    assert "1 of them failed: `radistill score summary" in done.stderr
    done = command("summary", out, "--json", "--page", tmp_path / "page.html")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["errors"] == {"empty": 1}
    assert (tmp_path / "page.html").is_file()


@pytest.mark.slow
def test_a_film_that_ends_its_worker_is_a_row(archive: Path, bundle: Path, tmp_path: Path) -> None:
    """The worker dies, its block goes through the sandbox, whose process dies over the one film."""
    (tmp_path / "patches").mkdir()
    (tmp_path / "patches" / "sitecustomize.py").write_text(CRASH)
    film = draw(archive / "crash.png", 5)
    film.write_bytes(film.read_bytes() + b"CRASH")
    path = os.pathsep.join(
        filter(None, [str(tmp_path / "patches"), os.environ.get("PYTHONPATH", str(ROOT / "src"))])
    )
    done = command(archive, "--out", tmp_path / "out", "--bundle", bundle, PYTHONPATH=path)
    assert done.returncode == 1, done.stderr
    codes = {row["path"]: row["error_code"] for row in rows_of(tmp_path / "out")}
    assert codes.pop(str(film)) == "crashed"
    assert len(codes) == 12
    assert set(codes.values()) == {None}


@pytest.mark.slow
def test_kills_of_workers_and_of_the_job_lose_and_repeat_nothing(bundle: Path) -> None:
    """`benchmarks/archive.py kills`, which counts; the log of experiments has 50,000 films."""
    script = ROOT / "benchmarks" / "archive.py"
    numbers = ("--films", "2000", "--workers", "2", "--drivers", "1", "--bundle", str(bundle))
    done = subprocess.run(
        [sys.executable, script, "kills", *numbers], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2,000 films, 2,000 rows, 2,000 paths, 0 errors" in done.stdout


def test_a_cluster_that_does_not_answer(archive: Path, bundle: Path, tmp_path: Path) -> None:
    address = ("--ray-address", "127.0.0.1:9")
    done = command(archive, "--out", tmp_path / "out", "--bundle", bundle, *address)
    assert done.returncode == 2, done.stderr
    assert "--ray-address 127.0.0.1:9: no cluster answers there" in done.stderr


def test_without_ray_the_extra_is_named(archive: Path, bundle: Path, tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['ray'] = None\n"
        f"sys.argv = ['radistill', 'score', {str(archive)!r}, '--out', {str(tmp_path / 'out')!r}]\n"
        "from radistill.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    said = done.stderr.replace("\n", " ")
    assert "needs the package 'ray', which the extra radistill[scale] brings" in said
    assert "pip install" in said
    assert not (tmp_path / "out").exists()


def test_a_ray_that_does_not_start_is_tried_again_and_then_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a machine at work Ray gives up after 30 seconds."""
    starts = []

    def init(**_: object) -> None:
        starts.append(1)
        if len(starts) != 3:
            raise Exception("The current node timed out during startup. This could\nbe")

    monkeypatch.setattr("ray.init", init)
    ray_engine._start()
    assert len(starts) == 3
    with pytest.raises(RadistillError, match=r"Ray did not start, 4 times \(The current node"):
        ray_engine._start()
