"""Which points a learning curve has: shares of labelled patients, seeds at each, and arms."""

from dataclasses import dataclass

from radistill.config import StudyConfig
from radistill.errors import UsageError
from radistill.schema.label_curve import ARMS, Arm


@dataclass(frozen=True)
class CurvePlan:
    """fractions: rising shares of the patients, in (0, 1]. seeds: how many at each. arms: one at
    least, in the order of `ARMS`. targets: AUCs that the patients needed are wanted for."""

    fractions: tuple[float, ...]
    seeds: tuple[int, ...]
    arms: tuple[Arm, ...]
    targets: tuple[float, ...] = ()

    def seeds_of(self, point: int, config: StudyConfig) -> tuple[int, ...]:
        """The seeds at the point of this number: that of `config` and those after it.

        A seed's teachers have seeds from its own on, so the next is beyond those: no two points
        share a teacher.
        """
        step = 1 + max(teacher.seed for teacher in config.teachers())
        return tuple(range(config.seed, config.seed + step * self.seeds[point], step))


def read_plan(fractions: str, seeds: str, arms: str, targets: str = "") -> CurvePlan:
    """The plan of the options of `radistill curve`, each a list with commas.

    seeds: one number for all fractions, or one each. Raises UsageError, naming the option, for what
    is no such list, is out of range or occurs twice.
    """
    shares = _numbers("--fractions", fractions)
    for share in shares:
        if not 0 < share <= 1:
            raise UsageError(
                f"--fractions {share:g}: is a share of the patients, above 0 and at most 1; 5 % of "
                "them are 0.05"
            )
    counts = [int(count) for count in _numbers("--seeds", seeds) if count.is_integer()]
    if not counts or min(counts) < 1 or len(counts) != seeds.count(",") + 1:
        raise UsageError(f"--seeds {seeds}: give whole numbers from 1 on")
    if len(counts) == 1:
        counts *= len(shares)
    if len(counts) != len(shares):
        raise UsageError(
            f"--seeds {seeds}: {len(counts)} numbers for {len(shares)} fractions; give one for all "
            "or one each"
        )
    asked = [name.strip() for name in arms.split(",")]
    if unknown := [name for name in asked if name not in ARMS]:
        raise UsageError(f"--arms {unknown[0]}: there are {', '.join(ARMS)}")
    aucs = _numbers("--auc", targets) if targets else []
    if any(not 0.5 < auc < 1 for auc in aucs):
        raise UsageError(f"--auc {targets}: give AUCs above 0.5 and below 1")
    for option, values in (("--fractions", shares), ("--arms", asked), ("--auc", aucs)):
        if len(set(values)) < len(values):
            raise UsageError(f"{option}: names one twice")
    by_share = sorted(zip(shares, counts, strict=True))
    return CurvePlan(
        fractions=tuple(share for share, _ in by_share),
        seeds=tuple(count for _, count in by_share),
        arms=tuple(arm for arm in ARMS if arm in asked),
        targets=tuple(sorted(aucs)),
    )


def _numbers(option: str, text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(f"{option} {text}: give numbers with commas between them") from None


def check_settings(config: StudyConfig) -> None:
    """UsageError for settings that a curve decides itself, or that would show hidden labels."""
    if config.distill.teachers:
        raise UsageError(
            "distill.teachers: a teacher from elsewhere may have seen the labels that a curve "
            "hides; leave it out, a curve trains its own teachers at each fraction"
        )
    if config.data.label_fraction < 1:
        raise UsageError("data.label_fraction: a curve sets it; give --fractions")
