"""Folders, tables and arrays of films -> one Dataset, split by patient."""

from radistill.data.dataset import Dataset
from radistill.data.load import load_dataset
from radistill.data.manifest import Film, read_manifest, write_manifest

__all__ = [
    "Dataset",
    "Film",
    "load_dataset",
    "read_manifest",
    "write_manifest",
]
