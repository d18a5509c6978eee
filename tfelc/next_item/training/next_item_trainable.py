"""A next-item model as the training loop trains it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tfelc.lifecycle.evaluation.result import EvaluationResult, Metrics
from tfelc.lifecycle.training.seed_process import seed_process
from tfelc.lifecycle.training.trainable import Trainable
from tfelc.metrics.registries import RANKING_METRICS
from tfelc.next_item.data.batches import SequenceBatches
from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.evaluation.catalog_scorer import embedding_graph
from tfelc.next_item.evaluation.evaluation import evaluate
from tfelc.next_item.evaluation.training_actions import TrainingActions
from tfelc.next_item.evaluation.yardsticks import measure_yardsticks
from tfelc.next_item.run import NextItemRun, build_model, split
from tfelc.next_item.settings import NEXT_ITEM
from tfelc.next_item.training.next_item_trainer import NextItemTrainer

# Metrics that the line of an epoch shows.
_SHOWN = ("hr@20", "ndcg@20")


class NextItemTrainable(Trainable):
    """A next-item model, the batches of its sequences and its optimizer.

    Args:
        run: NextItemRun. The run's folder, with the settings.
        sequences: Sequences. What to train on.

    Attributes:
        splits: Training, validation and test examples.
        model: The model.
        batches: The batches of the training examples.
        trainer: What trains it batch by batch.
    """

    unit = "samples"
    memory_advice = "the width of the model (model.encoder.dim or model.dim), its clusters or training.batch_size"

    def __init__(self, run: NextItemRun, sequences: Sequences) -> None:
        settings = run.settings
        training = settings.training
        seed_process(training.seed, training.deterministic)
        self._run = run
        self._seed = training.seed
        self._users = sequences.users
        self._removes_seen = not settings.repeats
        self.splits = split(sequences, settings.split)
        items = sequences.num_items
        counts = np.bincount(self.splits.train.targets, minlength=items + 1)[1:]
        seen = np.bincount(self.splits.train.known()[0], minlength=items + 1)[1:] > 0
        # New items, the last ones, are no negatives: nobody could have taken them.
        ranked = counts[: items - run.metadata.get("new_items", 0)]
        self.model = build_model(settings, items, ranked, run.attributes, seen)
        views = self.model.positive_view if self.model.uses_positive_views else None
        self.batches = SequenceBatches(
            self.splits.train, training.samples, settings.split.max_length, training.batch_size, training.seed, views
        )
        self.pretraining_epochs = self.model.pretraining_epochs
        self.clusters = getattr(settings.model, "clusters", None)
        self.units_per_epoch = self.batches.samples
        self._graph = embedding_graph(self.model)
        steps, pretraining = (len(self.batches) * epochs for epochs in (training.epochs, self.pretraining_epochs))
        self.trainer = NextItemTrainer(
            self.model, settings.optimizer, steps, self.batches.every_position, views is not None, pretraining
        )

    def initialize_weights(self) -> None:
        """Fills what does not begin at random: items, neighbors and centers, as far as they are set to."""
        self.model.initialize_weights(self.splits.train, self.splits.validation, self._seed)

    def fit_epoch(self, epoch: int, start_step: int, on_step: Callable[[int], None]) -> None:
        """Trains one epoch, or what is left of it; see `Trainable.fit_epoch`."""
        if start_step == 0:
            self.trainer.reset()
            self.model.begin_epoch(self.batches.histories, (self._seed + epoch) % 2**32)
        for step, batch in enumerate(self.batches.epoch(epoch, start_step), start_step + 1):
            self.trainer.step(batch, epoch < self.pretraining_epochs)
            on_step(step)

    def losses(self) -> dict[str, float]:
        """The mean of each term as it enters the loss, and of their sum `loss`, over the epoch so far."""
        return self.trainer.losses()

    def evaluate(self, split: str) -> EvaluationResult:
        """Ranks the targets of a split, `validation` or `test`, among the whole catalog."""
        return evaluate(self.model, getattr(self.splits, split), split, self._removes_seen, graph=self._graph)[0]

    def test(self) -> EvaluationResult:
        """Measures the test split, and writes every user's rank beside the result."""
        training = TrainingActions.of(self.splits.train, self.model.num_items)
        result, ranks = evaluate(
            self.model, self.splits.test, "test", self._removes_seen, graph=self._graph, training=training
        )
        self._run.write_ranks(self._users[self.splits.test.users], ranks)
        return result

    def yardsticks(self) -> dict[str, Metrics]:
        """What is popular, item-kNN and EASE; see `measure_yardsticks`."""
        return measure_yardsticks(self.splits, self.model.num_items, self._removes_seen)

    def describe(self, result: EvaluationResult) -> str:
        """Hit rate and NDCG, and how many clusters are in use."""
        parts = [f"{RANKING_METRICS.get(name).heading} {result.metrics[NEXT_ITEM][name]:.4f}" for name in _SHOWN]
        if result.clusters:
            parts.append(f"clusters in use {result.clusters.in_use:.1f}")
        return "  ".join(parts)

    def checkpoint_variables(self) -> Mapping[str, Sequence[Any]]:
        """The variables of the model, its loss and the optimizers."""
        return {
            "model": self.model.variables,
            "loss": self.model.next_item_loss.variables,
            "optimizer": self.trainer.optimizer_variables,
        }

    def best_variables(self) -> Mapping[str, Sequence[Any]]:
        """The variables of the model."""
        return {"model": self.model.variables}

    def checkpoint_state(self) -> dict[str, Any]:
        """The running means of the epoch."""
        return self.trainer.state()

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Takes the running means up."""
        self.trainer.restore(state)
