"""How sequences are split where nobody says it."""

import numpy as np
import pytest

from tfelc.next_item.data.chosen_protocol import FEWEST_USERS, chosen_protocol, protocol_sentence
from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.default_settings import default_settings

# By time the last tenth of the actions is for test; of users who come one after another that is the last tenth of them.
USERS, ACTIONS = 1_000, 4


def one_after_another(users: int = USERS, times: bool = True, same: bool = False) -> Sequences:
    count = users * ACTIONS
    at = np.zeros(count, np.int64) if same else np.arange(count)
    offsets = np.arange(0, count + 1, ACTIONS)
    actions = (np.arange(count) % 7 + 1).astype(np.int32)
    return Sequences(np.arange(users), np.arange(7), offsets, actions, at if times else None)


@pytest.mark.parametrize(
    ("sequences", "chosen", "said"),
    [
        (one_after_another(), "global_time", "split by time"),
        (one_after_another(times=False), "leave_one_out", "the sequences have no times"),
        # 990 users leave 99 for test.
        (one_after_another(990), "leave_one_out", f"fewer than {FEWEST_USERS} users"),
        # All at once: no moment parts them.
        (one_after_another(same=True), "leave_one_out", f"fewer than {FEWEST_USERS} users"),
    ],
)
def test_by_time_where_that_leaves_enough(sequences, chosen, said) -> None:
    assert chosen_protocol(sequences, "auto") == chosen
    assert said in protocol_sentence(sequences, chosen) and f"split.protocol: {chosen}" in protocol_sentence(
        sequences, chosen
    )
    for wanted in ("leave_one_out", "global_time"):
        assert chosen_protocol(sequences, wanted) == wanted


def test_only_tables_of_ones_own_are_split_by_what_they_allow() -> None:
    protocols = {
        name: default_settings(name).split.protocol for name in ("own.parquet", "beauty", "ml-1m", "simulated")
    }
    assert protocols == {
        "own.parquet": "auto", "beauty": "leave_one_out", "ml-1m": "leave_one_out", "simulated": "leave_one_out",
    }  # fmt: skip
    assert default_settings("own.parquet", ["split.protocol=leave_one_out"]).split.protocol == "leave_one_out"
