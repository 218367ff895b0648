"""The command line starts without heavy libraries and says what it is."""

import subprocess
import sys

import pytest

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
