"""A trained ranker's answers on one split, with what is needed to judge them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow as tf
from numpy.typing import NDArray

from tfelc.data.split_tables import SplitTables
from tfelc.metrics.ranker_metric import Judged
from tfelc.ranker.data.outcomes import Outcomes
from tfelc.ranker.data.sampled_split import SampledSplit
from tfelc.ranker.data.task_labels import task_labels
from tfelc.ranker.evaluation.requests import Requests
from tfelc.ranker.evaluation.told_apart import told_apart
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.ranker.models.task_outputs import task_outputs
from tfelc.schema.schema import Schema
from tfelc.schema.task import Task
from tfelc.schema.task_chain import value_outputs

_ROWS_AT_ONCE = 16_384


@dataclass(frozen=True)
class Outcome:
    """One output's probabilities, or values, and what happened, over the rows on which it is judged.

    A task that is conditioned on another is judged on the rows where that happened; a joint output on all rows. Where
    the label is not known, there is nothing to judge by, and it is NaN.
    """

    rows: NDArray[np.bool_]
    labels: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    is_value: bool = False

    @property
    def judged(self) -> Judged:
        """What its metrics are of."""
        return "values" if self.is_value else "probabilities"

    def same_rows_as(self, other: Outcome) -> bool:
        """Whether another ranker's outcome is judged on the same rows, by the same labels."""
        return np.array_equal(self.rows, other.rows) and np.array_equal(self.labels, other.labels, equal_nan=True)


@dataclass(frozen=True)
class Predictions:
    """Everything that evaluation reads.

    Attributes:
        outcomes: Output name -> its probabilities and labels.
        users: User of each row, None where it is not known; or None where the schema has no `user_key`.
        groups: Group column -> value of each row, None where the row is in no group; `column=value` where another
            column has that value, too.
        gates: Task -> gate weights, `(rows, experts)`; none for an exported ranker, which does not give them.
        assignment: Soft cluster assignment, `(rows, count)`, or None for a ranker without clusters or an exported one.
        embedding: What was clustered, `(rows, dim)`, or None likewise.
        requests: Request of each row, None where it is not known; or None where the schema has no `request_key`.
        uncalibrated: Output name -> its outcome without calibration, of a ranker that has one; None for any other.
        calibration_groups: Group of each row that a calibration by groups goes by; None for any other.
    """

    outcomes: dict[str, Outcome]
    users: NDArray[Any] | None
    groups: dict[str, NDArray[Any]]
    gates: dict[str, NDArray[np.float32]]
    assignment: NDArray[np.float32] | None
    embedding: NDArray[np.float32] | None = None
    requests: NDArray[Any] | None = None
    uncalibrated: dict[str, Outcome] | None = None
    calibration_groups: NDArray[np.int32] | None = None

    @property
    def ranked_together(self) -> NDArray[Any] | None:
        """What GAUC is within: the request of each row, or its user where nothing is known of requests."""
        return self.users if self.requests is None else self.requests

    @property
    def binary_outcomes(self) -> dict[str, Outcome]:
        """The outcomes that come or do not, for what is defined of these alone, as an AUC is."""
        return {name: outcome for name, outcome in self.outcomes.items() if not outcome.is_value}

    @property
    def rows(self) -> int:
        """Rows of the split."""
        return len(next(iter(self.outcomes.values())).rows)


class Predictor:
    """Runs a ranker over splits; the graph is traced once.

    Args:
        model: The ranker.
        dataset: A dataset whose columns fit the ranker's schema.
        as_shown: Whether the columns of role `bias` are what the rows say, and not at their defaults as in serving.
            Defaults to False.

    Raises:
        DataError: They do not.
    """

    def __init__(self, model: RankingModel, dataset: SplitTables, as_shown: bool = False) -> None:
        dataset.check(model.schema)
        self._as_shown = as_shown
        self._model = model
        self._dataset = dataset
        self._forward = tf.function(
            self._outputs, input_signature=[model.lookup.specs(biases=as_shown)], autograph=False
        ).get_concrete_function()

    def predict(self, split: str, progress: Callable[[int], None] = lambda rows: None) -> Predictions:
        """Scores a split.

        Args:
            split: Its name.
            progress: Called with the number of rows done since its last call.
        """
        model = self._model

        def answer(table: pa.Table) -> dict[str, Any]:
            encoded = model.lookup.encode(table, biases=self._as_shown)
            return tf.nest.map_structure(lambda tensor: tensor.numpy(), self._forward(encoded))

        columns = model.schema.trained_on if self._as_shown else model.schema.features
        return predict_split(
            self._dataset, split, model.schema, model.tasks, model.ranker.tasks, answer, progress, list(columns)
        )

    def _outputs(self, features: Any) -> dict[str, Any]:
        outputs = self._model.ranker(features, training=False)
        scores = self._model.outputs(outputs)
        found = {"probabilities": scores, "gates": outputs["gates"]}
        if self._model.ranker.is_calibrated:
            found["uncalibrated"] = task_outputs(self._model.tasks, outputs["logits"], self._model.heads)
        if "calibration_groups" in outputs:
            found["calibration_groups"] = outputs["calibration_groups"]
        if "clusters" in outputs:
            found |= {name: outputs["clusters"][name] for name in ("assignment", "embedding")}
        return found


