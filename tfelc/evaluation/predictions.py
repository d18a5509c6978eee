"""A trained ranker's answers on one split, with what is needed to judge them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow as tf
from numpy.typing import NDArray

from tfelc.data.dataset import Dataset
from tfelc.data.row_groups import RowGroupReader
from tfelc.features.lookup import number_values
from tfelc.models.probabilities import probabilities
from tfelc.models.ranking_model import RankingModel
from tfelc.task_chain import joint_label, joint_names

_ROWS_AT_ONCE = 16_384


@dataclass(frozen=True)
class Outcome:
    """One output's probabilities and what happened, over the rows on which it is judged.

    A task that is given another is judged on the rows where that happened; a joint output on all rows.
    """

    rows: NDArray[np.bool_]
    labels: NDArray[np.float32]
    probabilities: NDArray[np.float32]


@dataclass(frozen=True)
class Predictions:
    """Everything that evaluation reads.

    Attributes:
        outcomes: Output name -> its probabilities and labels.
        users: User of each row, None where it is not known; or None where the schema has no `user_key`.
        groups: Group column -> value of each row, None where the row is in no group.
        gates: Task -> gate weights, `(rows, experts)`.
        assignment: Soft cluster assignment, `(rows, count)`, or None for a ranker without clusters.
    """

    outcomes: dict[str, Outcome]
    users: NDArray[Any] | None
    groups: dict[str, NDArray[Any]]
    gates: dict[str, NDArray[np.float32]]
    assignment: NDArray[np.float32] | None

    @property
    def rows(self) -> int:
        """Rows of the split."""
        return len(next(iter(self.outcomes.values())).rows)


class Predictor:
    """Runs a ranker over splits; the graph is traced once.

    Args:
        model: The ranker.
        dataset: A dataset whose columns fit the ranker's schema.

    Raises:
        DataError: They do not.
    """

    def __init__(self, model: RankingModel, dataset: Dataset) -> None:
        dataset.check(model.schema)
        self._model = model
        self._dataset = dataset
        self._forward = tf.function(self._outputs, input_signature=[model.lookup.specs()])

    def predict(self, split: str, progress: Callable[[int], None] = lambda rows: None) -> Predictions:
        """Scores a split.

        Args:
            split: Its name.
            progress: Called with the number of rows done since its last call.
        """
        model, schema = self._model, self._model.schema
        columns = dict.fromkeys(
            [
                *schema.features,
                *(task.label for task in model.tasks.values()),
                *schema.of_kind("group"),
                *([schema.user_key] if schema.user_key else []),
            ]
        )
        parts: list[dict[str, Any]] = []
        for table in self._slices(split, list(columns)):
            part = tf.nest.map_structure(lambda t: t.numpy(), self._forward(model.lookup.encode(table)))
            part["labels"] = {name: number_values(table[task.label]) for name, task in model.tasks.items()}
            part["groups"] = {name: _objects(table[name]) for name in schema.of_kind("group")}
            part["users"] = _objects(table[schema.user_key]) if schema.user_key else None
            parts.append(part)
            progress(len(table))
        return self._joined(parts)

    def _slices(self, split: str, columns: list[str]) -> Iterator[pa.Table]:
        for table in RowGroupReader(self._dataset.files(split), columns, seed=0, window=1).tables(0, shuffle=False):
            for start in range(0, len(table), _ROWS_AT_ONCE):
                yield table.slice(start, _ROWS_AT_ONCE)

    def _outputs(self, features: Any) -> dict[str, Any]:
        outputs = self._model.ranker(features, training=False)
        found = {"probabilities": probabilities(self._model.tasks, outputs["logits"]), "gates": outputs["gates"]}
        if "clusters" in outputs:
            found["assignment"] = outputs["clusters"]["assignment"]
        return found

    def _joined(self, parts: list[dict[str, Any]]) -> Predictions:
        def joined(*path: str) -> NDArray[Any]:
            pieces = []
            for part in parts:
                piece: Any = part
                for key in path:
                    piece = piece[key]
                pieces.append(piece)
            return np.concatenate(pieces)

        tasks = self._model.tasks
        heads = self._model.ranker.tasks
        labels = {name: joined("labels", name) for name in tasks}
        everywhere = np.ones(len(labels[heads[0]]), bool)
        outcomes = {}
        for name in heads:
            given = tasks[name].given
            rows = everywhere if given is None else joint_label(tasks, labels, given) > 0
            outcomes[name] = Outcome(rows, labels[name], joined("probabilities", name))
        for joint, name in joint_names(tasks, heads).items():
            outcomes[joint] = Outcome(everywhere, joint_label(tasks, labels, name), joined("probabilities", joint))
        return Predictions(
            outcomes=outcomes,
            users=joined("users") if parts[0]["users"] is not None else None,
            groups={name: joined("groups", name) for name in parts[0]["groups"]},
            gates={name: joined("gates", name) for name in heads},
            assignment=joined("assignment") if "assignment" in parts[0] else None,
        )


def _objects(column: pa.ChunkedArray) -> NDArray[Any]:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_integer(column.type) and column.null_count:
        # Not as floats, in which long ids would fall together.
        return np.array(column.to_pylist(), dtype=object)
    return column.to_numpy()
