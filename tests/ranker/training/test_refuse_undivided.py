"""Trainings that several workers cannot share are refused; see also the example of `refuse_undivided`."""

import pytest

from tfelc.core.errors import UsageError
from tfelc.lifecycle.training.workers.workers import Workers
from tfelc.ranker.settings import RankerSettings
from tfelc.ranker.training.refuse_undivided import refuse_undivided


class Four(Workers):
    count = 4


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("training.batch_size=63", "63 rows are not dealt out evenly to 4 workers; set it to 64"),
        ("training.balance=pcgrad", "training.balance: `pcgrad` needs"),
        ("training.balance=gradnorm", "training.balance: `gradnorm` needs"),
        ("training.xla=true", "training.xla: 4 workers"),
    ],
)
def test_it_is_named_and_only_for_several(setting, words):
    settings = RankerSettings.load(None, ["training.batch_size=64", setting])
    with pytest.raises(UsageError, match="^training") as caught:
        refuse_undivided(settings, ["ctr", "cvr"], Four())
    assert words in str(caught.value)
    refuse_undivided(settings, ["ctr", "cvr"], Workers())
    refuse_undivided(settings, ["ctr", "cvr"], None)


@pytest.mark.parametrize("balance", ["fixed", "uncertainty", "dynamic"])
def test_other_balances_are_right_with_means(balance):
    settings = RankerSettings.load(None, ["training.batch_size=64", f"training.balance={balance}"])
    refuse_undivided(settings, ["ctr", "cvr"], Four())
