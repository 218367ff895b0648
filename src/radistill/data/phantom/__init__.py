"""Synthetic chest radiographs for trying the study without patients' films."""

from radistill.data.phantom.generate import MARK, generate

__all__ = ["MARK", "generate"]
