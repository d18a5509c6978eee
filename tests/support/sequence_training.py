"""Next-item runs on a small file, with everything random that training has."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.training import killed_process
from tests.support.warm_process import WarmProcess

SMALL = ("model.encoder.dim=8", "training.batch_size=64", "training.epochs=1", "training.yardsticks=false")
# Dropout, drawn negatives, augmented views, a K-means start, weight decay, and a rate that falls.
EVERYTHING = (
    *SMALL, "training.epochs=4", "optimizer.learning_rate=0.03", "optimizer.schedule=cosine",
    "optimizer.weight_decay=0.01", "optimizer.clip_norm=5", "model.encoder.dropout=0.1",
    "model.encoder.attention_dropout=0.1", "model.loss.name=sampled_softmax", "model.loss.num_negatives=16",
    "model.clusters.num_clusters=4", "model.clusters.initialization=kmeans", "model.contrast.sequence_weight=0.1",
    "model.contrast.intent_weight=0.1",
)  # fmt: skip
# The same without views, which take the longest to build.
WITHOUT_VIEWS = (*EVERYTHING, "model.contrast.sequence_weight=0", "model.contrast.intent_weight=0")


def write_sequences(path: Path, users: int = 120, items: int = 40, seed: int = 0, prefix: str = "") -> Path:
    """A file in the paper's format; ids begin with `prefix`."""
    from tfelc.next_item.data.simulated_sequences import simulate

    sequences = simulate(users, items, seed).sequences
    lines = [
        " ".join(f"{prefix}{number}" for number in (sequences.users[user], *sequences.of(user)))
        for user in range(sequences.num_users)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def create(path: Path, source: Path | str, *settings: str, console: Any = None) -> Any:
    """A `TrainingLoop` in this process, not yet trained; quiet unless there is a console."""
    from rich.console import Console

    from tfelc.next_item.data.sources import load_sequences
    from tfelc.next_item.settings import NextItemSettings
    from tfelc.next_item.training.train import create_training

    loaded = NextItemSettings.load(None, settings)
    return create_training(load_sequences(source), str(source), loaded, path, console or Console(quiet=True))


def finished(path: Path, source: Path | str, *settings: str) -> Any:
    """A `TrainingLoop` that was trained and measured."""
    training = create(path, source, *settings)
    training.train()
    training.test()
    return training


def resume(path: Path) -> Any:
    """A `TrainingLoop` that goes on with a run in this process."""
    from rich.console import Console

    from tfelc.next_item.run import NextItemRun
    from tfelc.next_item.training.train import resume_training

    return resume_training(NextItemRun.open(path), Console(quiet=True))


def training_process(
    run: Path, *arguments: object, killed_at: tuple[str, int] | None = None, settings: Sequence[str] = ()
) -> WarmProcess:
    """`tfelc train --task next_item`, killed at a moment of `killed_training` or not at all."""
    sets = [word for setting in settings for word in ("--set", setting)]
    return killed_process(["--task", "next_item", "--run", run, *arguments, *sets], killed_at)


def assert_same_outcome(found: Path, wanted: Path) -> None:
    """Checks that two runs ended with the same weights, to the bit, history, metrics and ranks."""
    for name in ("last.npz", "best.npz"):
        one, other = (_arrays(run / "checkpoints" / name) for run in (found, wanted))
        assert one.keys() == other.keys()
        assert [key for key in other if one[key].tobytes() != other[key].tobytes()] == []
    assert _history(found) == _history(wanted)
    for name in ("metrics.json", "ranks.parquet"):
        assert (found / name).read_bytes() == (wanted / name).read_bytes()
    assert not [path.name for path in found.rglob(".*.tmp")]


def _arrays(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as file:
        return {key: file[key] for key in file.files if key != "state"}


def _history(run: Path) -> Any:
    text = re.sub(r'"(samples_per_second|seconds)": [\d.e+-]+', r'"\1": 0', (run / "history.json").read_text())
    return json.loads(text)
