"""Each id is planned once, whatever is listed again, killed or tried at the same time."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from radistill.archive.storage import Storage
from radistill.archive.work_plan import FOLDER, ids_of, make_plan
from radistill.errors import UsageError

IDS = [f"films/{n:03}.png" for n in range(23)]


def planned(storage: Storage) -> list[str]:
    return [one for block in make_plan(storage, (), 1).blocks for one in ids_of(storage, block)]


def test_ids_are_in_blocks_in_their_order(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    plan = make_plan(storage, IDS, 10)
    assert [block.films for block in plan.blocks] == [10, 10, 3]
    assert (plan.listed, plan.repeated, plan.added) == (23, 0, 23)
    assert planned(storage) == IDS


def test_what_is_listed_again_is_planned_once(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    first = make_plan(storage, IDS[:12], 5)
    again = make_plan(storage, [*IDS, IDS[3], IDS[20], IDS[20]], 5)
    assert again.blocks[: len(first.blocks)] == first.blocks
    assert (again.listed, again.repeated, again.added) == (23, 3, 11)
    assert sorted(planned(storage)) == IDS
    assert make_plan(storage, IDS, 5) == make_plan(storage, reversed(IDS), 7)


def test_a_shard_is_a_block_of_its_own(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    plan = make_plan(storage, ["a.png", "one.tar", "b.png", "TWO.TAR"], 10)
    assert sorted(ids_of(storage, block) for block in plan.blocks) == [
        ["TWO.TAR"],
        ["a.png", "b.png"],
        ["one.tar"],
    ]
    assert [block.films for block in plan.blocks] == [0, 0, 2]


@pytest.mark.parametrize(
    "name", [os.fsdecode(b"caf\xe9.png"), "a\ud800b.png", "\u80f8.png", "a\nb"]
)
def test_any_name_comes_back_as_it_is(tmp_path: Path, name: str) -> None:
    storage = Storage(str(tmp_path))
    make_plan(storage, [name], 10)
    assert planned(storage) == [name]
    assert make_plan(storage, [name], 10).added == 0


def test_two_that_plan_at_once_do_not_plan_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one plans after this one has looked."""
    storage = Storage(str(tmp_path))

    def listed_while_another_plans() -> object:
        make_plan(Storage(str(tmp_path)), IDS, 10)
        yield from IDS

    with pytest.raises(UsageError, match="another radistill score"):
        make_plan(storage, listed_while_another_plans(), 10)  # type: ignore[arg-type]
    assert planned(storage) == IDS


def test_a_damaged_plan_is_said(tmp_path: Path) -> None:
    make_plan(Storage(str(tmp_path)), IDS, 10)
    (file,) = (tmp_path / FOLDER).iterdir()
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(UsageError, match=r"000000\.plan: is damaged.*another --out"):
        make_plan(Storage(str(tmp_path)), IDS, 10)


@pytest.mark.slow
def test_a_million_finished_ids_are_known_within_a_minute(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    ids = [f"s3://archive/{n // 1000:04}/{n:08}.dcm" for n in range(1_000_000)]
    make_plan(storage, ids, 1000)
    start = time.process_time()
    again = make_plan(storage, ids + ids, 1000)
    assert time.process_time() - start < 60
    assert (len(again.blocks), again.listed, again.repeated, again.added) == (
        1000,
        1_000_000,
        1_000_000,
        0,
    )
