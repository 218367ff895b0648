"""Bundle -> prediction, on a machine without torch."""

from radistill.runtime.bundle import Bundle
from radistill.runtime.card import Card
from radistill.runtime.paths import film_paths
from radistill.runtime.prediction import Failure, Prediction
from radistill.runtime.predictor import Predictor

__all__ = ["Bundle", "Card", "Failure", "Prediction", "Predictor", "film_paths"]
