"""A bundle on local films: how many are needed, adapting to them, watching the model afterwards."""

from typing import TYPE_CHECKING

from radistill.lazy import lazy

if TYPE_CHECKING:
    from radistill.adapt.local_adaptation import adapt_model
    from radistill.adapt.power import films_for_gain, power_of_adapting, power_of_gain
    from radistill.adapt.site_plan import plan_site

__getattr__ = lazy(
    __name__,
    {
        "adapt_model": ".local_adaptation",
        "films_for_gain": ".power",
        "plan_site": ".site_plan",
        "power_of_adapting": ".power",
        "power_of_gain": ".power",
    },
)

__all__ = ["adapt_model", "films_for_gain", "plan_site", "power_of_adapting", "power_of_gain"]
