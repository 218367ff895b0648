"""What a test needs and a machine may lack."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def absent(what: str) -> NoReturn:
    """Skip the test and say why; fail it in CI, where `.ci/run` installs everything."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} (in CI this is a failure)", pytrace=False)
    pytest.skip(what)
