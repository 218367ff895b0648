"""ShuffleNet V2, which timm does not have, with the methods of a timm network."""

import torchvision
from torch import Tensor, nn

SHUFFLENETS = tuple(f"shufflenet_v2_x{width}" for width in ("0_5", "1_0", "1_5", "2_0"))


class ShuffleNet(nn.Sequential):
    """torchvision's network and its keys, without the last layer: (N, 3, S, S) to (N, D)."""

    def __init__(self, name: str) -> None:
        super().__init__()
        for child, module in torchvision.models.get_model(name, weights=None).named_children():
            if child != "fc":
                self.add_module(child, module)
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def group_matcher(self, coarse: bool = False) -> dict[str, str]:
        return {"stem": "^conv1", "blocks": r"^(?:stage|conv)(\d)"}

    def forward_features(self, x: Tensor) -> Tensor:
        for module in list(self)[:-1]:
            x = module(x)
        return x

    def forward_head(self, x: Tensor, pre_logits: bool = True) -> Tensor:
        embedding: Tensor = self.pool(x)
        return embedding
