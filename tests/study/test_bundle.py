"""What is no finished run is refused before anything is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from radistill.errors import RadistillError, UsageError
from radistill.study.bundle import bundle_run
from radistill.study.rundir import RunDirectory


@pytest.mark.parametrize("audit", [None, "{"])
def test_a_folder_that_is_no_finished_run(tmp_path: Path, audit: str | None) -> None:
    if audit is not None:
        (tmp_path / "audit.json").write_text(audit)
    before = list(tmp_path.iterdir())
    with pytest.raises(UsageError, match="finished `radistill run`"):
        bundle_run(tmp_path)
    assert list(tmp_path.iterdir()) == before


def test_a_run_that_another_process_works_in(tmp_path: Path) -> None:
    (tmp_path / "audit.json").write_text("{}")
    with RunDirectory(tmp_path).locked(), pytest.raises(RadistillError, match="works in this run"):
        bundle_run(tmp_path)
