"""adaptation.json: what was tried on local films, what each change brought, what was chosen."""

from collections.abc import Mapping
from typing import Literal

from radistill.schema.record import Interval, Record

ChangeName = Literal[
    "nothing", "threshold", "temperature", "intercept and slope", "head", "network"
]


class Gain(Record):
    """What a change brings over the model as it is, on outer folds; above 0 is better.

    by: `auc` (difference), `log_loss` (nats a film saved), or `decisions` (nats a film saved by
    knowing on which side of the threshold it is). shown: above zero by the interval; by one of
    99 % for decisions, since where to cut is a matter of costs, and for a trained network, since
    the head has been asked before.
    """

    by: Literal["auc", "log_loss", "decisions"]
    value: float
    ci: Interval
    shown: bool
    films_to_show: int | None


class ChangeResult(Record):
    """One change on outer folds that chose nothing.

    ranks: the AUC is shown to be above 0.5; as two models are asked, the one as it is and the head,
    by an interval of 97.5 %. settings: as chosen on all films. `network` is there with --finetune.
    """

    name: ChangeName
    auc: float
    auc_ci: Interval
    ranks: bool
    log_loss: float
    gain: Gain | None = None
    settings: str = ""


class Confound(Record):
    """How well something that is no disease tells the label, and the gain where it is held fixed.

    auc: of the label by this alone, None where it is the same for all films. p: of no relation,
    corrected for the number of columns (Holm 1979). stratified_before,
    stratified_after: AUC over pairs of films within one stratum; None where no stratum has both
    classes. explains: the gain within strata has an interval that holds zero.
    """

    name: str
    auc: float | None
    auc_ci: Interval | None
    p: float | None
    strata: int
    strata_with_both: int
    stratified_before: float | None = None
    stratified_after: float | None = None
    stratified_gain_ci: Interval | None = None

    @property
    def stratified_gain(self) -> float | None:
        if self.stratified_before is None or self.stratified_after is None:
            return None
        return self.stratified_after - self.stratified_before

    @property
    def tells(self) -> bool:
        """It tells the label better than chance."""
        return self.auc_ci is not None and self.auc_ci[0] > 0.5 and (self.p or 0.0) < 0.05

    @property
    def explains(self) -> bool:
        """It tells the label, and no gain is shown where it is held fixed."""
        return self.tells and (self.stratified_gain_ci is None or self.stratified_gain_ci[0] <= 0)


class Adaptation(Record):
    """The whole outcome. parent: sha256 of the model.onnx that was adapted."""

    format: Literal[1] = 1
    site: str
    parent: str
    parent_name: str
    films: int
    positives: int
    patients: int
    seen: int | None
    folds: int
    seed: int
    changes: tuple[ChangeResult, ...]
    chosen: ChangeName
    reason: str
    confounds: tuple[Confound, ...] = ()
    counts: Mapping[str, int] = {}
    notes: tuple[str, ...] = ()

    @property
    def ranked_anew(self) -> bool:
        """Another head or network, so that a confound may be what was learnt."""
        return self.chosen in ("head", "network")

    @property
    def gained(self) -> bool:
        return self.chosen != "nothing"

    def change(self, name: ChangeName) -> ChangeResult:
        return next(change for change in self.changes if change.name == name)

    @property
    def best(self) -> ChangeResult:
        """The chosen change's figures."""
        return self.change(self.chosen)
