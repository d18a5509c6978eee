"""The yardstick: scikit-learn's HistGradientBoosting on the same columns, untuned."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.data.dataset import Dataset
from tfelc.data.row_groups import RowGroupReader
from tfelc.features.lookup import number_values
from tfelc.ranker.data.task_labels import task_labels
from tfelc.schema.task_chain import joint_label, joint_names, select_tasks


def boosted_trees(dataset: Dataset, outputs: list[str]) -> dict[str, NDArray[np.float64]]:
    """Trains one model an output and returns its probabilities on the test split.

    Numbers go in as they are, categories as integer codes of the training split's values; lists, which trees cannot
    read, are left out.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    schema = dataset.schema
    columns = {name: column for name, column in schema.features.items() if column.kind != "list"}
    train, test = (_read(dataset, split, [*columns, *schema.of_kind("label")]) for split in ("train", "test"))
    pairs = [
        (number_values(train[name]), number_values(test[name]))
        if column.kind == "number"
        else _codes(_strings(train[name]), _strings(test[name]))
        for name, column in columns.items()
    ]
    seen, asked = (np.stack(parts, axis=1).astype(np.float32) for parts in zip(*pairs, strict=True))
    tasks = select_tasks(schema, list(schema.tasks), {})
    labels = task_labels(train, tasks)
    joint = joint_names(tasks, list(tasks))
    scores = {}
    for output in outputs:
        condition = None if output in joint else tasks[output].conditioned_on
        rows = slice(None) if condition is None else joint_label(tasks, labels, condition) > 0
        target = joint_label(tasks, labels, joint[output]) if output in joint else labels[output]
        model = HistGradientBoostingClassifier(random_state=0).fit(seen[rows], target[rows])
        scores[output] = model.predict_proba(asked)[:, 1]
    return scores


def _codes(train: NDArray[np.object_], test: NDArray[np.object_]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The place of each value among the training split's; NaN for one that is not there."""
    values, codes = np.unique(train, return_inverse=True)
    places = np.clip(np.searchsorted(values, test), 0, len(values) - 1)
    return codes, np.where(values[places] == test, places, np.nan)


def _read(dataset: Dataset, split: str, columns: list[str]) -> pa.Table:
    reader = RowGroupReader(dataset.files(split), columns, seed=0, window=1)
    return pa.concat_tables(list(reader.tables(0, shuffle=False)), promote_options="permissive")


def _strings(column: pa.ChunkedArray) -> NDArray[np.object_]:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(pa.string()).fill_null("").to_numpy()
