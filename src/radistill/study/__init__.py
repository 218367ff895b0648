"""`radistill run` and `evaluate`: the study from data to report, read top to bottom in `run`."""

from typing import TYPE_CHECKING

from radistill.lazy import lazy

if TYPE_CHECKING:
    from radistill.study.bundle import bundle_run
    from radistill.study.external import evaluate_model
    from radistill.study.run import run_study
    from radistill.study.rundir import RunDirectory
    from radistill.study.scorer import open_model
    from radistill.study.trained import TrainedModel

__getattr__ = lazy(
    __name__,
    {
        "RunDirectory": ".rundir",
        "TrainedModel": ".trained",
        "bundle_run": ".bundle",
        "evaluate_model": ".external",
        "open_model": ".scorer",
        "run_study": ".run",
    },
)

__all__ = [
    "RunDirectory",
    "TrainedModel",
    "bundle_run",
    "evaluate_model",
    "open_model",
    "run_study",
]
