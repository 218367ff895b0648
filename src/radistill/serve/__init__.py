"""A bundle over HTTP: the API and the page that uses it."""

from typing import TYPE_CHECKING

from radistill.lazy import lazy

if TYPE_CHECKING:
    from radistill.serve.app import create_app
    from radistill.serve.request_limits import ServeLimits
    from radistill.serve.service import Service

__getattr__ = lazy(
    __name__,
    {"Service": ".service", "ServeLimits": ".request_limits", "create_app": ".app"},
)

__all__ = ["ServeLimits", "Service", "create_app"]
