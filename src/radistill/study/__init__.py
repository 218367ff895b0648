"""`radistill run` and `evaluate`: the study from data to report, read top to bottom in `run`."""

from radistill.lazy import lazy

__getattr__ = lazy(
    __name__,
    {
        "bundle_run": ".bundle",
        "evaluate_model": ".external",
        "open_model": ".scorer",
        "rescore": ".rescore",
        "run_study": ".run",
    },
)
