import io
import re
import time

import pytest
from rich.console import Console

from tfelc.lifecycle.training.progress import EpochProgress


def drawn(*, terminal, step=0, steps=60):
    """What an epoch of 100 steps of 10 rows draws from `step` on."""
    console = Console(file=io.StringIO(), force_terminal=terminal, width=100)
    progress = EpochProgress(console, units=1000, epochs=3, batch_size=10)
    progress.open(1, step)
    for done in range(step + 1, step + steps + 1):
        progress.update(done, lambda: {"loss": 0.25})
    progress._progress and progress._progress.refresh()
    progress.close()
    progress.close()
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", console.file.getvalue())


def test_a_terminal_sees_rows_rate_and_loss():
    shown = drawn(terminal=True)
    assert "epoch 2/3" in shown and "600/1000 rows" in shown
    assert re.search(r"[\d,]+ rows/s", shown) and "loss 0.2500" in shown


def test_a_resumed_epoch_begins_where_it_stopped():
    assert "950/1000 rows" in drawn(terminal=True, step=90, steps=5)


def test_a_pipe_gets_no_bar_and_asks_for_no_loss():
    assert drawn(terminal=False) == ""
    progress = EpochProgress(Console(file=io.StringIO()), units=1000, epochs=3, batch_size=10)
    progress.open(0)
    progress.update(1, lambda: pytest.fail("fetching a loss waits for the device"))
    progress.close()


def test_a_pipe_gets_a_line_each_half_a_minute(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    console = Console(file=io.StringIO(), width=20)
    progress = EpochProgress(console, units=10_000, epochs=3, batch_size=10, unit="samples")
    progress.open(1, 100)
    for seconds, step in ((20, 200), (29, 300), (40, 500), (60, 600), (80, 900)):
        now[0] = 100.0 + seconds
        progress.update(step, lambda: {"loss": 0.25})
    progress.close()
    # 40 seconds after the first 1,000, and 40 seconds after that.
    assert console.file.getvalue().splitlines() == [
        "epoch 2/3: 5,000 of 10,000 samples, 100 samples/s, loss 0.2500",
        "epoch 2/3: 9,000 of 10,000 samples, 100 samples/s, loss 0.2500",
    ]


def test_the_bar_says_what_it_counts():
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    progress = EpochProgress(console, units=25, epochs=3, batch_size=10, unit="samples")
    progress.open(0)
    progress.update(3, dict)
    progress.close()
    assert "25/25 samples" in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", console.file.getvalue())
