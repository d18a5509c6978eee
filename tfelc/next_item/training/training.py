"""One training run of a next-item model, from sequences to the best weights."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console

from tfelc.core.errors import DataError, RunError
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.lifecycle.training.checkpoint import load_checkpoint, save_checkpoint
from tfelc.lifecycle.training.progress import EpochProgress
from tfelc.next_item.data.batches import SequenceBatches
from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.evaluation.catalog_scorer import embedding_graph
from tfelc.next_item.evaluation.evaluation import evaluate
from tfelc.next_item.models.elcrec import ELCRec
from tfelc.next_item.run import SequenceRun, build_model, split
from tfelc.next_item.settings import NEXT_ITEM, SequenceConfig
from tfelc.next_item.training.initialization import count_neighbors, start_centers, start_items
from tfelc.next_item.training.trainer import SequenceTrainer


class SequenceTraining:
    """Trains one next-item model; `run()` returns it with its best weights.

    Args:
        run: The run's folder, made by `start` or `resume`.
        sequences: What to train on.
        console: Where progress goes.

    Attributes:
        splits: Training, validation and test examples.
        batches: Of the training examples.
    """

    def __init__(self, run: SequenceRun, sequences: Sequences, console: Console) -> None:
        self._run = run
        self._console = console
        self._config = run.config()
        config = self._config.training
        keras.utils.set_random_seed(config.seed)
        if config.deterministic:
            tf.config.experimental.enable_op_determinism()
        self.splits = split(sequences, self._config.split)
        self._users = sequences.users
        targets = self.splits.train.targets
        counts = np.bincount(targets, minlength=sequences.num_items + 1)[1:]
        self._model = build_model(self._config, sequences.num_items, counts)
        positive_views = self._model.uses_positive_views
        self.batches = SequenceBatches(
            self.splits.train,
            config.samples,
            self._config.split.max_length,
            config.batch_size,
            config.seed,
            positive_views,
        )
        self._graph = embedding_graph(self._model)
        steps = len(self.batches) * config.epochs
        self._trainer = SequenceTrainer(
            self._model, self._config.optimizer, steps, self.batches.every_position, positive_views
        )
        self._state: dict[str, Any] = {"history": [], "best": None, "best_epoch": None, "seconds": 0.0}

    @classmethod
    def start(
        cls, path: Path, sequences: Sequences, source: str, config: NextItemSettings, console: Console
    ) -> SequenceTraining:
        """Opens a new run folder.

        Raises:
            RunError: The folder is taken.
            DataError: The sequences leave a split empty, or there is nothing to choose from.
        """
        SequenceRun.refuse_taken(path)
        if sequences.num_items < 2:
            raise DataError(f"{sequences.name}: a catalog of one item leaves nothing to rank; use at least 2 items")
        split(sequences, config.split)
        return cls(SequenceRun.create(path, config, sequences, source), sequences, console)

    @classmethod
    def resume(cls, path: Path, console: Console, source: str | None = None) -> SequenceTraining:
        """Goes on with a run that was stopped, from its last whole epoch; the outcome is the same to the bit.

        Args:
            path: The run's folder.
            console: Where progress goes.
            source: Where its data is now. Defaults to where it was.

        Raises:
            RunError: The folder is no run, is damaged, or its data has changed.
        """
        run = SequenceRun(path)
        run.metadata()
        sequences = run.sequences(source)
        run.remove_unfinished()
        training = cls(run, sequences, console)
        # Without one the first epoch was not whole, even if its weights were the best so far.
        if run.last.exists():
            training._state = load_checkpoint(run.last, training._groups())
        return training

    def run(self) -> SequentialRecommender:
        """Trains to the end, and returns the model with its best weights."""
        config = self._config.training
        epoch = len(self._state["history"])
        if epoch == 0:
            self._start()
        progress = EpochProgress(self._console, self.batches.samples, config.epochs, config.batch_size, "samples")
        writer = tf.summary.create_file_writer(str(self._run.logs))
        try:
            while epoch < config.epochs and not self._is_over(epoch):
                started = time.perf_counter()
                self._trainer.reset()
                progress.on_epoch_begin(epoch)
                for number, batch in enumerate(self.batches.epoch(epoch)):
                    self._trainer.step(batch)
                    progress.on_train_batch_end(number, self._trainer.losses())
                progress.close()
                self._judge(epoch, time.perf_counter() - started, writer)
                epoch += 1
                save_checkpoint(self._run.last, self._groups(), self._state)
        finally:
            progress.close()
            writer.close()
        load_checkpoint(self._run.best, {"model": self._model.variables})
        return self._model

    def test(self) -> EvaluationResult:
        """Measures the best weights on the test split and writes `metrics.json` and every user's rank."""
        result, ranks = evaluate(self._model, self.splits.test, "test", graph=self._graph)
        self._run.write_json("metrics.json", {**result.to_json(), "best_epoch": self._state["best_epoch"]})
        self._run.write_ranks(self._users[self.splits.test.users], ranks)
        return result

    def _start(self) -> None:
        with self._console.status("starting the weights"):
            self._model.initialize_weights(self.splits.train, self.splits.validation, self._config.training.seed)

    def _judge(self, epoch: int, seconds: float, writer: Any) -> None:
        """Measures the validation split, logs everything, and keeps the weights where they are the best so far."""
        losses = self._trainer.losses()
        if endless := [name for name, loss in losses.items() if not math.isfinite(loss)]:
            raise RunError(
                f"{self._run.path}: training diverged in epoch {epoch + 1} (`{endless[0]}` is not finite); lower "
                "optimizer.learning_rate, or set optimizer.clip_norm"
            )
        result, _ = evaluate(self._model, self.splits.validation, "validation", graph=self._graph)
        metrics = result.metrics[NEXT_ITEM]
        value = metrics["ndcg@20"]
        rate = self.batches.samples / seconds
        self._state["seconds"] += seconds
        self._state["history"].append(
            {"epoch": epoch + 1, "losses": losses, "validation": result.to_json(), "samples_per_second": round(rate)}
        )
        if self._state["best"] is None or value > self._state["best"]:
            self._state |= {"best": value, "best_epoch": epoch + 1}
            save_checkpoint(self._run.best, {"model": self._model.variables}, {})
        self._run.write_json("history.json", self._state)
        with writer.as_default(step=epoch + 1):
            for name, loss in losses.items():
                tf.summary.scalar(f"train/{name}", loss)
            for name, metric in metrics.items():
                tf.summary.scalar(f"validation/{name}", metric)
            if result.clusters:
                tf.summary.scalar("validation/in_use", result.clusters.in_use)
                tf.summary.scalar("validation/largest_share", result.clusters.largest_share)
        in_use = f"  clusters in use {result.clusters.in_use:.1f}" if result.clusters else ""
        self._console.print(
            f"epoch {epoch + 1}/{self._config.training.epochs}  loss {losses['loss']:.4f}  validation HR@20 "
            f"{metrics['hr@20']:.4f}  NDCG@20 {value:.4f}{in_use}  {rate:,.0f} samples/s",
            highlight=False,
            soft_wrap=True,
        )

    def _is_over(self, epoch: int) -> bool:
        best = self._state["best_epoch"]
        return best is not None and epoch - best >= self._config.training.early_stopping.patience

    def _groups(self) -> dict[str, Any]:
        model = self._model
        return {
            "model": model.variables,
            "loss": model.next_item_loss.variables,
            "optimizer": self._trainer.optimizer.variables,
        }
