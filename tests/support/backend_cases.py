"""Models on arrays, whose one training step is to be the same on every backend of Keras.

`KERAS_BACKEND=jax python -m tests.support.backend_cases FILE` takes the steps and writes them, without TensorFlow.
"""

from __future__ import annotations

import sys
from typing import Any

import keras
import numpy as np

ROWS, USERS, ITEMS, LENGTH = 24, 12, 15, 5
STEP = keras.optimizers.SGD  # With a rate of 1 a weight's change is its gradient.

_COLUMNS = {
    "clicked": {"kind": "label"},
    "bought": {"kind": "label"},
    "user": {"kind": "category", "role": "user", "table": "user"},
    "visits": {"kind": "number", "role": "activity"},
    "days": {"kind": "number", "role": "activity"},
    "seen": {"kind": "list", "role": "activity", "table": "item", "max_length": LENGTH},
    "watched": {"kind": "list", "role": "activity", "table": "item", "max_length": LENGTH},
    "picture": {"kind": "vector", "role": "item", "width": 3},
    "item": {"kind": "category", "role": "item", "table": "item"},
    "price": {"kind": "number", "role": "item"},
}
_RANKERS: dict[str, tuple[str, dict[str, Any]]] = {
    "mmoe with all its parts": (
        "attention",
        {
            "architecture": {"name": "mmoe", "num_experts": 3, "units": [8]},
            "crosses": {"layers": 1, "rank": 3},
            "scaling": {"experts": True, "towers": True, "clusters": True},
            "clusters": {"num_clusters": 4, "objective": "soft", "merge": True},
            "linear": True,
        },
    ),
    "ple": ("mean", {"architecture": {"name": "ple", "units": [8]}, "clusters": {"momentum": 0.9, "num_clusters": 3}}),
    "aitm": ("transformer", {"architecture": {"name": "aitm"}, "clusters": {"num_clusters": 0}}),
    "pepnet": ("mean", {"architecture": {"name": "pepnet"}, "clusters": {"num_clusters": 3, "objective": "nearest"}}),
}
# Without dropout and random views: the backends draw different numbers.
_SMALL = (
    "model.encoder.dropout=0", "model.encoder.attention_dropout=0", "model.encoder.dim=8", "model.encoder.num_layers=1",
)  # fmt: skip
_NEXT_ITEM: dict[str, tuple[str, ...]] = {
    "bpr_mf": ("model.loss=softmax",),
    "caser": ("model.dropout=0",),
    "sasrec": _SMALL,
    "dssrec": _SMALL,
    "wearec": ("model.encoder.dropout=0", "model.encoder.dim=8"),
    "elcrec": (
        *_SMALL,
        "model.contrast.views=same_target", "model.contrast.sequence_weight=0.1", "model.contrast.intent_weight=0.1",
        "model.clusters.num_clusters=3",
    ),
}  # fmt: skip
CASES = (*_RANKERS, *_NEXT_ITEM)


def one_step(case: str, weights: list[Any] | None = None) -> dict[str, list[Any]]:
    """The weights `before` one step of `fit`, those `after` it, and its `loss`.

    Args:
        case: One of `CASES`.
        weights: Those to begin with, in the order of the model's. Defaults to None: random ones.
    """
    keras.utils.set_random_seed(7)
    trainer, batch = (_ranker if case in _RANKERS else _next_item)(case)
    model = trainer.layers[0]
    random = np.random.default_rng(1)
    for weight in model.trainable_variables:
        # Large enough that nothing of a gradient is hidden by rounding.
        weight.assign((random.normal(size=weight.shape) * 0.3).astype("float32"))
    for weight, value in zip(model.weights, weights or [], strict=weights is not None):
        weight.assign(value)
    trainer.compile(STEP(1.0))
    before = [keras.ops.convert_to_numpy(weight) for weight in model.weights]
    loss = trainer.fit(**batch, batch_size=ROWS, verbose=0, shuffle=False).history["loss"]
    return {"before": before, "after": [keras.ops.convert_to_numpy(w) for w in model.weights], "loss": loss}


def _ranker(case: str) -> tuple[Any, dict[str, Any]]:
    from tfelc.features.random_features import random_features
    from tfelc.ranker.models.multi_task_model import MultiTaskModel
    from tfelc.ranker.training.ranker_array_trainer import RankerArrayTrainer
    from tfelc.schema.schema import Schema

    pooling, settings = _RANKERS[case]
    schema = {
        "name": "shop",
        "tables": {"user": {"hash_buckets": USERS - 1, "hash_functions": 2}, "item": {}},
        "columns": _COLUMNS,
        "sequences": {"history": {"columns": ["watched"], "pooling": pooling}},
        "tasks": {"ctr": {"label": "clicked"}, "cvr": {"label": "bought", "conditioned_on": "ctr"}},
    }
    numbers: dict[str, Any] = {
        name: {"mean": 1.0, "variance": 2.0, "missing": name == "days", "edges": [-1.0, 0.0, 2.0]}
        for name in ("visits", "days", "price")
    }
    numbers["picture"] = {"mean": 0.0, "variance": 1.0, "missing": False}
    settings = {**settings, "embedding_dim": 4, "embedding_dropout": 0.0, "towers": {"units": [6]}}
    tables = {"user": USERS, "item": ITEMS}
    model = MultiTaskModel(schema, numbers, tables, ["ctr", "cvr"], settings)
    model.build()
    features = random_features(Schema.model_validate(schema), tables, 4, ROWS, seed=0)
    random = np.random.default_rng(0)
    clicked = random.integers(0, 2, ROWS)
    labels = {"ctr": clicked.astype("float32"), "cvr": (clicked * random.integers(0, 2, ROWS)).astype("float32")}
    weights = random.uniform(0.5, 2, ROWS).astype("float32")
    return RankerArrayTrainer(model, schema), {"x": features, "y": labels, "sample_weight": weights}


def _next_item(case: str) -> tuple[Any, dict[str, Any]]:
    from tfelc.next_item.settings import NextItemSettings
    from tfelc.next_item.training.next_item_array_trainer import NextItemArrayTrainer

    settings = [f"model.name={case}", *_NEXT_ITEM[case]]
    model = NextItemSettings.load(None, settings).model.create(ITEMS, LENGTH, np.ones(ITEMS, np.int64), 0)
    random = np.random.default_rng(0)
    items = random.integers(1, ITEMS + 1, (ROWS, LENGTH)) * (np.arange(LENGTH) >= random.integers(0, LENGTH, (ROWS, 1)))
    batch = {"items": items, "targets": random.integers(1, ITEMS + 1, ROWS)}
    if model.uses_positive_views:
        batch["positive_views"] = np.roll(items, 1, axis=0)
    return NextItemArrayTrainer(model), {"x": {name: value.astype("int32") for name, value in batch.items()}}


def main() -> None:
    """Takes a step of every case, and writes what came of it."""
    found = {case: one_step(case) for case in CASES}
    arrays = {
        f"{case}|{kind}|{position}": value
        for case, of in found.items()
        for kind, values in of.items()
        for position, value in enumerate(values)
    }
    np.savez(sys.argv[1], **arrays)


class _WithoutTensorFlow:
    def find_spec(self, name: str, *_: Any) -> None:
        if name.partition(".")[0] == "tensorflow":
            raise ModuleNotFoundError(name)


if __name__ == "__main__":
    sys.meta_path.insert(0, _WithoutTensorFlow())  # type: ignore[arg-type]
    main()
