"""One training run, from a prepared dataset to the best weights."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console

from tfelc.core.errors import RunError
from tfelc.data.dataset import Dataset
from tfelc.data.row_groups import RowGroupReader
from tfelc.features.fit import fit_features
from tfelc.features.fitted import FittedFeatures
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.lifecycle.training.checkpoint import load_checkpoint
from tfelc.lifecycle.training.checkpoints import Checkpoints
from tfelc.lifecycle.training.early_stopping import WatchedMetric
from tfelc.lifecycle.training.health import collapse_warning, health_line
from tfelc.lifecycle.training.optimizers.create_optimizer import create_optimizer, create_table_optimizer
from tfelc.lifecycle.training.progress import EpochProgress
from tfelc.losses.task_balance import make_task_balance
from tfelc.metrics.registries import RANKER_METRICS
from tfelc.ranker.data.batches import Batches
from tfelc.ranker.evaluation.evaluation import evaluate
from tfelc.ranker.evaluation.predictions import Predictor
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.ranker.run import RankerRun
from tfelc.ranker.settings import RankerSettings
from tfelc.ranker.training.multi_task_trainer import MultiTaskTrainer
from tfelc.schema.task_chain import joint_names, select_tasks

# Rows whose activity embeddings the K-means start of the centers is computed on.
_KMEANS_ROWS = 20_000


class Training:
    """Trains one ranker; `run()` returns it with its best weights.

    Args:
        run: The run's folder, made by `start` or `resume`.
        dataset: What to train on.
        console: Where progress goes.

    Attributes:
        dataset: As given.
        batches: The training split's batches.
        trainer: The Keras model that is fitted.
    """

    def __init__(self, run: RankerRun, dataset: Dataset, console: Console) -> None:
        self._run = run
        self.dataset = dataset
        self._console = console
        self._config = run.config()
        config = self._config.training
        _prepare_process(config.seed, config.deterministic)
        self._model = RankingModel.build(run.schema(), run.fitted(), run.metadata()["tasks"], self._config)
        self.batches = Batches(
            dataset,
            "train",
            self._model.lookup,
            list(self._model.tasks),
            config.batch_size,
            config.seed,
            config.shuffle_groups,
        )
        heads = self._model.ranker.tasks
        weights = {name: self._model.tasks[name].weight for name in heads}
        balance = config.balance.create(heads, weights, config.seed)
        self.trainer = MultiTaskTrainer(self._model.ranker, self._model.tasks, balance, name="trainer")
        optimizer, steps = self._config.optimizer, self.batches.steps * config.epochs
        dense, tables = self.trainer.dense_and_table_variables()
        self.trainer.compile(
            create_optimizer(optimizer, steps, dense),
            create_table_optimizer(optimizer.tables, optimizer.tables_learning_rate, optimizer.schedule, steps, tables),
            config.xla,
            steps_per_execution=config.steps_per_execution,
        )
        self._state: dict[str, Any] = {"history": [], "best": None, "best_epoch": None}
        self._checkpoints = Checkpoints(run, self.trainer, config.checkpoint_seconds, self._state)
        self._position = (0, 0)

    @classmethod
    def start(
        cls, path: Path, dataset: Dataset, config: RankerSettings, heads: Sequence[str], console: Console
    ) -> Training:
        """Fits the features on the training split and opens a new run folder.

        Raises:
            RunError: The folder is taken.
            UsageError: A head is no task of the schema, or the settings do not fit it.
        """
        RankerRun.refuse_taken(path)
        schema = dataset.schema
        tasks = select_tasks(schema, heads, config.tasks)
        outputs = [*heads, *joint_names(tasks, heads)]
        WatchedMetric.of(config.training.early_stopping.metric, outputs, RANKER_METRICS, schema.user_key is not None)
        RankingModel.check(schema, config)
        return cls(RankerRun.create(path, config, dataset, list(heads), _fit(dataset, console)), dataset, console)

    @classmethod
    def resume(cls, path: Path, dataset: Dataset, console: Console) -> Training:
        """Goes on with a run that was stopped, exactly from its last checkpoint.

        A run that was stopped before its first one begins again, which comes to the same.

        Raises:
            RunError: The folder is no run, is damaged, or was trained on other data.
        """
        run = RankerRun(path)
        if run.metadata()["data_hash"] != dataset.hash:
            raise RunError(f"{path}: was trained on other data than {dataset.path} holds now (its hash differs)")
        run.remove_unfinished()
        training = cls(run, dataset, console)
        if run.last.exists() or run.best.exists():
            training._position = training._checkpoints.restore()
        return training

    def run(self) -> RankingModel:
        """Trains to the end, and returns the ranker with its best weights."""
        config = self._config.training
        epoch, step = self._position
        if (epoch, step) == (0, 0):
            self._start_centers()
            self._checkpoints.save(0, 0)
        predictor = Predictor(self._model, self.dataset)
        progress = EpochProgress(self._console, self.batches.rows, config.epochs, config.batch_size)
        writer = tf.summary.create_file_writer(str(self._run.logs))
        try:
            while epoch < config.epochs and not self._is_over(epoch):
                progress.start_at(step)
                self._checkpoints.start_at(step)
                started = time.perf_counter()
                if step < self.batches.steps:
                    with self.batches.own_errors():
                        self.trainer.fit(
                            self.batches.epoch(epoch, step),
                            steps_per_epoch=self.batches.steps - step,
                            initial_epoch=epoch,
                            epochs=epoch + 1,
                            verbose=0,
                            shuffle=False,
                            callbacks=[progress, self._checkpoints],
                        )
                rows = max(self.batches.rows - step * config.batch_size, 0)
                seconds = time.perf_counter() - started
                self.trainer.balance.end_epoch()
                self._judge(epoch, predictor, rows / seconds, writer)
                epoch, step = epoch + 1, 0
                self._checkpoints.save(epoch, step)
        finally:
            progress.close()
            writer.close()
        load_checkpoint(self._run.best, {"ranker": self._model.ranker.variables})
        return self._model

    def test(self) -> EvaluationResult:
        """Measures the best weights on the test split and writes `metrics.json`."""
        result = evaluate(Predictor(self._model, self.dataset).predict("test"), "test")
        self._run.write_json("metrics.json", {**result.to_json(), "best_epoch": self._state["best_epoch"]})
        return result

    def _start_centers(self) -> None:
        clusters = self._config.model.clusters
        if not clusters.num_clusters or clusters.initialization != "kmeans":
            return
        ranker = self._model.ranker
        embeddings: list[Any] = []
        with self.batches.own_errors():
            for features, *_ in self.batches.epoch(0):
                embeddings.append(ranker.network.activity_embedding(ranker.encoder(features)).numpy())
                if sum(map(len, embeddings)) >= _KMEANS_ROWS:
                    break
        ranker.network.clusters.initialize_centers(np.concatenate(embeddings), self._config.training.seed)

    def _judge(self, epoch: int, predictor: Predictor, rows_per_second: float, writer: Any) -> None:
        """Measures the validation split, logs everything, and keeps the weights where they are the best so far."""
        losses = {name: float(value) for name, value in self.trainer.get_metrics_result().items()}
        if endless := [name for name, loss in losses.items() if not math.isfinite(loss)]:
            raise RunError(
                f"{self._run.path}: training diverged in epoch {epoch + 1} (`{endless[0]}` is not finite); lower "
                "optimizer.learning_rate or optimizer.tables_learning_rate, or set optimizer.clip_norm"
            )
        health = {name: losses.pop(name) for name in self.trainer.health_names}
        result = evaluate(predictor.predict("validation"), "validation", by_group=False)
        metrics = result.metrics
        watched = WatchedMetric.of(self._config.training.early_stopping.metric, list(metrics), RANKER_METRICS)
        value = watched.value(metrics)
        self._state["history"].append(
            {
                "epoch": epoch + 1,
                "losses": losses,
                "health": health,
                "validation": result.to_json(),
                "rows_per_second": round(rows_per_second),
            }
        )
        best = self._state["best"]
        if best is None or value > best:
            self._state |= {"best": value, "best_epoch": epoch + 1}
            self._checkpoints.save_best()
        self._run.write_json("history.json", self._state)
        with writer.as_default(step=epoch + 1):
            for name, value in (losses | health).items():
                tf.summary.scalar(f"train/{name}", value)
            for output, values in metrics.items():
                for name, metric in values.items():
                    tf.summary.scalar(f"validation/{output}/{name}", metric)
        shown = "  ".join(f"{output} {values['auc']:.4f}" for output, values in metrics.items())
        self._console.print(
            f"epoch {epoch + 1}/{self._config.training.epochs}  loss {losses['loss']:.4f}  validation AUC {shown}"
            f"  {health_line(health)}  {rows_per_second:,.0f} rows/s",
            highlight=False,
            soft_wrap=True,
        )
        if warning := collapse_warning(self._state["history"], self._config.model.clusters.num_clusters):
            self._console.print(f"[bold yellow]warning:[/bold yellow] {warning}", soft_wrap=True)

    def _is_over(self, epoch: int) -> bool:
        patience = self._config.training.early_stopping.patience
        best = self._state["best_epoch"]
        return best is not None and epoch - best >= max(patience, 1)


def _fit(dataset: Dataset, console: Console) -> FittedFeatures:
    schema = dataset.schema
    reader = RowGroupReader(dataset.files("train"), list(schema.features), seed=0, window=1)
    with console.status("fitting the features on the training split"):
        return fit_features(schema, reader.tables(0, shuffle=False))


def _prepare_process(seed: int, deterministic: bool) -> None:
    keras.utils.set_random_seed(seed)
    if deterministic:
        tf.config.experimental.enable_op_determinism()