def predict_split(
    dataset: SplitTables,
    split: str,
    schema: Schema,
    tasks: Mapping[str, Task],
    heads: Sequence[str],
    answer: Callable[[pa.Table], dict[str, Any]],
    progress: Callable[[int], None] = lambda rows: None,
    inputs: Sequence[str] | None = None,
) -> Predictions:
    """Gathers answers on a split and what is needed to judge them.

    Of a split that holds a share of a task's negatives, the answers are brought to what is to be expected there.

    Args:
        dataset: The dataset.
        split: Its name.
        schema: Columns of the ranker.
        tasks: Tasks of the ranker, and those that they are conditioned on.
        heads: The tasks it predicts.
        answer: Rows, in plain or dictionary-encoded columns -> `probabilities` by output, `gates` by task, and
            `assignment` and `embedding` where there are clusters, and `uncalibrated` by output where there is a
            calibration; all but the first may be missing.
        progress: Called with the number of rows done since its last call.
        inputs: The columns that `answer` reads. Defaults to None: the features.
    """
    requests = Requests(schema) if schema.request_key else None
    columns = dict.fromkeys(
        [
            *(requests.columns if requests else ()),
            *(schema.features if inputs is None else inputs),
            *(task.label for task in tasks.values()),
            *schema.of_kind("group"),
            *([schema.user_key] if schema.user_key else []),
        ]
    )
    parts: list[dict[str, Any]] = []
    for table in dataset.tables(split, list(columns)):
        for start in range(0, len(table), _ROWS_AT_ONCE):
            rows = table.slice(start, _ROWS_AT_ONCE)
            part = answer(rows)
            part["labels"] = task_labels(rows, tasks, schema.nullable_labels)
            part["groups"] = {name: _objects(rows[name]) for name in schema.of_kind("group")}
            part["users"] = _objects(rows[schema.user_key]) if schema.user_key else None
            part["requests"] = requests.of(rows) if requests else None
            parts.append(part)
            progress(len(rows))
    return _joined(parts, tasks, heads, SampledSplit.of(dataset, schema, split))


def _joined(
    parts: list[dict[str, Any]], tasks: Mapping[str, Task], heads: Sequence[str], sampled: SampledSplit | None
) -> Predictions:
    def joined(*path: str) -> NDArray[Any]:
        pieces = []
        for part in parts:
            piece: Any = part
            for key in path:
                piece = piece[key]
            pieces.append(piece)
        return np.concatenate(pieces)

    labels = {name: joined("labels", name) for name in tasks}
    values = value_outputs(tasks, heads)
    judged = Outcomes(tasks, labels).judged(heads)

    def outcomes(key: str) -> dict[str, Outcome]:
        outputs = {name: joined(key, name) for name in judged}
        if sampled is not None:
            outputs = sampled.outputs(tasks, heads, outputs)
        return {name: Outcome(rows, label, outputs[name], name in values) for name, (rows, label) in judged.items()}

    return Predictions(
        outcomes=outcomes("probabilities"),
        uncalibrated=outcomes("uncalibrated") if "uncalibrated" in parts[0] else None,
        calibration_groups=joined("calibration_groups") if "calibration_groups" in parts[0] else None,
        users=joined("users") if parts[0]["users"] is not None else None,
        groups=told_apart({name: joined("groups", name) for name in parts[0]["groups"]}),
        gates={name: joined("gates", name) for name in parts[0].get("gates", {})},
        assignment=joined("assignment") if "assignment" in parts[0] else None,
        embedding=joined("embedding") if "embedding" in parts[0] else None,
        requests=joined("requests") if parts[0]["requests"] is not None else None,
    )


def _objects(column: pa.ChunkedArray) -> NDArray[Any]:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_integer(column.type) and column.null_count:
        # Not as floats, in which long ids would fall together.
        return np.array(column.to_pylist(), dtype=object)
    return column.to_numpy()
