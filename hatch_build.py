"""Build hook: the page's parts from npm are in every wheel, so that users need no npm."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = Path("src/radistill/page/npm_parts.py")
WITHOUT = "RADISTILL_WITHOUT_PAGE"  # set to 1: a wheel that cannot write the page


class PageParts(BuildHookInterface[Any]):
    """Fetches them where they are missing; an editable install goes on without."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if os.environ.get(WITHOUT) == "1":
            return
        vendor = _load(Path(self.root) / SOURCE)
        if not vendor.missing():
            return
        try:
            vendor.fetch()
        except vendor.VendorError as error:
            if version == "editable":
                self.app.display_warning(f"radistill page will not work: {error}")
                return
            raise SystemExit(
                f"The parts of the static page could not be fetched: {error}\n"
                f"Or leave the page out: {WITHOUT}=1 pip install ..."
            ) from None


def _load(path: Path) -> ModuleType:
    """The module alone: the package around it needs what is not installed while it is built."""
    spec = importlib.util.spec_from_file_location("npm_parts", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
