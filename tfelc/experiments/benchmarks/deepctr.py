"""DeepCTR's MMOE of the same size on arrays in memory: `pip install --no-deps deepctr==0.9.4` first."""

import sys
from pathlib import Path
from typing import Any

from tfelc.experiments.benchmarks.harness import STEPS_LEFT_OUT, Meter


def deepctr(data: str, task: str, settings: dict[str, Any], steps: int) -> dict[str, float] | None:
    """Trains DeepCTR's MMOE on the same looked-up features, experts, towers, embedding width and batch size.

    Every column is an input of its own, as its users write it; histories go in as its mean-pooled variable-length
    features, sharing the candidate's table.
    """
    import numpy as np
    import tensorflow as tf
    import tf_keras

    # DeepCTR imports Keras 2 by its old place.
    sys.modules.setdefault("tensorflow.python.keras", tf_keras)
    try:
        from deepctr.feature_column import DenseFeat, SparseFeat, VarLenSparseFeat
        from deepctr.models import MMOE
    except ImportError:
        return None

    from tfelc.data.dataset import Dataset
    from tfelc.data.row_groups import RowGroupReader
    from tfelc.features.fit import fit_features
    from tfelc.features.layout import Layout
    from tfelc.features.lookup import FeatureLookup
    from tfelc.ranker.architectures.mmoe import MMoE
    from tfelc.ranker.data.batches import Batches
    from tfelc.ranker.settings import RankerSettings

    dataset, chosen = Dataset(Path(data)), RankerSettings.model_validate(settings)
    schema, size, dim = dataset.schema, chosen.training.batch_size, chosen.model.embedding_dim
    reader = RowGroupReader(dataset.files("train"), list(schema.features), seed=0, window=4)
    fitted = fit_features(schema, reader.tables(0, shuffle=False))
    rows = fitted.table_rows(schema)
    lookup = FeatureLookup(schema, fitted, Layout.of(schema, rows, dim))
    heads = task.split(",")
    parts = [batch[:2] for batch in Batches(dataset, "train", lookup, heads, size).epoch(0).take(steps)]
    features, labels = tf.nest.map_structure(lambda *arrays: np.concatenate(arrays), *parts)

    inputs: dict[str, Any] = {}
    columns: list[Any] = []

    def sparse(column: str) -> Any:
        table = schema.table_of(column)[0]
        return SparseFeat(f"{column}_id", vocabulary_size=rows[table], embedding_dim=dim, embedding_name=table)

    for side in lookup.layout.sides.values():
        for place, name in enumerate(side.numbers):
            inputs[name] = np.nan_to_num(features[side.numbers_key][:, place])
            columns.append(DenseFeat(name, 1))
        for width, names in side.ids.items():
            for place, name in enumerate(names):
                offset = lookup.layout.offsets[schema.table_of(name)[0]][1]
                inputs[f"{name}_id"] = features[side.ids_key(width)][:, place] - offset
                columns.append(sparse(name))
        for feature in side.lists:
            inputs[f"{feature.column}_id"] = features[feature.key] - feature.offset
            length = schema.columns[feature.column].max_length
            columns.append(VarLenSparseFeat(sparse(feature.column), maxlen=length, combiner="mean"))
    experts = chosen.model.architecture
    assert isinstance(experts, MMoE), "DeepCTR's MMOE is compared with model.architecture: mmoe"
    model = MMOE(
        columns,
        num_experts=experts.num_experts,
        expert_dnn_hidden_units=experts.units,
        tower_dnn_hidden_units=chosen.model.towers.units,
        gate_dnn_hidden_units=(),
        l2_reg_embedding=0,
        task_types=["binary"] * len(heads),
        task_names=heads,
    )
    model.compile(tf_keras.optimizers.Adam(1e-3), loss=["binary_crossentropy"] * len(heads))
    meter = Meter()
    clock = tf_keras.callbacks.LambdaCallback(on_batch_end=meter.start_late)
    targets = [labels[head] for head in heads]
    model.fit(inputs, targets, batch_size=size, epochs=1, verbose=0, callbacks=[clock])
    meter.stop()
    return meter.rates(len(targets[0]) - STEPS_LEFT_OUT * size)
