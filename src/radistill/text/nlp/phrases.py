"""Word lists as this room writes them: phrases that `;` or a line end separates."""

import re


def phrases(text: str) -> list[str]:
    """`no evidence of; no` -> ["no evidence of", "no"]."""
    return [phrase.strip() for phrase in re.split(r"[;\n]", text) if phrase.strip()]


def pairs(text: str) -> dict[str, str]:
    """`w/o: without; hx: history` -> {"w/o": "without", "hx": "history"}."""
    return dict(pair.split(": ") for pair in phrases(text))
