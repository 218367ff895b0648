"""Synthetic chest radiographs for trying the study without patients' films."""

from radistill.phantoms.generate import generate

__all__ = ["generate"]
