"""The yardstick: scikit-learn's HistGradientBoosting on the same columns, untuned."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.data.dataset import Dataset
from tfelc.data.split_tables import SplitTables
from tfelc.features.lookup import number_values
from tfelc.schema.task_chain import joint_label, joint_names, select_tasks

Trees = Callable[[SplitTables], dict[str, NDArray[np.float64]]]


def boosted_trees(dataset: Dataset, outputs: list[str]) -> Trees:
    """Trains one model an output; what is returned gives their probabilities of the rows of a test split.

    Numbers go in as they are, categories as integer codes of the training split's values; lists, which trees cannot
    read, are left out.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    schema = dataset.schema
    columns = {name: column for name, column in schema.features.items() if column.kind != "list"}
    train = _read(dataset, "train", [*columns, *schema.of_kind("label")])
    values = {name: np.unique(_strings(train[name])) for name, column in columns.items() if column.kind == "category"}

    def matrix(table: pa.Table) -> NDArray[np.float32]:
        arrays = [
            _codes(values[name], _strings(table[name])) if name in values else number_values(table[name])
            for name in columns
        ]
        return np.stack(arrays, axis=1).astype(np.float32)

    seen = matrix(train)
    tasks = select_tasks(schema, list(schema.tasks), {})
    labels = {name: number_values(train[task.label]) for name, task in tasks.items()}
    joint = joint_names(tasks, list(tasks))
    models = {}
    for output in outputs:
        condition = None if output in joint else tasks[output].conditioned_on
        rows = slice(None) if condition is None else joint_label(tasks, labels, condition) > 0
        target = joint_label(tasks, labels, joint[output]) if output in joint else labels[output]
        models[output] = HistGradientBoostingClassifier(random_state=0).fit(seen[rows], target[rows])

    def probabilities(rows: SplitTables) -> dict[str, NDArray[np.float64]]:
        asked = matrix(_read(rows, "test", list(columns)))
        return {output: model.predict_proba(asked)[:, 1] for output, model in models.items()}

    return probabilities


def _codes(values: NDArray[np.str_], texts: NDArray[np.str_]) -> NDArray[Any]:
    """The place of each value among the training split's; NaN for one that is not there."""
    places = np.clip(np.searchsorted(values, texts), 0, len(values) - 1)
    return np.where(values[places] == texts, places, np.nan)


def _read(rows: SplitTables, split: str, columns: list[str]) -> pa.Table:
    return pa.concat_tables(list(rows.tables(split, columns)), promote_options="permissive")


def _strings(column: pa.ChunkedArray) -> NDArray[np.str_]:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(pa.string()).fill_null("").to_numpy().astype(str)
