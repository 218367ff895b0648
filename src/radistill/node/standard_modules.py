"""highdicom's map of the standard, without what answers do not need: whole it takes 60 MB."""

from collections.abc import Iterable
from copy import deepcopy

from highdicom._standard_utils import (
    get_iod_module_map,
    get_module_attribute_map,
    get_sop_class_iod_map,
)
from pydicom.uid import EnhancedSRStorage, SecondaryCaptureImageStorage

_ANSWERS = (EnhancedSRStorage, SecondaryCaptureImageStorage)
_kept: set[str] = set()


def keep_modules_of(classes: Iterable[str]) -> None:
    """Let highdicom hold the modules of films of these SOP classes, of earlier ones and of answers.

    It reads its file again only if one of them is new.
    """
    modules, named = get_iod_module_map(), get_sop_class_iod_map()
    wanted = {
        module["key"]
        for one in {*classes, *_ANSWERS}
        if named.get(one) in modules
        for module in modules[named[one]]
    }
    if wanted <= _kept:
        return
    _kept.update(wanted)
    get_module_attribute_map.cache_clear()
    whole = get_module_attribute_map()
    # A copy, since what is kept would hold the memory that lies around it.
    few = deepcopy({name: whole[name] for name in _kept if name in whole})
    whole.clear()
    whole.update(few)
