"""Whatever lies at a path: bytes, or a refusal at once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from radistill.imaging import DecodeError, Limits, read_content

posix = pytest.mark.skipif(os.name != "posix", reason="needs a Unix file system")


def code_of(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(DecodeError) as caught:
        read_content(path, limits)
    return caught.value.code


def test_bytes_come_back(tmp_path: Path) -> None:
    (tmp_path / "film").write_bytes(bytes(range(256)))
    assert read_content(tmp_path / "film") == bytes(range(256))


def test_nothing_and_no_file(tmp_path: Path) -> None:
    (tmp_path / "film").touch()
    assert code_of(tmp_path / "nothing") == "missing"
    assert code_of(tmp_path / "film" / "nothing") == "missing"
    assert code_of(tmp_path / "a\0b") == "missing"
    assert code_of(tmp_path) == "not-a-file"
    assert code_of(tmp_path / ("long" * 100)) == "unreadable"


@posix
def test_pipes_sockets_and_devices_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert code_of(tmp_path / "pipe") == "not-a-file"
    with socket.socket(socket.AF_UNIX) as server:
        place = os.getcwd()
        os.chdir(tmp_path)  # the name of a socket may be no longer than about 100 bytes
        try:
            server.bind("socket")
        finally:
            os.chdir(place)
        assert code_of(tmp_path / "socket") == "not-a-file"
    assert code_of(Path("/dev/zero")) == "not-a-file"


@posix
def test_links(tmp_path: Path) -> None:
    (tmp_path / "film").write_bytes(b"bytes")
    (tmp_path / "good").symlink_to("film")
    (tmp_path / "dangling").symlink_to("nothing")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").symlink_to(tmp_path)
    assert read_content(tmp_path / "good") == b"bytes"
    assert code_of(tmp_path / "dangling") == "missing"
    assert code_of(tmp_path / "loop") == "missing"
    assert code_of(tmp_path / "folder") == "not-a-file"


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(2**40)  # sparse: takes no space
    assert code_of(tmp_path / "huge") == "too-large"


def test_the_limit_is_inclusive(tmp_path: Path) -> None:
    (tmp_path / "film").write_bytes(bytes(100))
    assert len(read_content(tmp_path / "film", Limits(max_bytes=100))) == 100
    assert code_of(tmp_path / "film", Limits(max_bytes=99)) == "too-large"


@posix
def test_permissions(tmp_path: Path) -> None:
    """As a user who is not root: root may read everything."""
    film = tmp_path / "film"
    film.write_bytes(b"bytes")
    film.chmod(0)
    code = (
        "import os, sys; from pathlib import Path; from radistill.imaging import *\n"
        "if os.geteuid() == 0: os.seteuid(65534)\n"
        f"try: read_content(Path({str(film)!r}))\n"
        "except DecodeError as error: print(error.code)"
    )
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(folder.stat().st_mode | 0o111)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "no-access", done.stderr


def test_a_file_that_grows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film = tmp_path / "film"
    film.write_bytes(bytes(1000))
    looked, fstat = [], os.fstat

    def grow_after_the_first_look(descriptor: int) -> os.stat_result:
        status = fstat(descriptor)
        if not looked:
            with film.open("ab") as file:
                file.write(b"more")
        looked.append(status)
        return status

    monkeypatch.setattr(os, "fstat", grow_after_the_first_look)
    assert code_of(film) == "changed"
