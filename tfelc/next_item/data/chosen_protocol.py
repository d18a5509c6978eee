"""Which of the two protocols splits sequences where the settings leave it open."""

from __future__ import annotations

from typing import Literal

from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.data.splits import global_time

Protocol = Literal["leave_one_out", "global_time"]
# Validation and test users that a split by time must leave, or chance would decide.
FEWEST_USERS = 100


def chosen_protocol(sequences: Sequences, wanted: Literal["auto", "leave_one_out", "global_time"]) -> Protocol:
    """The protocol of a data set.

    Args:
        sequences: Sequences. The users' sequences.
        wanted: What the settings say. `auto` is a split by time where there are times and it leaves something to train
            on and 100 users each for validation and test, and leave-one-out elsewhere.

    Example:
        >>> import numpy as np
        >>> two = Sequences(np.array([7, 8]), np.array(["tea", "cup"]), np.array([0, 1, 3]), np.array([1, 2, 1]))
        >>> chosen_protocol(two, "auto"), chosen_protocol(two, "global_time")
        ('leave_one_out', 'global_time')
    """
    if wanted != "auto":
        return wanted
    if sequences.times is None:
        return "leave_one_out"
    found = global_time(sequences, needed=())
    enough = len(found.train) > 0 and min(len(found.validation), len(found.test)) >= FEWEST_USERS
    return "global_time" if enough else "leave_one_out"


def protocol_sentence(sequences: Sequences, chosen: Protocol) -> str:
    """What is said of a protocol that `auto` chose.

    Args:
        sequences: Sequences. The users' sequences.
        chosen: What it chose.
    """
    if chosen == "global_time":
        return (
            "split by time, as the model will be used (split.protocol: global_time); figures of papers are mostly of "
            "leave_one_out"
        )
    if sequences.times is None:
        return "split by leave-one-out (split.protocol: leave_one_out): the sequences have no times"
    return (
        "split by leave-one-out (split.protocol: leave_one_out): a split by time would leave fewer than "
        f"{FEWEST_USERS} users for validation or test"
    )
