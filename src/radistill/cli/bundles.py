"""`radistill bundles`: the models that came with this installation."""

import typer


def bundles() -> None:
    """List the models that came with this installation.

    For research and teaching, not a medical device.

    Example: radistill bundles
    """
    from radistill.runtime.find_bundle import installed
    from radistill.schema.card import CARD, read_card

    for folder in installed():
        card = read_card(folder / CARD)
        assert card.figures is not None
        test = card.figures.test
        assert test.auc_ci is not None
        low, high = test.auc_ci
        megabytes = (folder / card.small_file).stat().st_size / 1e6
        typer.echo(
            f"{folder.name}\n"
            f"  {card.positive} by {card.architecture} at {card.input_size} pixels, "
            f"{megabytes:.2f} MB\n"
            f"  test AUC {test.auc:.3f} ({low:.3f} to {high:.3f}) on {test.n} films, "
            f"of {card.figures_of}\n"
            f"  knows {card.population.description}\n"
            f"  {folder}"
        )
    if not installed():
        typer.echo("no bundle is installed; name one with radistill predict --bundle")
