"""highdicom knows what it needs of the standard, for films of any class, in little memory."""

from __future__ import annotations

import pytest
from highdicom._standard_utils import (
    does_iod_have_pixel_data,
    get_module_attribute_map,
    is_attribute_in_iod,
)
from pydicom.uid import CTImageStorage, EnhancedSRStorage, XRayAngiographicImageStorage

from radistill.node import standard_modules
from radistill.node.film_header import READ_CLASSES
from radistill.node.standard_modules import keep_modules_of


def test_modules_are_those_of_films_and_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    get_module_attribute_map.cache_clear()
    monkeypatch.setattr(standard_modules, "_kept", set())
    whole = sum(map(len, get_module_attribute_map().values()))
    keep_modules_of(READ_CLASSES)
    assert 0 < 10 * sum(map(len, get_module_attribute_map().values())) < whole
    assert all(map(does_iod_have_pixel_data, READ_CLASSES))
    assert not does_iod_have_pixel_data(EnhancedSRStorage)
    with pytest.raises(KeyError):
        is_attribute_in_iod("GantryDetectorTilt", CTImageStorage)
    # A folder may bring a film of any class, and a class may be unknown.
    keep_modules_of([CTImageStorage, XRayAngiographicImageStorage, "1.2.3"])
    assert all(map(does_iod_have_pixel_data, [*READ_CLASSES, CTImageStorage]))
    assert is_attribute_in_iod("GantryDetectorTilt", CTImageStorage)
    get_module_attribute_map.cache_clear()
