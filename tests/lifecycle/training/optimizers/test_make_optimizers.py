import keras
import numpy as np
import pytest

from tfelc.lifecycle.training.optimizers import LazyAdam, SparseAdagrad, make_optimizers
from tfelc.ranker.settings import OptimizerConfig


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("adam", keras.optimizers.Adam),
        ("adamw", keras.optimizers.AdamW),
        ("adagrad", keras.optimizers.Adagrad),
        ("sgd", keras.optimizers.SGD),
        ("rmsprop", keras.optimizers.RMSprop),
    ],
)
def test_the_dense_one_is_keras_own(name: str, expected: type) -> None:
    rates = {"dense_learning_rate": 0.25, "tables_learning_rate": 0.5}
    dense, tables = make_optimizers(OptimizerConfig.model_validate({"dense": name, **rates}), 10)
    assert type(dense) is expected and float(dense.learning_rate) == 0.25
    assert type(tables) is LazyAdam and float(tables.learning_rate) == 0.5


@pytest.mark.parametrize(
    ("schedule", "middle", "end"), [("constant", 1.0, 1.0), ("linear", 0.75, 0.0), ("cosine", 0.853553, 0.0)]
)
def test_schedules_reach_their_end_with_the_run(schedule: str, middle: float, end: float) -> None:
    config = OptimizerConfig(
        tables="sparse_adagrad", tables_learning_rate=0.5, dense_learning_rate=0.25, schedule=schedule
    )
    optimizers = make_optimizers(config, 8)
    assert type(optimizers[1]) is SparseAdagrad
    for optimizer, rate in zip(optimizers, (0.25, 0.5), strict=True):
        for step, share in ((0, 1.0), (2, middle), (8, end)):
            optimizer.iterations.assign(step)
            np.testing.assert_allclose(optimizer.learning_rate, rate * share, rtol=1e-5, atol=1e-8)
