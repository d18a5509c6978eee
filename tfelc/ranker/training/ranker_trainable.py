"""A ranker as the training loop trains it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from tfelc.data.dataset import Dataset
from tfelc.lifecycle.evaluation.result import EvaluationResult, Metrics
from tfelc.lifecycle.training.seed_process import seed_process
from tfelc.lifecycle.training.trainable import Trainable
from tfelc.lifecycle.training.workers.workers import Workers
from tfelc.metrics.auc import AUC
from tfelc.metrics.xauc import XAUC
from tfelc.ranker.data.batches import Batches
from tfelc.ranker.data.sampled_split import SampledSplit
from tfelc.ranker.evaluation.evaluation import evaluate
from tfelc.ranker.evaluation.predictions import Predictions, Predictor
from tfelc.ranker.models.calibration_groups import unknown_group
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.ranker.run import RankerRun
from tfelc.ranker.training.compiled_trainer import compiled_trainer
from tfelc.ranker.training.fill_pretrained import fill_pretrained
from tfelc.ranker.training.fit_calibration import fit_calibrations
from tfelc.ranker.training.fit_group_bias import fit_group_biases
from tfelc.ranker.training.multi_task_trainer import MultiTaskTrainer
from tfelc.ranker.training.ranked_together import ranked_together
from tfelc.ranker.warm_start.carry_over import carry_over
from tfelc.ranker.yardsticks.measure_yardsticks import measure_yardsticks
from tfelc.schema.task_chain import chain_of

# Rows whose activity embeddings the K-means start of the centers is computed on.
_KMEANS_ROWS = 20_000


class RankerTrainable(Trainable):
    """A ranker, the batches of a prepared dataset and the optimizers.

    Args:
        run: RankerRun. The run's folder, with settings, schema and fitted features.
        dataset: Dataset. What to train on.
        workers: Workers. Who trains it. Defaults to None: this process alone.

    Attributes:
        dataset: What it is trained on.
        model: The ranker with its look-up.
        batches: The batches of the training split.
        trainer: The Keras model that is fitted.
    """

    unit = "rows"
    memory_advice = "model.embedding_dim, model.architecture.units, model.clusters.num_clusters or training.batch_size"
    divergence_advice = "lower optimizer.learning_rate or optimizer.tables_learning_rate, or set optimizer.clip_norm"

    def __init__(self, run: RankerRun, dataset: Dataset, workers: Workers | None = None) -> None:
        self.workers = workers or Workers()
        self._run, self._settings = run, run.settings
        training = run.settings.training
        # Several workers stay together by computing the same bits.
        seed_process(training.seed, training.deterministic or self.workers.count > 1)
        self.model = RankingModel.build(run.schema, run.fitted, run.metadata["tasks"], run.settings)
        self.dataset = dataset
        self.batches = self._batches(self.workers)
        self.units_per_epoch = self.batches.rows
        before = (run.metadata.get("warm_start") or {}).get("optimizer_steps", 0)
        steps = self.batches.steps * training.epochs
        self.trainer = compiled_trainer(self.model, run.settings, steps, before, self.workers)
        # What the workers agreed on last, of that which each adds up over its own rows.
        self._agreed = [variable.numpy() for variable in self._added_up()]
        self.clusters = run.settings.model.clusters
        self._predictors: dict[bool, Predictor] = {}

    def initialize_weights(self) -> None:
        """Takes the weights of the run that it starts from, or starts the centers at K-means, where that is set."""
        if "warm_start" in self._run.metadata:
            carry_over(self._run, self.model, self.trainer)
            return
        fill_pretrained(self.model, self._run.fitted)
        self._begin_at_share()
        for variable, average in zip(self.trainer.averaged_variables, self.trainer.averages, strict=True):
            average.assign(variable)
        clusters = self._settings.model.clusters
        if not clusters.num_clusters or clusters.initialization != "kmeans":
            return
        ranker = self.model.ranker
        embeddings: list[Any] = []
        # The same sample, however many workers train.
        batches = self._batches(Workers())
        with batches.own_errors():
            for features, *_ in batches.epoch(0):
                embeddings.append(ranker.network.activity_embedding(ranker.encoder(features)).numpy())
                if sum(map(len, embeddings)) >= _KMEANS_ROWS:
                    break
        ranker.network.clusters.initialize_centers(np.concatenate(embeddings), self._settings.training.seed)

    def _begin_at_share(self) -> None:
        """Lowers the logits that are corrected in training, so that it begins at even odds as any does."""
        heads = self.model.ranker.network.heads
        for place, name in enumerate(self.model.ranker.tasks):
            if (kept := self.model.tasks[name].negatives_kept) is not None:
                bias = heads.bias.numpy()
                bias[place, 0] += math.log(kept)
                heads.bias.assign(bias)

    def fit_epoch(self, epoch: int, start_step: int, on_step: Callable[[int], None]) -> None:
        """Trains one epoch, or what is left of it, by Keras's `fit`; see `Trainable.fit_epoch`."""
        if start_step < self.batches.steps:
            if not start_step:
                # `fit` sets the running means to 0.
                means = len(self.trainer.metrics_variables)
                self._agreed[:means] = [np.zeros_like(value) for value in self._agreed[:means]]
            with self.batches.own_errors():
                self.trainer.fit(
                    self.batches.epoch(epoch, start_step),
                    steps_per_epoch=self.batches.steps - start_step,
                    initial_epoch=epoch,
                    epochs=epoch + 1,
                    verbose=0,
                    shuffle=False,
                    callbacks=[_Steps(self.trainer, start_step, on_step)],
                )
        self.agree()
        self.trainer.balance.end_epoch()
        self._agreed = [variable.numpy() for variable in self._added_up()]

    def losses(self) -> dict[str, float]:
        """The mean of each term of the loss over the epoch so far, raw and weighted."""
        return {name: value for name, value in self._logged().items() if name not in self.trainer.health_names}

    def agree(self) -> None:
        """Adds up what the workers have counted each over its rows; see `Trainable.agree`."""
        if self.workers.count == 1:
            return
        added_up = self._added_up()
        self.workers.agree(added_up, self._agreed)
        self._agreed = [variable.numpy() for variable in added_up]
        seeds = {id(variable) for variable in self._seeds()}
        groups = self.checkpoint_variables().values()
        self.workers.check_equal([each for group in groups for each in group if id(each) not in seeds])

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Takes up the counts of all workers, and draws what is random otherwise than the chief does."""
        self._agreed = [variable.numpy() for variable in self._added_up()]
        for seed in self._seeds():
            seed.assign(seed.numpy() + np.array([self.workers.rank, 0], seed.numpy().dtype))

    def health(self) -> dict[str, float]:
        """How decided the gates are, and how the clusters are used, over the epoch so far."""
        return {name: value for name, value in self._logged().items() if name in self.trainer.health_names}

    @contextmanager
    def judged_weights(self) -> Iterator[None]:
        """Judges and keeps the moving average of the weights, where there is one."""
        averages = self.trainer.averages
        trained = [variable.numpy() for variable in self.trainer.averaged_variables]
        try:
            for variable, average in zip(self.trainer.averaged_variables, averages, strict=True):
                variable.assign(average)
            yield
        finally:
            for variable, value in zip(self.trainer.averaged_variables, trained, strict=True):
                variable.assign(value)

    def evaluate(self, split: str) -> EvaluationResult:
        """Measures a split as its rows were shown, without the groups of users, which take most of the time."""
        return evaluate(self._predicted(split, as_shown=True), split, by_group=False)

    def test(self) -> EvaluationResult:
        """Measures the test split as it would be served, and the groups of users too."""
        return evaluate(self._predicted("test", as_shown=False), "test", by_group=True)

    def calibrate(self) -> list[str]:
        """Fits the calibration of each binary task to the validation split, by what the ranker says without it."""
        method, ranker = self._settings.model.calibration, self.model.ranker
        if method == "none" or not ranker.is_calibrated:
            return []
        predictions = self._predicted("validation", as_shown=True)
        without = predictions.uncalibrated
        assert without is not None
        sampled = SampledSplit.of(self.dataset, self.model.schema, "validation")
        # Of tasks that have nothing to do with a sampled one, the sampled rows do not say what the log's are.
        tasks = [name for name in ranker.tasks if sampled is None or sampled.task in chain_of(self.model.tasks, name)]
        if method == "group_bias":
            assert predictions.calibration_groups is not None
            biases = {name: layer for name, layer in ranker.group_biases.items() if name in tasks}
            unknown = unknown_group(self.model.schema, self._settings.model)
            return fit_group_biases(biases, without, predictions.calibration_groups, unknown)
        layers = {name: layer for name, layer in ranker.calibrations.items() if name in tasks}
        offsets = {} if sampled is None else {sampled.task: math.log(sampled.kept)}
        return fit_calibrations(layers, method, without, offsets)

    def yardsticks(self) -> dict[str, Metrics]:
        """A constant, a linear model and boosted trees; see `measure_yardsticks`."""
        return measure_yardsticks(self.dataset, self.model.schema, self.model.tasks, self.model.ranker.tasks)

    def describe(self, result: EvaluationResult) -> str:
        """The AUC of each output; of a quantity the XAUC."""
        return "  ".join(
            f"{metric.heading} {'  '.join(f'{output} {value:.4f}' for output, value in shown.items())}"
            for metric in (AUC, XAUC)
            if (shown := {o: values[metric.name] for o, values in result.metrics.items() if metric.name in values})
        )

    def checkpoint_variables(self) -> Mapping[str, Sequence[Any]]:
        """The variables of the ranker, the balance and the optimizers, and all running means."""
        trainer = self.trainer
        return {
            "ranker": trainer.ranker.variables,
            "balance": trainer.balance.variables,
            "optimizer": trainer.optimizer.variables,
            "tables_optimizer": trainer.tables_optimizer.variables,
            "metrics": trainer.metrics_variables,
            "averages": trainer.averages,
        }

    def best_variables(self) -> Mapping[str, Sequence[Any]]:
        """The variables of the ranker."""
        return {"ranker": self.trainer.ranker.variables}

    def _batches(self, workers: Workers) -> Batches:
        training = self._settings.training
        return Batches(
            self.dataset,
            "train",
            self.model.lookup,
            list(self.model.tasks),
            training.batch_size,
            training.seed,
            training.shuffle_groups,
            training.passes,
            ranked_together(self._run.schema, self.model.tasks, self.model.ranker.tasks, training.ranking),
            workers.count,
            workers.rank,
        )

    def _added_up(self) -> list[Any]:
        """What each worker adds up over its own rows: running means, and sums of the balance."""
        return [*self.trainer.metrics_variables, *self.trainer.balance.non_trainable_variables]

    def _seeds(self) -> list[Any]:
        return [
            variable for variable in self.trainer.ranker.variables if variable.path.endswith("seed_generator_state")
        ]

    def _predicted(self, split: str, as_shown: bool) -> Predictions:
        # A graph is traced once, and not before it is needed.
        as_shown = as_shown and self.model.schema.trained_on.keys() != self.model.schema.features.keys()
        if as_shown not in self._predictors:
            self._predictors[as_shown] = Predictor(self.model, self.dataset, as_shown)
        return self._predictors[as_shown].predict(split)

    def _logged(self) -> dict[str, float]:
        return {name: float(value) for name, value in self.trainer.get_metrics_result().items()}


class _Steps(keras.callbacks.Callback):
    """Says after each execution of `fit` how many steps of the epoch are done.

    Args:
        trainer: What is fitted.
        start_step: The first step that `fit` takes.
        on_step: Called with the number.
    """

    def __init__(self, trainer: MultiTaskTrainer, start_step: int, on_step: Callable[[int], None]) -> None:
        super().__init__()
        self._metrics_variables = trainer.metrics_variables
        self._start_step = start_step
        self._on_step = on_step
        self._means = [variable.numpy() for variable in self._metrics_variables] if start_step else []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Puts the running means of a resumed epoch back, which `fit` has just reset."""
        for variable, value in zip(self._metrics_variables, self._means, strict=False):
            variable.assign(value)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """The last execution of an epoch may name a step past its end."""
        self._on_step(self._start_step + min(batch + 1, self.params["steps"]))
