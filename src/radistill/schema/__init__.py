"""The shapes of all that is written: figures, comparison, card, predictions."""

from typing import TYPE_CHECKING

from radistill.lazy import lazy

if TYPE_CHECKING:
    from radistill.schema.card import Card
    from radistill.schema.comparison import Comparison, ModelResult, PairResult
    from radistill.schema.figures import Figures
    from radistill.schema.prediction import Prediction
    from radistill.schema.record import read_record

__getattr__ = lazy(
    __name__,
    {
        "Card": ".card",
        "Comparison": ".comparison",
        "Figures": ".figures",
        "ModelResult": ".comparison",
        "PairResult": ".comparison",
        "Prediction": ".prediction",
        "read_record": ".record",
    },
)

__all__ = [
    "Card",
    "Comparison",
    "Figures",
    "ModelResult",
    "PairResult",
    "Prediction",
    "read_record",
]
