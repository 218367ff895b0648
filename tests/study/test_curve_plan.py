"""What `radistill curve` is asked for, and what it refuses."""

from __future__ import annotations

import pytest

from radistill.config import load_config
from radistill.errors import UsageError
from radistill.study.curve_plan import read_plan


def test_fractions_rise_and_keep_their_seeds():
    plan = read_plan("1,0.02,0.25", "2,5,3", "all,alone", "0.97,0.9")
    assert plan.fractions == (0.02, 0.25, 1)
    assert plan.seeds == (5, 3, 2)
    assert plan.arms == ("alone", "all")
    assert plan.targets == (0.9, 0.97)


def test_one_number_of_seeds_is_for_all():
    assert read_plan("0.02,1", "3", "alone").seeds == (3, 3)


def test_no_two_points_share_a_teacher():
    config = load_config("student", overrides=["teacher.members=[{}, {}, {}]"], seed=4)
    seeds = read_plan("0.02", "3", "all").seeds_of(0, config)
    assert seeds == (4, 7, 10)
    teachers = [seed + number for seed in seeds for number in range(3)]
    assert len(set(teachers)) == len(teachers)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("0", "1", "all"), "--fractions 0: is a share"),
        (("5", "1", "all"), "5 % of them are 0.05"),
        (("-0.1", "1", "all"), "above 0"),
        (("nan", "1", "all"), "--fractions nan"),
        (("inf", "1", "all"), "--fractions inf"),
        (("2 %", "1", "all"), "--fractions 2 %: give numbers"),
        (("", "1", "all"), "--fractions"),
        (("0.1,0.1", "1", "all"), "--fractions: names one twice"),
        (("0.1,0.2", "1,2,3", "all"), "3 numbers for 2 fractions"),
        (("0.1", "0", "all"), "--seeds 0"),
        (("0.1", "1.5", "all"), "--seeds 1.5"),
        (("0.1", "inf", "all"), "--seeds inf"),
        (("0.1", "1", "both"), "--arms both: there are alone, labelled, all"),
        (("0.1", "1", ""), "--arms"),
        (("0.1", "1", "all,all"), "--arms: names one twice"),
        (("0.1", "1", "all", "95"), "--auc 95"),
        (("0.1", "1", "all", "0.9,1"), "--auc 0.9,1"),
    ],
)
def test_what_is_no_plan_is_refused_by_option(options, said):
    with pytest.raises(UsageError) as error:
        read_plan(*options)
    assert said in str(error.value)
