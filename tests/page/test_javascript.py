"""The unit tests of the page's pure functions, by Node.js's own runner."""

from __future__ import annotations

import subprocess
from pathlib import Path

from absent import absent

from .javascript.lint import NO_NODE, node

TESTS = sorted(Path(__file__).with_name("javascript").glob("*.test.js"))


def test_the_pure_functions() -> None:
    command = node() or absent(NO_NODE)
    done = subprocess.run([command, "--test", *TESTS], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
