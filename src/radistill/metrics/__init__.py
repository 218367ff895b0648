"""Arrays -> numbers: metrics, calibration, thresholds, bootstrap, paired comparisons."""

from typing import TYPE_CHECKING

from radistill.lazy import lazy

if TYPE_CHECKING:
    from radistill.metrics.predictions import Predictions, read_predictions
    from radistill.metrics.score import score_model
    from radistill.metrics.thresholds import choose_threshold, operating_points

__getattr__ = lazy(
    __name__,
    {
        "Predictions": ".predictions",
        "choose_threshold": ".thresholds",
        "operating_points": ".thresholds",
        "read_predictions": ".predictions",
        "score_model": ".score",
    },
)

__all__ = ["Predictions", "choose_threshold", "operating_points", "read_predictions", "score_model"]
