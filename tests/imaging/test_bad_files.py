"""Every bad file is refused with its code, every odd one is read."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from bad_files import BAD, ODD
from radistill.imaging import DecodeError, Limits, read_picture

# Smaller than the default, so that a bomb need not be huge to be one.
LIMITS = Limits(max_bytes=32 * 2**20)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "intake.md"


@pytest.mark.parametrize("name", BAD)
def test_bad_file_is_refused(name: str) -> None:
    code, make = BAD[name]
    with pytest.raises(DecodeError) as caught:
        read_picture(make(), LIMITS)
    assert caught.value.code == code, caught.value.reason
    assert re.fullmatch(r"[^\n]{8,160}", caught.value.reason)


@pytest.mark.parametrize("name", ODD)
def test_odd_file_is_read(name: str) -> None:
    grey = read_picture(ODD[name](), LIMITS).grey
    assert grey.ndim == 2
    assert grey.dtype in (np.uint8, np.uint16)
    assert grey.max() > grey.min()


def test_the_documentation_lists_them() -> None:
    rows = re.findall(r"^\| (.+?) \| `([a-z-]+)` \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    listed = [(name, code) for name, code in rows if name in BAD]
    assert listed == [(name, code) for name, (code, _) in BAD.items()]
    assert len(listed) >= 60
