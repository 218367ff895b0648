"""The heat maps of the graph that ships, for a network that is not shipped yet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import torch
from PIL import Image

from radistill.export.graph import add_head
from radistill.export.onnx import head_of, trace
from radistill.models.classifier import GreyClassifier
from radistill.runtime.session import open_session, run_batches


class ShippedMaps:
    """uint8 (N, S, S) -> float32 (N, S, S), at least 0: where the class `positive` shows.

    As `predict` draws them, before they are scaled. groups: for each logit the index of the class
    it is reported as. traced: what `trace` made of the network. method: how the map is computed,
    which depends on the network.
    """

    def __init__(
        self,
        network: GreyClassifier,
        positive: int,
        groups: Sequence[int] | None = None,
        traced: onnx.ModelProto | None = None,
    ) -> None:
        self._network, self._traced = network, traced or trace(network)
        exported = add_head(self._traced, head_of(network, positive, groups))
        self.method = exported.cam_method
        self._positive, self._groups = positive, groups
        self._session = open_session(exported.bytes)

    def of(self, network: GreyClassifier) -> ShippedMaps:
        """Those of another network for the same classes; traced if more than its head differs."""
        own = self._network.state_dict()
        same = all(
            torch.equal(value, own[name])
            for name, value in network.state_dict().items()
            if not name.startswith("head.")
        )
        return ShippedMaps(network, self._positive, self._groups, self._traced if same else None)

    def __call__(self, squares: np.ndarray) -> np.ndarray:
        size = squares.shape[:0:-1]
        maps = np.maximum(run_batches(self._session, squares).cam, 0)
        spread = (Image.fromarray(one).resize(size, Image.Resampling.BILINEAR) for one in maps)
        return np.stack([np.asarray(one) for one in spread])
