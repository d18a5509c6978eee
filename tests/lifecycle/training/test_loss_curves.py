"""Two tiny trainings come to the losses that are stored, so that no change alters what is computed without saying so.

A change that is meant to brings the files along, written by
`pytest tests/lifecycle/training/test_loss_curves.py --store-loss-curves`.
"""

import json
from pathlib import Path

import pytest

from tests.support import sequence_training, training

STORED = Path(__file__).parents[2] / "stored"
COMMON = ("training.epochs=3", "training.checkpoint_seconds=60")
# Another processor rounds otherwise: in these few steps by less than a millionth.
TOLERANCE = 1e-5


def ranker(folder, dataset):
    settings = (*COMMON, "training.batch_size=100", "training.balance.name=uncertainty")
    return training.create(dataset, folder / "run", *settings)


def next_item(folder, dataset):
    source = sequence_training.write_sequences(folder / "own.txt")
    return sequence_training.create(folder / "run", source, *sequence_training.EVERYTHING, *COMMON)


@pytest.mark.parametrize("product", [ranker, next_item], ids=lambda product: product.__name__)
def test_the_losses_are_those_that_are_stored(product, tmp_path, every_kind_dataset, request):
    loop = product(tmp_path, every_kind_dataset)
    loop.train()
    found = [epoch["losses"] for epoch in loop.history.epochs]
    path = STORED / f"loss_curve_{product.__name__}.json"
    if request.config.getoption("--store-loss-curves"):
        path.write_text(json.dumps(found, indent=2) + "\n")
    stored = json.loads(path.read_text())
    assert len(found) == len(stored) == 3
    for losses, wanted in zip(found, stored, strict=True):
        assert losses == pytest.approx(wanted, rel=TOLERANCE, abs=0)
    assert stored[-1]["loss"] < stored[0]["loss"]
