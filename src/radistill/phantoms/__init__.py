"""Synthetic chest radiographs for trying the study without patients' films."""

from radistill.data.phantom.generate import generate

__all__ = ["generate"]
