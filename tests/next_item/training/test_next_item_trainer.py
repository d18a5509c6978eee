import json

import keras
import numpy as np
import pytest

from tfelc.next_item.data.batches import SequenceBatch
from tfelc.next_item.settings import NextItemSettings
from tfelc.next_item.training.next_item_trainer import NextItemTrainer

ITEMS = np.array([[0, 1, 2], [3, 4, 5], [0, 0, 6]], "int32")
TARGETS = np.array([3, 6, 1], "int32")
PREFIXES = SequenceBatch(ITEMS, TARGETS, None)
CALM = ("model.encoder.dropout=0", "model.encoder.attention_dropout=0")


def _trainer(
    *settings: str, steps: int = 1, every_position: bool = False, positive_views: bool = False
) -> NextItemTrainer:
    keras.utils.set_random_seed(0)
    loaded = NextItemSettings.load(None, ["model.encoder.dim=4", *settings])
    model = loaded.model.create(6, 5, np.ones(6, np.int64), 0)
    return NextItemTrainer(model, loaded.optimizer, steps, every_position, positive_views)


def test_steps_lower_the_loss_and_the_means_are_of_all_steps_since_the_reset() -> None:
    trainer = _trainer(*CALM, "optimizer.learning_rate=0.05", "model.clusters.num_clusters=2")
    seen = []
    for _ in range(30):
        trainer.reset()
        trainer.step(PREFIXES)
        seen.append(trainer.losses())
    assert list(seen[0]) == ["loss", "next_item", "clustering"]
    for losses in seen:
        assert losses["loss"] == pytest.approx(losses["next_item"] + losses["clustering"])
    assert seen[0]["next_item"] == pytest.approx(np.log(6), rel=0.05)
    assert seen[-1]["loss"] < 0.5 * seen[0]["loss"]
    again = _trainer(*CALM, "optimizer.learning_rate=0.05", "model.clusters.num_clusters=2")
    for _ in range(30):
        again.step(PREFIXES)
    means = {name: np.mean([losses[name] for losses in seen]) for name in seen[0]}
    assert again.losses() == pytest.approx(means, rel=1e-4)


def test_the_means_are_taken_up_to_the_bit() -> None:
    trainers = [_trainer(*CALM, "model.clusters.num_clusters=2") for _ in range(2)]
    for _ in range(3):
        for trainer in trainers:
            trainer.step(PREFIXES)
    state = json.loads(json.dumps(trainers[1].state()))
    trainers[1].reset()
    trainers[1].restore(state)
    for trainer in trainers:
        trainer.step(PREFIXES)
    assert trainers[0].losses() == trainers[1].losses() and trainers[0].state() == trainers[1].state()
    assert state["steps"] == 3 and set(state["sums"]) == {"next_item", "clustering"}


def test_targets_of_every_position_and_twins_reach_the_model() -> None:
    trainer = _trainer(*CALM, every_position=True)
    targets = np.array([[0, 2, 3], [4, 5, 6], [0, 0, 1]], "int32")
    before = float(trainer.model.compute_loss(ITEMS, targets)["next_item"])
    trainer.step(SequenceBatch(ITEMS, targets, None))
    assert trainer.losses()["next_item"] == pytest.approx(before, rel=1e-5)
    contrast = ("model.contrast.sequence_weight=1", "model.contrast.views=same_target")
    trainer = _trainer(*CALM, *contrast, positive_views=True)
    positive_views = np.array([[1, 1], [0, 2], [0, 3]], "int32")
    before = {name: float(value) for name, value in trainer.model.compute_loss(ITEMS, TARGETS, positive_views).items()}
    trainer.step(SequenceBatch(ITEMS, TARGETS, positive_views))
    losses = trainer.losses()
    assert {name: losses[name] for name in before} == pytest.approx(before, rel=1e-4)


