"""How many cores and how much memory there are to work with."""

import os
from pathlib import Path

import pytest

from radistill.progress import cores, memory

V2 = "0::/a/b\n"
V1 = "12:cpuset:/x\n3:cpu,cpuacct:/docker/c\n0::/\n"


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


@pytest.mark.parametrize(
    ("groups", "files", "count"),
    [
        (V2, {}, 8),
        (V2, {"a/b/cpu.max": "max 100000"}, 8),
        (V2, {"a/b/cpu.max": "200000 100000"}, 2),
        (V2, {"a/b/cpu.max": "150000 100000"}, 2),
        (V2, {"a/b/cpu.max": "20000 100000"}, 1),
        (V2, {"a/b/cpu.max": "max 100000", "a/cpu.max": "300000 100000"}, 3),
        (V2, {"a/b/cpu.max": "9900000 100000"}, 8),
        ("0::/\n", {"cpu.max": "100000 100000"}, 1),
        ("0::/not/mounted\n", {"cpu.max": "400000 100000"}, 4),
        (V1, {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8),
        (V1, {"cpu/cpu.cfs_quota_us": "250000", "cpu/cpu.cfs_period_us": "100000"}, 3),
        (
            V1,
            {"cpu/docker/c/cpu.cfs_quota_us": "50000", "cpu/docker/c/cpu.cfs_period_us": "50000"},
            1,
        ),
    ],
)
def test_a_quota_counts(tmp_path: Path, groups: str, files: dict[str, str], count: int) -> None:
    (tmp_path / "own").write_text(groups)
    for name, text in files.items():
        file = tmp_path / "cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")
    assert cores(tmp_path / "cgroup", tmp_path / "own") == count


def test_a_cpuset_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5})
    assert cores(tmp_path, tmp_path / "missing") == 2


@pytest.mark.parametrize(
    ("groups", "files", "limit"),
    [
        (V2, {}, None),
        (V2, {"a/b/memory.max": "max"}, None),
        (V2, {"a/b/memory.max": "2000000"}, 2_000_000),
        (V2, {"a/b/memory.max": "max", "a/memory.max": "3000000"}, 3_000_000),
        ("5:memory:/docker/c\n", {"memory/docker/c/memory.limit_in_bytes": "4000000"}, 4_000_000),
        ("5:memory:/c\n", {"memory/c/memory.limit_in_bytes": "9223372036854771712"}, None),
    ],
)
def test_a_limit_of_memory_counts(
    tmp_path: Path, groups: str, files: dict[str, str], limit: int | None
) -> None:
    (tmp_path / "own").write_text(groups)
    for name, text in files.items():
        file = tmp_path / "cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert memory(tmp_path / "cgroup", tmp_path / "own") == (limit or whole)
