import io
import re

from rich.console import Console

from tfelc.lifecycle.training.progress import EpochProgress


def drawn(*, terminal, step=0, steps=60):
    """What an epoch of 100 steps of 10 rows draws from `step` on."""
    console = Console(file=io.StringIO(), force_terminal=terminal, width=100)
    progress = EpochProgress(console, rows=1000, epochs=3, batch_size=10)
    progress.start_at(step)
    progress.on_epoch_begin(1)
    for batch in range(steps):
        progress.on_train_batch_end(batch, {"loss": 0.25})
    progress._progress and progress._progress.refresh()
    progress.on_epoch_end(1)
    progress.close()
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", console.file.getvalue())


def test_a_terminal_sees_rows_rate_and_loss():
    shown = drawn(terminal=True)
    assert "epoch 2/3" in shown and "600/1000 rows" in shown
    assert re.search(r"[\d,]+ rows/s", shown) and "loss 0.2500" in shown


def test_a_resumed_epoch_begins_where_it_stopped():
    assert "950/1000 rows" in drawn(terminal=True, step=90, steps=5)


def test_a_pipe_gets_no_bar():
    assert drawn(terminal=False) == ""
