"""DeepCTR's MMOE of the same size on arrays in memory: `pip install --no-deps deepctr==0.9.4` first."""

import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np


def rates(
    data: Path, heads: list[str], config: Path | None, settings: list[str], steps: int | None, left_out: int
) -> tuple[int, float, float]:
    """Trains DeepCTR's MMOE on the same looked-up features, experts, towers, embedding width and batch size.

    Every column is an input of its own, as its users write it; histories go in as its mean-pooled variable-length
    features, sharing the candidate's table.

    Returns:
        Rows trained after the first `left_out` steps, the seconds and the CPU seconds they took.
    """
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import tf_keras

    # DeepCTR imports Keras 2 by its old place.
    sys.modules.setdefault("tensorflow.python.keras", tf_keras)
    try:
        from deepctr.feature_column import DenseFeat, SparseFeat, VarLenSparseFeat
        from deepctr.models import MMOE
    except ImportError:
        raise SystemExit(3) from None

    from tfelc.data.dataset import Dataset
    from tfelc.data.row_groups import RowGroupReader
    from tfelc.features.fit import fit_features
    from tfelc.features.layout import Layout
    from tfelc.features.lookup import FeatureLookup, number_values
    from tfelc.ranker.settings import RankerSettings

    dataset, chosen = Dataset(data), RankerSettings.load(config, settings)
    schema, batch = dataset.schema, chosen.training.batch_size
    wanted = (steps or 1_000_000) * batch
    reader = RowGroupReader(dataset.files("train"), list(schema.columns), seed=0, window=4)
    fitted = fit_features(schema, reader.tables(0, shuffle=False))
    rows = fitted.table_rows(schema)
    lookup = FeatureLookup(schema, fitted, Layout.of(schema, rows, chosen.model.embedding_dim))
    arrays: dict[str, list[Any]] = {}
    taken = 0
    for table in reader.tables(0):
        encoded = lookup.encode(table)
        for side in lookup.layout.sides.values():
            for position, name in enumerate(side.numbers):
                arrays.setdefault(name, []).append(np.nan_to_num(encoded[side.numbers_key][:, position]))
            for dim, names in side.ids.items():
                for position, name in enumerate(names):
                    offset = lookup.layout.offsets[schema.table_of(name)[0]][1]
                    arrays.setdefault(f"{name}_id", []).append(encoded[side.ids_key(dim)][:, position] - offset)
            for feature in side.lists:
                arrays.setdefault(f"{feature.column}_id", []).append(encoded[feature.key] - feature.offset)
        for head in heads:
            arrays.setdefault(f"label {head}", []).append(number_values(table[schema.tasks[head].label]))
        taken += len(table)
        if taken >= wanted:
            break
    inputs = {name: np.concatenate(parts)[:wanted] for name, parts in arrays.items()}
    labels = [inputs.pop(f"label {head}") for head in heads]
    columns = []
    for name, column in schema.features.items():
        table_name = schema.table_of(name)[0]
        if column.kind == "number":
            columns.append(DenseFeat(name, 1))
        if column.kind == "category" or column.buckets:
            columns.append(_sparse(SparseFeat, f"{name}_id", rows[table_name], table_name, chosen.model.embedding_dim))
        if column.kind == "list":
            sparse = _sparse(SparseFeat, f"{name}_id", rows[table_name], table_name, chosen.model.embedding_dim)
            columns.append(VarLenSparseFeat(sparse, maxlen=column.max_length, combiner="mean"))
    experts = chosen.model.experts
    model = MMOE(
        columns,
        num_experts=experts.shared,
        expert_dnn_hidden_units=experts.units,
        tower_dnn_hidden_units=chosen.model.towers.units,
        gate_dnn_hidden_units=(),
        l2_reg_embedding=0,
        task_types=["binary"] * len(heads),
        task_names=heads,
    )
    model.compile(tf_keras.optimizers.Adam(1e-3), loss=["binary_crossentropy"] * len(heads))

    class Clock(tf_keras.callbacks.Callback):
        started = cpu_started = 0.0

        def on_train_batch_end(self, step: int, logs: Any = None) -> None:
            if step + 1 == left_out:
                self.started, self.cpu_started = time.perf_counter(), time.process_time()

    clock = Clock()
    model.fit(inputs, labels, batch_size=batch, epochs=1, verbose=0, callbacks=[clock])
    rows_trained = len(labels[0]) - left_out * batch
    return rows_trained, time.perf_counter() - clock.started, time.process_time() - clock.cpu_started


def _sparse(kind: Any, name: str, rows: int, table: str, dim: int) -> Any:
    return kind(name, vocabulary_size=rows, embedding_dim=dim, embedding_name=table)
