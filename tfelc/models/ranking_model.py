"""A ranker with its look-up and tasks: what training makes, and evaluation and export read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf

from tfelc.config import Config
from tfelc.features.fitted import FittedFeatures
from tfelc.features.layout import Layout
from tfelc.features.lookup import FeatureLookup
from tfelc.models.ranker import Ranker
from tfelc.schema import Schema, Task
from tfelc.task_chain import select_tasks


@dataclass(frozen=True)
class RankingModel:
    """A ranker and what it takes to feed it.

    Attributes:
        schema: The raw columns.
        tasks: The heads' tasks and those they are given.
        lookup: Raw columns -> the ranker's inputs.
        ranker: The model, built.
    """

    schema: Schema
    tasks: dict[str, Task]
    lookup: FeatureLookup
    ranker: Ranker

    @classmethod
    def build(cls, schema: Schema, fitted: FittedFeatures, heads: Sequence[str], config: Config) -> RankingModel:
        """A ranker with fresh weights.

        Raises:
            UsageError: A head is no task of the schema.
        """
        tasks = select_tasks(schema, heads, config.tasks)
        table_rows = fitted.table_rows(schema)
        lookup = FeatureLookup(schema, fitted, Layout.of(schema, table_rows, config.model.embedding_dim))
        ranker = Ranker(
            schema, fitted.numbers, table_rows, heads, config.model, dtype=config.training.precision, name="ranker"
        )
        ranker({key: tf.zeros([1, *spec.shape[1:]], spec.dtype) for key, spec in lookup.specs().items()})
        return cls(schema, tasks, lookup, ranker)
