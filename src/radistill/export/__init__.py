"""A trained model -> a bundle: ONNX files, card, statistics for abstention."""

from typing import TYPE_CHECKING

from radistill.lazy import lazy

if TYPE_CHECKING:
    from radistill.export.graph import Head, add_head
    from radistill.export.onnx import export_onnx
    from radistill.export.write_bundle import BundleSpec

__getattr__ = lazy(
    __name__,
    {
        "BundleSpec": ".write_bundle",
        "Head": ".graph",
        "add_head": ".graph",
        "export_onnx": ".onnx",
    },
)

__all__ = ["BundleSpec", "Head", "add_head", "export_onnx"]
