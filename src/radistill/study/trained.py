"""A trained model in its folder of a run: what the folder holds, each file read once."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import onnx
import torch

from radistill.config import EvaluationConfig
from radistill.errors import UsageError
from radistill.export.heat_maps import ShippedMaps
from radistill.export.onnx import trace
from radistill.files import sha256
from radistill.metrics.predictions import Predictions, read_predictions
from radistill.metrics.score import ScoredModel
from radistill.models import GreyClassifier, load_model
from radistill.models.saved import WEIGHTS
from radistill.report.side_by_side import read_scored
from radistill.schema.comparison import ModelMetrics
from radistill.schema.model_spec import SPEC, read_spec
from radistill.schema.record import read_record

STUDENT = "student"
METRICS = "metrics.json"
PREDICTIONS = {"val": "predictions-val.csv", "test": "predictions.csv"}


class StudyModel:
    """The predictions and figures of a model in its folder of a run."""

    def __init__(self, folder: Path, positive: str) -> None:
        self.folder, self.name, self.positive = folder, folder.name, positive
        self._predictions: dict[str, Predictions] = {}

    @cached_property
    def metrics(self) -> ModelMetrics:
        """Raises RadistillError if the model was not scored yet."""
        return read_record(ModelMetrics, self.folder / METRICS)

    def predictions(self, split: str) -> Predictions:
        """On `val` or `test`. Raises UsageError if the file is missing or damaged."""
        if split not in self._predictions:
            file = self.folder / PREDICTIONS[split]
            self._predictions[split] = read_predictions(file, self.positive)
        return self._predictions[split]

    def keep(self, split: str, predictions: Predictions) -> None:
        """Keep predictions just made in memory; `fit` writes the file."""
        self._predictions[split] = predictions

    def scored(self, config: EvaluationConfig, seed: int) -> ScoredModel:
        """Its figures on test, with the predictions and bootstrap draws behind them."""
        return read_scored(self.folder, self.predictions("test"), config, seed)


class TrainedModel(StudyModel):
    """The model in `folder`, of any run.

    classes, positive: what it tells apart. class_of: for each output of the network the index of
    its class. Raises UsageError if the folder holds no model.
    """

    def __init__(self, folder: Path) -> None:
        spec = read_spec(folder)
        if not (spec.classes and spec.positive):
            raise UsageError(f"{folder / SPEC}: not a model of a run")
        super().__init__(folder, spec.positive)
        self.classes = spec.classes
        self.architecture, self.input_size = spec.architecture, spec.input_size
        self.targets, self.class_of = spec.targets or spec.classes, spec.reported
        self._network: GreyClassifier | None = None

    def moved(self, folder: Path) -> TrainedModel:
        """The same model, now that its files are in `folder`."""
        model = TrainedModel(folder)
        model._network, model._predictions = self._network, self._predictions
        return model

    @property
    def network(self) -> GreyClassifier:
        """The network as it was loaded: on the CPU, in eval mode."""
        if self._network is None:
            self._network = load_model(self.folder)
        network = self._network.eval().requires_grad_(True)
        return network.to("cpu", memory_format=torch.contiguous_format)  # type: ignore[call-overload, no-any-return]

    @cached_property
    def weights_sha256(self) -> str:
        return sha256(self.folder / WEIGHTS)

    @cached_property
    def traced(self) -> onnx.ModelProto:
        """The network, without its head, as ONNX."""
        return trace(self.network)

    @cached_property
    def heat_maps(self) -> ShippedMaps:
        """The heat maps that a bundle of this model gives."""
        positive = self.classes.index(self.positive)
        return ShippedMaps(self.network, positive, self.class_of, self.traced)
