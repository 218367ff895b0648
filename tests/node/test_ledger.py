"""The ledger: a chained line a film, without what names a patient."""

from __future__ import annotations

import json
import resource
from datetime import date, timedelta
from pathlib import Path

import pytest

from radistill.errors import RadistillError, UsageError
from radistill.node.ledger import Ledger
from radistill.runtime import hash_chain
from radistill.runtime.hash_chain import START, verify_chain

RECORD = {"path": "/spool/films/x.dcm", "sha256": "a", "probability": 0.5, "model": {"sha256": "m"}}


def opened(folder: Path, keep_days: int = 183) -> Ledger:
    return Ledger(folder / "ledger", folder / "salt", keep_days)


def write(ledger: Ledger, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        ledger.append(RECORD | {"sha256": str(number)}, "1.2.3", f"1.2.{number}", "2026-11-27")


def the_file(folder: Path) -> Path:
    (file,) = (folder / "ledger").glob("*.jsonl")
    return file


def test_a_line_has_the_prediction_and_hashes_for_uids(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    write(ledger, 2)
    text = the_file(tmp_path).read_text()
    assert "1.2." not in text
    assert "/spool" not in text
    first, second = map(json.loads, text.splitlines())
    assert first["path"] == first["instance"] == ledger.salted("1.2.0") != second["path"]
    assert first["study"] == second["study"] == ledger.salted("1.2.3")
    assert (first["probability"], first["previous"]) == (0.5, START)
    assert the_file(tmp_path).stat().st_mode & 0o077 == 0
    assert (tmp_path / "salt").stat().st_mode & 0o077 == 0
    # Another node's salt gives other hashes.
    (tmp_path / "other").mkdir()
    assert opened(tmp_path / "other").salted("1.2.0") != first["path"]


def test_the_chain_goes_on_after_a_restart(tmp_path: Path) -> None:
    write(opened(tmp_path), 3)
    again = opened(tmp_path)
    write(again, 2, first=3)
    assert verify_chain(tmp_path / "ledger", again.last) == 5


@pytest.mark.parametrize("change", ["edit", "remove", "add", "swap", "cut", "garbage"])
def test_every_change_is_noticed(tmp_path: Path, change: str) -> None:
    ledger = opened(tmp_path)
    write(ledger, 6)
    file = the_file(tmp_path)
    lines = file.read_bytes().splitlines(keepends=True)
    if change == "edit":
        lines[2] = lines[2].replace(b"0.5", b"0.4")
    elif change == "remove":
        del lines[2]
    elif change == "add":
        lines.insert(2, lines[2])
    elif change == "swap":
        lines[1], lines[2] = lines[2], lines[1]
    elif change == "cut":
        del lines[4:]
    else:
        lines[2] = b"garbage\n"
    file.write_bytes(b"".join(lines))
    with pytest.raises(RadistillError, match=r"ledger|line"):
        verify_chain(tmp_path / "ledger", ledger.last)


def test_a_line_that_a_kill_left_uncounted_is_not_written_twice(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    write(ledger, 2)
    counted = ledger.last
    write(ledger, 1, first=2)  # and killed before its hash was stored
    assert verify_chain(tmp_path / "ledger", counted) == 3
    again = opened(tmp_path)
    write(again, 1, first=2)
    assert verify_chain(tmp_path / "ledger", again.last) == 3


def test_a_line_cut_short_by_a_power_cut_is_taken_away(tmp_path: Path) -> None:
    write(opened(tmp_path), 2)
    with the_file(tmp_path).open("ab") as file:
        file.write(b'{"path": "ab')
    again = opened(tmp_path)
    write(again, 1, first=2)
    assert verify_chain(tmp_path / "ledger", again.last) == 3


def test_a_disk_that_fills_in_the_middle_of_a_line_leaves_whole_lines(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    write(ledger, 2)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (the_file(tmp_path).stat().st_size + 10, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            write(ledger, 1, first=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    write(ledger, 1, first=3)  # once there is room again
    assert verify_chain(tmp_path / "ledger", ledger.last) == 3


def test_a_day_that_began_with_a_power_cut_goes_on_from_the_day_before(tmp_path: Path) -> None:
    write(opened(tmp_path), 2)
    long = 10_000  # days that are kept
    the_file(tmp_path).rename(tmp_path / "ledger" / "2026-01-01.jsonl")
    (tmp_path / "ledger" / "2026-01-02.jsonl").write_bytes(b'{"path": "ab')
    again = opened(tmp_path, long)
    write(again, 1, first=2)
    assert verify_chain(tmp_path / "ledger", again.last) == 3


@pytest.mark.parametrize("last", [b"no line\n", b"{}\n", b"[]\n", b"\x00\n"])
def test_a_last_line_that_is_none_is_told_and_the_ledger_goes_on(
    tmp_path: Path, last: bytes
) -> None:
    ledger = opened(tmp_path)
    write(ledger, 2)
    with the_file(tmp_path).open("ab") as file:
        file.write(last)
    again = opened(tmp_path)
    assert not again.follows(ledger.last)
    write(again, 1, first=2)
    assert the_file(tmp_path).read_bytes().count(b"\n") == 4
    with pytest.raises(RadistillError, match="line 3: is no line"):
        verify_chain(tmp_path / "ledger")


class Day(date):
    now = date(2026, 1, 1)

    @classmethod
    def today(cls) -> date:
        return cls.now


def test_a_file_a_day_kept_for_half_a_year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hash_chain, "date", Day)
    ledger = opened(tmp_path, keep_days=10)
    for day in range(15):
        Day.now = date(2026, 1, 1) + timedelta(day)
        write(ledger, 1, first=day)
    Day.now = date(2025, 1, 1)  # a clock that jumps back
    write(ledger, 1, first=15)
    names = sorted(file.stem for file in (tmp_path / "ledger").iterdir())
    assert (names[0], names[-1], len(names)) == ("2026-01-05", "2026-01-15", 11)
    assert verify_chain(tmp_path / "ledger", ledger.last) == 12


def test_no_ledger_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no ledger"):
        verify_chain(tmp_path / "nowhere")


def test_a_salt_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            file.write(content[:5])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", killed)
        with pytest.raises(KeyboardInterrupt):
            opened(tmp_path)
    assert not list(tmp_path.rglob("salt"))
    opened(tmp_path)
    (salt,) = tmp_path.rglob("salt")
    assert len(salt.read_bytes()) == 32
    assert salt.stat().st_mode & 0o077 == 0


def test_a_salt_that_was_cut_short_is_not_used(tmp_path: Path) -> None:
    opened(tmp_path)
    (salt,) = tmp_path.rglob("salt")
    salt.write_bytes(b"")
    opened(tmp_path)
    assert len(salt.read_bytes()) == 32
