"""Bundle -> prediction, on a machine without torch."""

from radistill.runtime.bundle import Bundle
from radistill.runtime.card import Card

__all__ = ["Bundle", "Card"]
