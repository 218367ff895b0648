"""model.json: what is needed to build a trained network again, and the classes it tells apart."""

from pathlib import Path
from typing import Literal

from radistill.errors import UsageError
from radistill.schema.record import Record, read_record

SPEC = "model.json"


class ModelSpec(Record):
    """Stands beside `weights.safetensors`.

    variant: `v1` for a ResNet with the strides of the original paper. enlarge: factor inside the
    network, after input_size. pooling: of the last feature map, or of all stages. mean, std: of
    each channel of its input.
    classes: as reported; targets: what each output stands for; class_of: the index of its class,
    empty where outputs are classes. weights_from: source of the initial weights.
    """

    architecture: str
    variant: Literal["", "v1"]
    num_classes: int
    input_size: int
    dropout: float
    enlarge: int = 1
    pooling: Literal["last", "stages"] = "last"
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    classes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    class_of: tuple[int, ...] = ()
    positive: str = ""
    weights_from: str = ""
    synthetic: bool = False

    @property
    def reported(self) -> tuple[int, ...]:
        """The index of the class that each output is reported as."""
        return self.class_of or tuple(range(self.num_classes))


def read_spec(folder: Path) -> ModelSpec:
    """The spec of the model in `folder`.

    Raises UsageError if there is none, RadistillError if it is damaged.
    """
    if not (folder / SPEC).is_file():
        raise UsageError(f"{folder / SPEC}: no such file; is this a trained model?")
    return read_record(ModelSpec, folder / SPEC)
