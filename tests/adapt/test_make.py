"""`make adapt DATA=... LABELS=...` calls the command as the documentation does."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def make(*variables: str) -> subprocess.CompletedProcess[str]:
    """What the target would run, without the environment that it needs."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    # `make test`, which runs this, would have it print the folder and hand its own flags on.
    own = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "-n", "-o", "VENV/.train", "VENV=VENV", "adapt", *variables]
    return subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True)


def test_the_table_of_labels_is_handed_on() -> None:
    done = make("DATA=my films", "LABELS=my films/labels.csv")
    assert done.returncode == 0, done.stderr
    words = shlex.split(done.stdout.splitlines()[-1])
    start = words.index("radistill")
    assert words[start:] == [
        *("radistill", "adapt", "pneumonia-children", "--data", "my films"),
        *("--labels", "my films/labels.csv", "--out", "runs/adapted"),
    ]


def test_a_folder_by_class_needs_no_table() -> None:
    assert "--labels" not in make("DATA=films").stdout
