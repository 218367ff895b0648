"""Knowledge distillation: losses, the objective built from them, cached teacher outputs."""

from typing import TYPE_CHECKING

from radistill.lazy import lazy

if TYPE_CHECKING:
    from radistill.distill.objective import Distillation
    from radistill.distill.teacher_outputs import cache_teacher_outputs

__getattr__ = lazy(
    __name__,
    {
        "Distillation": ".objective",
        "cache_teacher_outputs": ".teacher_outputs",
    },
)

__all__ = ["Distillation", "cache_teacher_outputs"]
