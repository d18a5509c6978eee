"""`python -m tests.support.killed_training MOMENT CALL ARGUMENTS...`: `tfelc train`, killed at a chosen moment.

Where the first argument is `search`, it is `tfelc search`.

The moment is the CALL-th call of: `save` (before a checkpoint), `write` (half of a checkpoint's file is written),
`judge` (an epoch is trained and not measured) or `judged` (it is measured, its best weights saved, and no more); of a
next-item model `next_item_step` (inside an epoch).
"""

import io
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from tfelc.commands import search, train
from tfelc.core.command_line import run
from tfelc.core.tensorflow_start import load_tensorflow


def main(moment: str, call: int) -> None:
    load_tensorflow()

    from tfelc.lifecycle.run import Run
    from tfelc.lifecycle.training.checkpoints import Checkpoints
    from tfelc.lifecycle.training.training_loop import TrainingLoop
    from tfelc.next_item.training.next_item_trainer import NextItemTrainer

    owner, name, last_words = {
        "save": (Checkpoints, "save", None),
        "write": (np, "savez", half_a_file),
        "judge": (TrainingLoop, "_judge", None),
        "judged": (Run, "write_json", None),
        "next_item_step": (NextItemTrainer, "step", None),
    }[moment]
    setattr(owner, name, killing(getattr(owner, name), call, last_words))
    run(search.app if sys.argv[0].endswith("search") else train.app)


def killing(function: Callable[..., Any], call: int, last_words: Callable[..., None] | None) -> Callable[..., Any]:
    calls = 0

    def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            if last_words:
                last_words(*arguments, **named)
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)

    return counted


def half_a_file(file: Any, **arrays: Any) -> None:
    whole = io.BytesIO()
    SAVEZ(whole, **arrays)
    file.write(whole.getvalue()[: whole.tell() // 2])
    file.flush()


SAVEZ = np.savez

if __name__ == "__main__":
    moment, call = sys.argv[1], int(sys.argv[2])
    searches = sys.argv[3:4] == ["search"]
    sys.argv[: 3 + searches] = ["tfelc search" if searches else "tfelc train"]
    main(moment, call)