def test_batches_of_any_width_and_size_share_one_graph() -> None:
    trainer = _trainer()
    for width in (1, 3, 5):
        trainer.step(SequenceBatch(np.ones((width, width), "int32"), np.ones(width, "int32"), None))
    assert trainer._step.experimental_get_tracing_count() == 1


def _moved(trainer: NextItemTrainer) -> dict[str, float]:
    """How far one step moves each weight."""
    before = [np.array(weight) for weight in trainer.model.trainable_variables]
    trainer.step(PREFIXES)
    pairs = zip(trainer.model.trainable_variables, before, strict=True)
    return {weight.path: float(np.linalg.norm(np.array(weight) - old)) for weight, old in pairs}


def test_weights_decay_but_for_biases_and_norms() -> None:
    # A rate of nearly nothing but a decay of a tenth a step leaves the decay alone to be seen.
    trainer = _trainer("optimizer.learning_rate=1e-7", "optimizer.weight_decay=1e6", "model.clusters.num_clusters=2")
    sizes = {weight.path: float(np.linalg.norm(weight)) for weight in trainer.model.trainable_variables}
    moved = _moved(trainer)
    kept = [path for path in moved if moved[path] < 1e-4]
    assert sorted(path.split("/")[-1] for path in kept) == sorted(
        3 * ["gamma", "beta"] + [f"{name}_bias" for name in ("query", "value", "output", "inner", "outer")]
    )
    for path in moved.keys() - set(kept):
        assert moved[path] == pytest.approx(0.1 * sizes[path], rel=0.01)
    assert isinstance(trainer.optimizer, keras.optimizers.AdamW)
    assert type(_trainer().optimizer) is keras.optimizers.Adam


def test_gradients_are_clipped_by_their_norm_all_together() -> None:
    assert _trainer("optimizer.clip_norm=0.5").optimizer.global_clipnorm == 0.5
    assert _trainer().optimizer.global_clipnorm is None
    assert _trainer("optimizer.clip_norm=2", "optimizer.weight_decay=0.1").optimizer.global_clipnorm == 2


@pytest.mark.parametrize(("schedule", "halfway"), [("constant", 0.01), ("linear", 0.005), ("cosine", 0.005)])
def test_the_rate_falls_over_all_the_epochs(schedule: str, halfway: float) -> None:
    trainer = _trainer(f"optimizer.schedule={schedule}", "optimizer.learning_rate=0.01", steps=40)
    rates = []
    for step in (0, 20, 40):
        trainer.optimizer.iterations.assign(step)
        rates.append(float(trainer.optimizer.learning_rate))
    assert rates == pytest.approx([0.01, halfway, 0.01 if schedule == "constant" else 0], abs=1e-8)


def test_pretraining_has_a_loss_and_an_optimizer_of_its_own() -> None:
    plain, pretrained = _trainer(*CALM), _trainer(*CALM)
    model = pretrained.model
    # Of one variable alone; the others have no gradient then, and stay.
    model.compute_pretraining_loss = lambda items, targets: {"toy": keras.ops.sum(model.encoder.position_table**2)}
    with_pretraining = NextItemTrainer(
        model, NextItemSettings().optimizer, steps=1, every_position=False, positive_views=False, pretraining_steps=3
    )
    before = {weight.path: np.array(weight) for weight in model.trainable_variables}
    with_pretraining.step(PREFIXES, pretraining=True)
    moved = [weight.path for weight in model.trainable_variables if np.any(np.array(weight) != before[weight.path])]
    assert moved == ["encoder/position_table"] and list(with_pretraining.losses()) == ["loss", "toy"]
    assert int(with_pretraining.optimizer.iterations) == 0
    assert len(with_pretraining.optimizer_variables) == 2 * len(plain.optimizer_variables)
    with_pretraining.reset()
    with_pretraining.step(PREFIXES)
    assert list(with_pretraining.losses()) == ["loss", "next_item"] and int(with_pretraining.optimizer.iterations) == 1
