"""The yardstick: scikit-learn's HistGradientBoosting on the same columns, untuned."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfelc.data.dataset import Dataset
from tfelc.data.row_groups import RowGroupReader
from tfelc.features.lookup import number_values
from tfelc.schema.task_chain import joint_label, select_tasks


def boosted_trees(dataset: Dataset, outputs: list[str]) -> dict[str, NDArray[np.float64]]:
    """Trains one model an output and returns its probabilities on the test split.

    Numbers go in as they are, categories as integer codes of the training split's values; lists, which trees cannot
    read, are left out.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    schema = dataset.schema
    columns = {name: c for name, c in schema.features.items() if c.kind != "list"}
    tables = {split: _read(dataset, split, [*columns, *schema.of_kind("label")]) for split in ("train", "test")}
    features = {split: [] for split in tables}
    for name, column in columns.items():
        if column.kind == "number":
            for split, table in tables.items():
                features[split].append(number_values(table[name]))
            continue
        values, codes = np.unique(_strings(tables["train"][name]), return_inverse=True)
        features["train"].append(codes)
        raw = _strings(tables["test"][name])
        places = np.clip(np.searchsorted(values, raw), 0, len(values) - 1)
        features["test"].append(np.where(values[places] == raw, places, np.nan))
    inputs = {split: np.stack(parts, axis=1).astype(np.float32) for split, parts in features.items()}
    tasks = select_tasks(schema, list(schema.tasks), {})
    labels = {name: number_values(tables["train"][task.label]) for name, task in tasks.items()}
    joint = {task.joint or f"{task.conditioned_on}_{name}": name for name, task in tasks.items() if task.conditioned_on}
    scores = {}
    for output in outputs:
        if output in joint:
            rows, target = slice(None), joint_label(tasks, labels, joint[output])
        else:
            condition = tasks[output].conditioned_on
            rows = slice(None) if condition is None else joint_label(tasks, labels, condition) > 0
            target = labels[output]
        model = HistGradientBoostingClassifier(random_state=0).fit(inputs["train"][rows], target[rows])
        scores[output] = model.predict_proba(inputs["test"])[:, 1]
    return scores


def _read(dataset: Dataset, split: str, columns: list[str]) -> Any:
    import pyarrow as pa

    reader = RowGroupReader(dataset.files(split), columns, seed=0, window=1)
    return pa.concat_tables(list(reader.tables(0, shuffle=False)), promote_options="permissive")


def _strings(column: Any) -> NDArray[np.str_]:
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(pa.string()).fill_null("").to_numpy().astype(str)
