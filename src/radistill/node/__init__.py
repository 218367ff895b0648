"""A DICOM node: receives films, answers with report and capture, and sends them to the PACS."""

from typing import TYPE_CHECKING

from radistill.lazy import lazy

if TYPE_CHECKING:
    from radistill.node.answer import Answers, answer_film

__getattr__ = lazy(__name__, {"Answers": ".answer", "answer_film": ".answer"})

__all__ = ["Answers", "answer_film"]
