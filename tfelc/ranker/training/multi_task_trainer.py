"""One training step of the ranker: every task's loss, balanced, and two optimizers."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

import keras
import tensorflow as tf

from tfelc.core.batch_parts import batch_split
from tfelc.lifecycle.training.workers.workers import Workers
from tfelc.losses.ranking.ranking_losses import ranked_tasks, ranking_losses
from tfelc.losses.ranking.ranking_term import RankingTerm
from tfelc.losses.task_heads.task_head import TaskHead
from tfelc.losses.task_losses import task_losses
from tfelc.metrics.mean_gate_entropy import MeanGateEntropy
from tfelc.ranker.data.ranked_together import RANKED_TOGETHER
from tfelc.ranker.models.multi_task_model import MultiTaskModel
from tfelc.schema.task import Task


class MultiTaskTrainer(keras.Model):
    """Trains a ranker with `fit` on `(features, labels[, weights])`.

    Every loss term is logged by name, raw (`<task>_loss`, `cluster_loss`) and as it enters the sum
    (`<task>_weighted`, `cluster_weighted`, and `balance_weighted` where the balance has a term of its own); a ranking
    term of a task likewise, as `<task>_ranking_loss` and `<task>_ranking_weighted`. Beside them stands how decided the
    gates are, `<task>_gate_entropy` in nats, and the use of the clusters (`LearnableClusters`).

    Args:
        ranker: The model.
        tasks: The ranker's tasks and those that they are conditioned on, as the schema and the settings state them.
        balance: How the losses are weighed; a layer of `tfelc.losses.task_balance`.
        heads: Task -> what its logits stand for. Defaults to None: those of the tasks' kinds, with scales of 1.
        ranking: What orders the rows of one user; the labels then hold `RANKED_TOGETHER`. Defaults to None: nothing.
        workers: Who trains it, each on a part of every batch. Defaults to None: this process alone.
    """

    def __init__(
        self,
        ranker: MultiTaskModel,
        tasks: Mapping[str, Task],
        balance: keras.layers.Layer,
        heads: Mapping[str, TaskHead] | None = None,
        ranking: RankingTerm | None = None,
        workers: Workers | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.ranker = ranker
        self.balance = balance
        self.trained_tasks = dict(tasks)
        self._task_heads = heads
        self._ranking = ranking
        self._workers = workers or Workers()
        self._ranking_weights = {}
        if ranking is not None:
            ranked = ranked_tasks(self.trained_tasks, ranker.tasks)
            self._ranking_weights = {task: ranking.weight * balance.base_weights[task] for task in ranked}
        weighted = balance.weighted(dict.fromkeys(ranker.tasks, 0.0))
        self._terms = {
            name: keras.metrics.Mean(name=name)
            for name in (
                "loss",
                *(f"{task}_loss" for task in ranker.tasks),
                *(f"{name}_weighted" for name in weighted),
                *(f"{task}_ranking_{kind}" for task in self._ranking_weights for kind in ("loss", "weighted")),
                *(["cluster_weighted"] if ranker.config.clusters.num_clusters else []),
            )
        }

        self._gate_entropies = {task: MeanGateEntropy(name=f"{task}_gate_entropy") for task in ranker.tasks}

    @property
    def health_names(self) -> list[str]:
        """What is logged that is no loss."""
        names = [metric.name for metric in self._gate_entropies.values()]
        if self.ranker.config.clusters.num_clusters:
            clusters = self.ranker.network.clusters
            names += [clusters.use_tracker.name, clusters.share_tracker.name]
        return names

    def compile(
        self, optimizer: Any, tables_optimizer: Any, xla: bool = False, average: float = 0.0, **kwargs: Any
    ) -> None:
        """Sets the optimizers: one for the embedding tables, one for everything else.

        Args:
            optimizer: Keras optimizer of the dense variables.
            tables_optimizer: Keras optimizer of the embedding tables, whose gradients are sparse.
            xla: Whether to compile forward and backward with XLA; the optimizers' sparse updates stay outside.
            average: Decay of a moving average of all trained variables. Defaults to 0: there is none.
            kwargs: Of `keras.Model.compile`.
        """
        super().compile(optimizer=optimizer, jit_compile=False, **kwargs)
        self.tables_optimizer = tables_optimizer
        self._decay = average
        self.averaged_variables = [*chain(*self.dense_and_table_variables())] if average else []
        self.averages = [keras.Variable(variable, trainable=False) for variable in self.averaged_variables]
        # The look-ups stay outside of XLA: it would make dense gradients of theirs.
        self._network_losses = (
            tf.function(self._head_losses, jit_compile=True, autograph=False) if xla else self._head_losses
        )

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """The ranker's outputs."""
        return self.ranker(inputs, training=training)

    def train_step(self, data: Any) -> dict[str, Any]:
        """Trains on one batch."""
        inputs, labels, weights = keras.utils.unpack_x_y_sample_weight(data)
        with batch_split(self._workers.batch_parts):
            terms, gates, gradients = self._losses_and_gradients(inputs, labels, weights)
        gradients = self._workers.mean_gradients(gradients)
        dense, tables = self.dense_and_table_variables()
        self.optimizer.apply(gradients[: len(dense)], dense)
        self.tables_optimizer.apply(gradients[len(dense) :], tables)
        self._update_averages()
        for name, value in terms.items():
            self._terms[name].update_state(value)
        for task, weight in gates.items():
            self._gate_entropies[task].update_state(weight)
        return self.get_metrics_result()

    def _update_averages(self) -> None:
        # Short at first, so that the random start is soon forgotten.
        steps = tf.cast(self.optimizer.iterations.value, tf.float32)
        decay = tf.minimum(self._decay, (1.0 + steps) / (10.0 + steps))
        for variable, average in zip(self.averaged_variables, self.averages, strict=True):
            average.assign(average + (1.0 - decay) * (variable - average))

    def _losses_and_gradients(self, inputs: Any, labels: Any, weights: Any) -> tuple[Any, Any, list[Any]]:
        dense, tables = self.dense_and_table_variables()
        with tf.GradientTape(persistent=True) as tape:
            sides = self.ranker.encoder(inputs, training=True)
            losses, clusters, ranking, gates = self._network_losses(sides, labels, weights)
            ordered = {task: self._ranking_weights[task] * value for task, value in ranking.items()}
            auxiliary = sum(ordered.values(), clusters)
        weighted = self.balance.weighted(losses)
        shared = [v.value for v in self.ranker.network.experts.shared_variables]
        variables = [v.value for v in (*dense, *tables)]
        gradients = self.balance.gradients(tape, losses, auxiliary, variables, shared)
        terms = {"loss": sum(weighted.values()) + auxiliary}
        terms |= {f"{task}_loss": value for task, value in losses.items()}
        terms |= {f"{name}_weighted": value for name, value in weighted.items()}
        terms |= {f"{task}_ranking_loss": value for task, value in ranking.items()}
        terms |= {f"{task}_ranking_weighted": value for task, value in ordered.items()}
        if "cluster_weighted" in self._terms:
            terms["cluster_weighted"] = clusters
        return terms, gates, gradients

    def _head_losses(
        self, sides: Any, labels: Any, weights: Any
    ) -> tuple[dict[str, Any], Any, dict[str, Any], dict[str, Any]]:
        """The tasks' losses, the clusters', the ranking terms, and the gates."""
        network = self.ranker.network
        outputs = network(sides, training=True)
        losses = task_losses(self.trained_tasks, labels, outputs["logits"], weights, self._task_heads)
        ranking = {}
        if self._ranking is not None:
            groups = labels[RANKED_TOGETHER]
            ranking = ranking_losses(self._ranking, self.trained_tasks, labels, outputs["logits"], groups, weights)
        return losses, sum(network.losses, tf.constant(0.0)), ranking, outputs["gates"]

    def dense_and_table_variables(self) -> tuple[list[Any], list[Any]]:
        """The variables that each optimizer trains."""
        tables = self.ranker.table_variables
        of_tables = {id(variable) for variable in tables}
        return [v for v in self.trainable_variables if id(v) not in of_tables], tables
