"""Heat maps and their checks, robustness to corruptions, computational cost."""

from typing import TYPE_CHECKING

from radistill.lazy import lazy

if TYPE_CHECKING:
    from radistill.explain.cost import costs_side_by_side
    from radistill.explain.heat_map_checks import localisation, randomisation_check

__getattr__ = lazy(
    __name__,
    {
        "costs_side_by_side": ".cost",
        "localisation": ".heat_map_checks",
        "randomisation_check": ".heat_map_checks",
    },
)

__all__ = ["costs_side_by_side", "localisation", "randomisation_check"]
