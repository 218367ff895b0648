"""The command line starts without heavy libraries and says what it is."""

import errno
import os
import subprocess
import sys

import pytest

from ..command_line import Command

HEAVY = ("torch", "timm", "sklearn", "scipy", "matplotlib", "accelerate", "onnxruntime")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--help"],
        ["run", "--help"],
        ["run", "--show-config"],
        ["doctor", "--help"],
        ["--version"],
    ],
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; sys.argv = ['radistill', *sys.argv[1:]]\n"
        "from radistill.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        f"print('heavy:', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("heavy: []")


def test_a_missing_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['accelerate'] = None\n"
        "sys.argv = ['radistill', 'run', '--data', '.', '--out', 'x']\n"
        "from radistill.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "the extra radistill[train] brings" in done.stderr
    assert "pip install" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "/disk/run/view: the disk is full"),
        (errno.EROFS, "/disk/run/view: cannot be written (Read-only file system)"),
        (errno.EACCES, "/disk/run/view: Permission denied"),
    ],
)
def test_a_disk_that_cannot_be_written_is_said_in_a_line_wherever_it_happens(
    radistill: Command, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    from radistill.cli import installation

    def fails(**_: object) -> None:
        raise OSError(number, os.strerror(number), "/disk/run/view")

    monkeypatch.setattr(installation, "examine", fails)
    done = radistill("doctor")
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_no_folder_for_temporary_files_is_said_in_a_line(
    radistill: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from radistill.cli import installation

    def fails(**_: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(installation, "examine", fails)
    done = radistill("doctor")
    assert done.returncode == 1
    assert "error: no folder for temporary files can be written" in done.stderr
    assert "TMPDIR" in done.stderr


def test_another_error_of_the_system_keeps_its_traceback(
    radistill: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a fault of radistill, whose place in the code somebody needs."""
    from radistill.cli import installation

    def fails(**_: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", "/x")

    monkeypatch.setattr(installation, "examine", fails)
    with pytest.raises(FileNotFoundError):
        radistill("doctor")
