from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from radistill.config import AugmentConfig
from radistill.training import kept_views
from radistill.training.kept_views import keep_views
from radistill.training.views import Views

VIEWS = Views(2, 3, AugmentConfig(mixup=0.3, jpeg=0.5))
ROWS = np.array([4, 0, 2])


def files(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.u8")}


def test_they_are_what_is_drawn_and_are_drawn_once(
    films, accelerator, tmp_path, monkeypatch
) -> None:
    some = films(6)
    kept = keep_views(VIEWS, some, tmp_path, accelerator)
    for view in range(2):
        assert torch.equal(kept.squares(some, ROWS, view), VIEWS.squares(some, ROWS, view))
    before = files(tmp_path)
    assert len(before) == 2
    monkeypatch.setattr(Views, "_draw", None)
    again = keep_views(VIEWS, some, tmp_path, accelerator)
    assert torch.equal(again.squares(some, ROWS, 1), kept.squares(some, ROWS, 1))
    assert files(tmp_path) == before


def test_another_seed_size_augmentation_or_set_is_drawn_for_itself(
    films, accelerator, tmp_path
) -> None:
    some = films(6)
    keep_views(VIEWS, some, tmp_path, accelerator)
    others = [
        (replace(VIEWS, seed=4), some),
        (replace(VIEWS, augmentation=AugmentConfig(mixup=0.3)), some),
        (VIEWS, films(6, size=16)),
        (VIEWS, films(6, seed=1)),
        (VIEWS, films(5)),  # the partners of mixup are others
    ]
    for count, (views, those) in enumerate(others, 2):
        kept = keep_views(views, those, tmp_path, accelerator)
        assert len(list(tmp_path.glob("*/"))) == count
        assert torch.equal(kept.squares(those, ROWS, 1), views.squares(those, ROWS, 1))


def test_a_kept_view_is_not_shown_for_other_films(films, accelerator, tmp_path) -> None:
    kept = keep_views(VIEWS, films(6), tmp_path, accelerator)
    others = films(6, seed=1)
    assert torch.equal(kept.squares(others, ROWS, 0), VIEWS.squares(others, ROWS, 0))


@pytest.mark.parametrize("damage", ["changed", "cut", "no index"])
def test_a_damaged_view_is_drawn_anew(films, accelerator, tmp_path, damage: str) -> None:
    some = films(6)
    keep_views(VIEWS, some, tmp_path, accelerator)
    file = sorted(tmp_path.rglob("*.u8"))[1]
    if damage == "changed":
        file.write_bytes(bytes(file.stat().st_size))
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:-1])
    else:
        file.with_suffix(".json").unlink()
    kept = keep_views(VIEWS, some, tmp_path, accelerator)
    assert torch.equal(kept.squares(some, ROWS, 1), VIEWS.squares(some, ROWS, 1))


def test_a_kill_while_a_view_is_drawn_leaves_the_views_before_it(
    films, accelerator, tmp_path, monkeypatch
) -> None:
    some, draw, drawn = films(6), Views._draw, []

    def dies(self, films, rows, view, device):
        if view == 1 and len(drawn) == 1:
            raise KeyboardInterrupt
        drawn.append(view)
        return draw(self, films, rows, view, device)

    monkeypatch.setattr(Views, "_draw", dies)
    with pytest.raises(KeyboardInterrupt):
        keep_views(VIEWS, some, tmp_path, accelerator)
    drawn.append("killed")
    kept = keep_views(VIEWS, some, tmp_path, accelerator)
    assert drawn == [0, "killed", 1]
    monkeypatch.undo()
    assert torch.equal(kept.squares(some, ROWS, 1), VIEWS.squares(some, ROWS, 1))


def test_what_takes_too_much_of_the_disk_is_drawn_each_time(
    films, accelerator, tmp_path, monkeypatch, capfd
) -> None:
    monkeypatch.setattr(kept_views, "LARGEST", 2 * 6 * 32 * 32 - 1)
    some = films(6)
    assert keep_views(VIEWS, some, tmp_path, accelerator) == VIEWS
    assert not files(tmp_path)
    assert "not kept on disk" in " ".join(capfd.readouterr().err.split())
