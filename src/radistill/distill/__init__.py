"""Knowledge distillation: losses, the objective built from them, cached teacher outputs."""

from radistill.lazy import lazy

__getattr__ = lazy(
    __name__, {"Distillation": ".objective", "cache_teacher_outputs": ".teacher_outputs"}
)
