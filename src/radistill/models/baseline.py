"""The baseline: the small convolutional network that most first attempts begin with."""

from torch import Tensor, nn


class BaselineCNN(nn.Module):
    """Two blocks of convolution, ReLU and pooling, dropout, and a dense layer of 128.

    Input (N, 1, S, S), output (N, 128); the second dense layer is the classifier's head. Most
    of its weights are in the first dense layer, which is why S (`input_size`) is fixed.
    """

    def __init__(self, input_size: int, dropout: float) -> None:
        super().__init__()
        side = input_size // 4
        self.block1 = _block(1, 32)
        self.block2 = _block(32, 64)
        self.dense = nn.Sequential(
            nn.Dropout(dropout),
            nn.Flatten(),
            nn.Linear(64 * side * side, 128),
            nn.ReLU(inplace=True),
        )

    def group_matcher(self, coarse: bool = False) -> dict[str, str]:
        return {"blocks": r"^block(\d)", "dense": "^dense"}

    def forward_features(self, x: Tensor) -> Tensor:
        features: Tensor = self.block2(self.block1(x))
        return features

    def forward_head(self, x: Tensor, pre_logits: bool = True) -> Tensor:
        embedding: Tensor = self.dense(x)
        return embedding

    def forward(self, x: Tensor) -> Tensor:
        return self.forward_head(self.forward_features(x))


def _block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2)
    )
