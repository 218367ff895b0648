"""What `radistill predict` says to people before and after the results."""

from collections.abc import Mapping

from radistill.schema.card import Card, FileName


def about(card: Card, threshold: float, file: FileName) -> str:
    """Which model, whom it knows, and what its answers are not. file: which runs."""
    lines = [
        f"{card.architecture}: {card.positive.lower()} from {threshold:.4g} up. For research and "
        "teaching, not a medical device.",
        f"It knows {card.population.description}; of films without DICOM tags this is not checked.",
    ]
    if file != card.figures_of:
        lines.append(f"It runs {file}; its threshold and figures are of {card.figures_of}.")
    if card.synthetic:
        lines.append("It was trained on synthetic phantoms and says nothing about real films.")
    if card.abstention is None:
        lines.append("It has no statistics to tell films from other pictures by.")
    return "\n".join(lines)


def summary(counts: Mapping[str, int]) -> str:
    """How many films of each decision, the most frequent first."""
    if not counts:
        return "no film to predict"
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count} {decision}" for decision, count in ordered)
