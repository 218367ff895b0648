"""Bundle -> prediction, on a machine without torch."""

from typing import TYPE_CHECKING

from radistill.lazy import lazy

if TYPE_CHECKING:
    from radistill.runtime.open_bundle import Bundle
    from radistill.runtime.paths import film_paths
    from radistill.runtime.predictor import Predictor
    from radistill.schema.card import Card
    from radistill.schema.prediction import Failure, Prediction

# Decoding processes start before numpy and onnxruntime are imported: see `radistill.cli.predict`.
__getattr__ = lazy(
    __name__,
    {
        "Bundle": ".open_bundle",
        "Card": "radistill.schema.card",
        "Failure": "radistill.schema.prediction",
        "Prediction": "radistill.schema.prediction",
        "Predictor": ".predictor",
        "film_paths": ".paths",
    },
)

__all__ = ["Bundle", "Card", "Failure", "Prediction", "Predictor", "film_paths"]
