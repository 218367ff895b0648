"""The tensor executor does what the executor for bytes does."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from radistill.imaging.corruptions import CORRUPTIONS, Corruption, jpeg
from radistill.training.tensor_corruptions import OPERATIONS, VALIDATION, corrupt

GREY_LEVELS = 3  # of 255: Pillow rounds after each of three boxes


@pytest.fixture
def films() -> np.ndarray:
    """uint8 (3, 64, 64): edges, smooth shades and texture, black and white among them."""
    y, x = np.mgrid[0:64, 0:64] / 64
    smooth = 255 * (0.5 + 0.5 * np.sin(5 * x) * np.cos(3 * y))
    edges = 60 + 120 * ((x > 0.3) & (y < 0.7))
    texture = np.random.default_rng(0).integers(0, 256, (64, 64))
    return np.stack([smooth, edges, texture]).astype(np.uint8)


@pytest.mark.parametrize(
    ("kind", "severity"),
    [
        pytest.param(kind, severity, id=f"{kind.name}-{severity}")
        for kind in CORRUPTIONS
        if kind.operation in OPERATIONS
        for severity in kind.severities
    ],
)
def test_both_executors_are_equal(films: np.ndarray, kind: Corruption, severity: float) -> None:
    # The executor for bytes draws a field of noise for each film, this one the first of them.
    expected = np.concatenate([kind.apply(film[None], severity) for film in films])
    images = torch.from_numpy(films).unsqueeze(1).float() / 255
    corrupted = corrupt(images, kind, severity)
    assert corrupted.shape == images.shape
    difference = 255 * corrupted.squeeze(1).numpy() - expected.astype(float)
    near = np.abs(difference) <= GREY_LEVELS
    # A coefficient of JPEG near a half falls to one side in libjpeg's whole numbers, to the other
    # in floating point, and moves its block.
    assert near.mean() > 0.99 if kind.operation == "jpeg" else near.all()
    assert np.abs(expected.astype(float) - films).max() > 2 * GREY_LEVELS


def test_validation_is_scored_under_what_exposure_and_files_do() -> None:
    assert [kind.name for kind in VALIDATION] == [
        "underexposed",
        "overexposed",
        "contrast",
        "noise",
        "blur",
        "resolution",
    ]


def test_each_image_has_a_jpeg_quality_of_its_own_at_any_side(films: np.ndarray) -> None:
    images = torch.from_numpy(films[:, :50, :50]).unsqueeze(1).float() / 255
    qualities = torch.tensor([95.9, 60.0, 20.0])  # whole numbers count
    compressed = 255 * OPERATIONS["jpeg"](images, qualities).squeeze(1).numpy()
    for film, changed, quality in zip(films, compressed, (95, 60, 20), strict=True):
        near = np.abs(changed - jpeg(np.ascontiguousarray(film[:50, :50]), quality)) <= GREY_LEVELS
        assert near.mean() > 0.97


def test_one_severity_an_image(films: np.ndarray) -> None:
    images = torch.from_numpy(films).unsqueeze(1).float() / 255
    together = OPERATIONS["exposure"](images, torch.tensor([0.5, 1.0, 2.0]))
    torch.testing.assert_close(together[2:], images[2:] ** 2)
    torch.testing.assert_close(together[1:2], images[1:2])


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("severity", [torch.tensor(0.5), torch.tensor([0.5, 0.6])])
def test_severities_follow_the_images_to_their_device(operation, severity) -> None:
    """Severities are drawn on the CPU; `meta` stands for a GPU."""
    if operation in ("noise", "blur", "resolution") and severity.ndim:
        pytest.skip("one severity for all images")
    images = torch.empty(2, 1, 32, 32, device="meta")
    assert OPERATIONS[operation](images, severity).device.type == "meta"
