"""The bundle as the page shows it: its card without the arrays, and its model card."""

from radistill.runtime.decision import REASONS
from radistill.runtime.predictor import Predictor
from radistill.schema.abstention import AbstentionRates
from radistill.schema.card import README, Card, Part


class AbstentionInfo(Part):
    """The card's `Abstention` without its arrays and limits."""

    measured: AbstentionRates


class BundleInfo(Card):
    """The card (docs/bundle.md), and more.

    name, version, sha256, file: of the model that runs. reasons: the codes of abstention, each in
    a few words. readme: the model card, empty where there is none.
    """

    abstention: AbstentionInfo | None  # type: ignore[assignment]
    name: str
    version: str
    sha256: str
    file: str
    reasons: dict[str, str]
    readme: str


def bundle_info(predictor: Predictor) -> BundleInfo:
    """The information about a predictor's bundle."""
    card, bundle, model = predictor.card, predictor.bundle, predictor.model
    readme = bundle.folder / README
    return BundleInfo(
        **card.model_dump(exclude={"abstention"}),
        abstention=card.abstention and AbstentionInfo(measured=card.abstention.measured),
        name=model.name,
        version=model.version,
        sha256=model.sha256,
        file=bundle.file,
        reasons=REASONS,
        readme=readme.read_text("utf-8") if README in card.files else "",
    )
