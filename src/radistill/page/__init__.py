"""The web page (app, engine, locales) and its writer, with and without a server."""

from pathlib import Path
from typing import TYPE_CHECKING

from radistill.lazy import lazy

if TYPE_CHECKING:
    from radistill.page.page_bundle import BundleInfo, bundle_info
    from radistill.page.page_config import POLICY, PageConfig
    from radistill.page.static_site import write_page

WEB = Path(__file__).parent / "web"  # the page's own files, as a browser gets them

__getattr__ = lazy(
    __name__,
    {
        "BundleInfo": ".page_bundle",
        "POLICY": ".page_config",
        "PageConfig": ".page_config",
        "bundle_info": ".page_bundle",
        "write_page": ".static_site",
    },
)

__all__ = ["POLICY", "WEB", "BundleInfo", "PageConfig", "bundle_info", "write_page"]
