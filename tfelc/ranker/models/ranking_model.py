"""A ranker with its look-up and tasks: what training makes, and evaluation and export read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import tensorflow as tf

from tfelc.core.errors import UsageError
from tfelc.core.expression import Expression
from tfelc.features.fitted import FittedFeatures
from tfelc.features.layout import Layout
from tfelc.features.lookup import FeatureLookup
from tfelc.losses.task_heads.create_head import create_head
from tfelc.losses.task_heads.task_head import TaskHead
from tfelc.ranker.models.calibration_groups import check_calibration_by
from tfelc.ranker.models.multi_task_model import MultiTaskModel
from tfelc.ranker.models.score import score_of
from tfelc.ranker.models.task_outputs import task_outputs
from tfelc.ranker.settings import RankerSettings
from tfelc.schema.schema import Schema
from tfelc.schema.score import SCORE_OUTPUT, check_score, score_formula
from tfelc.schema.task import Task
from tfelc.schema.task_chain import absent_outputs, select_tasks


@dataclass(frozen=True)
class RankingModel:
    """A ranker and what makes its inputs.

    Attributes:
        schema: The raw columns.
        tasks: The heads' tasks and those that they are conditioned on.
        lookup: Raw columns -> the ranker's inputs.
        ranker: The model, built.
        heads: Task that is predicted -> what its logits stand for.

    Example:
        >>> columns = {
        ...     "clicked": {"kind": "label"},
        ...     "visits": {"kind": "number", "role": "activity"},
        ...     "item": {"kind": "category", "role": "item"},
        ... }
        >>> content = {"name": "shop", "columns": columns, "tasks": {"ctr": {"label": "clicked"}}}
        >>> visits = {"mean": 2.0, "variance": 1.0, "missing": False}
        >>> fitted = FittedFeatures(vocabularies={"item": ["a", "b"]}, numbers={"visits": visits})
        >>> model = RankingModel.build(Schema.model_validate(content), fitted, ["ctr"], RankerSettings())
        >>> list(model.tasks), [tuple(table.shape) for table in model.ranker.table_variables]
        (['ctr'], [(4, 16)])
    """

    schema: Schema
    tasks: dict[str, Task]
    lookup: FeatureLookup
    ranker: MultiTaskModel
    heads: dict[str, TaskHead]

    @cached_property
    def formula(self) -> Expression | None:
        """The schema's `score`; None where it has none, or where one of its outputs is not predicted."""
        text = self.schema.score
        if text is None or absent_outputs(text, self.schema.tasks, self.ranker.tasks):
            return None
        return score_formula(text, self.schema.tasks)

    def scored_by(self, text: str) -> RankingModel:
        """The same ranker with another score formula than its schema's.

        Args:
            text: The formula, as `score` of a schema.

        Raises:
            UsageError: It is no formula over the ranker's outputs.
        """
        tasks = self.schema.tasks
        try:
            check_score(text, self.schema.columns, tasks)
        except ValueError as error:
            raise UsageError(f"`score`: {error}", ["score"]) from None
        if absent := absent_outputs(text, tasks, self.ranker.tasks):
            raise UsageError(f"`score`: the run does not predict {', '.join(absent)}", ["score"])
        return replace(self, schema=self.schema.model_copy(update={"score": text}))

    def outputs(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """What is served, but for the clusters: `task_outputs`, and `score` where the schema has a formula.

        Args:
            answers: What the ranker gives, before any calibration.
        """
        found = task_outputs(self.tasks, self.ranker.calibrated(answers), self.heads)
        return found if self.formula is None else found | {SCORE_OUTPUT: score_of(self.formula, found)}

    @classmethod
    def build(
        cls, schema: Schema, fitted: FittedFeatures, heads: Sequence[str], config: RankerSettings
    ) -> RankingModel:
        """A ranker with fresh weights.

        Raises:
            UsageError: A head is no task of the schema, or the settings do not fit it.
        """
        cls.check(schema, config)
        tasks = select_tasks(schema, heads, config.tasks)
        table_rows = fitted.table_rows(schema)
        lookup = FeatureLookup(schema, fitted, Layout.of(schema, table_rows, config.model.embedding_dim))
        ranker = MultiTaskModel(
            schema, fitted.numbers, table_rows, heads, config.model, dtype=config.training.precision, name="ranker"
        )
        ranker({key: tf.zeros([1, *spec.shape[1:]], spec.dtype) for key, spec in lookup.specs().items()})
        of_tasks = {name: create_head(tasks[name], fitted.values.get(name)) for name in heads}
        return cls(schema, tasks, lookup, ranker, of_tasks)

    @staticmethod
    def check(schema: Schema, config: RankerSettings) -> None:
        """Raises UsageError where the gates, the clusters or the scales would have no feature to read, or no use."""
        # What differs by candidate is no part of its role's side.
        moved = {name for one in schema.sequences.values() if one.sees_candidate for name in one.columns}
        present = {column.role for name, column in schema.features.items() if name not in moved}
        readers = {"gates": config.model.gates.inputs}
        if config.model.clusters.num_clusters:
            readers["clusters"] = config.model.clusters.inputs
        if config.model.scaling.any:
            readers["scaling"] = config.model.scaling.inputs
        check_calibration_by(schema, config.model)
        architecture = config.model.architecture
        if config.model.scaling.experts and not architecture.takes_scales:
            raise UsageError(
                f"model.scaling.experts: `model.architecture: {architecture.name}` has no units that it could scale; "
                "set it to false, or take another architecture"
            )
        for reader, roles in readers.items():
            if not present & set(roles):
                raise UsageError(
                    f"schema `{schema.name}` has no feature of role {' or '.join(roles) or '(none)'}, which the "
                    f"{reader} read: give a column that role, or set model.{reader}.inputs"
                )
