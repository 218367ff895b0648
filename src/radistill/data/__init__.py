"""Folders, tables and arrays of films -> one Dataset, split by patient."""

from typing import TYPE_CHECKING

from radistill.lazy import lazy

if TYPE_CHECKING:
    from radistill.data.dataset import Dataset
    from radistill.data.load import load_dataset
    from radistill.data.manifest import Film, read_manifest, write_manifest

__getattr__ = lazy(
    __name__,
    {
        "Dataset": ".dataset",
        "Film": ".manifest",
        "load_dataset": ".load",
        "read_manifest": ".manifest",
        "write_manifest": ".manifest",
    },
)

__all__ = ["Dataset", "Film", "load_dataset", "read_manifest", "write_manifest"]
