import keras
import numpy as np
import pytest

from tfelc.core.errors import ConfigError
from tfelc.lifecycle.settings.optimizer import OptimizerSettings
from tfelc.lifecycle.training.optimizers.create_optimizer import create_optimizer, create_table_optimizer
from tfelc.lifecycle.training.optimizers.lazy_adam import LazyAdam
from tfelc.lifecycle.training.optimizers.sparse_adagrad import SparseAdagrad


def _variables() -> list[keras.Variable]:
    return [keras.Variable(np.ones((2, 3), "float32"), name="kernel"), keras.Variable(np.ones(3, "float32"), name="b")]


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
    dense = create_optimizer(OptimizerSettings(name=name, learning_rate=0.25), 10, _variables())
    assert type(dense) is expected and float(dense.learning_rate) == 0.25 and dense.built
    assert dense.global_clipnorm is None


@pytest.mark.parametrize(("name", "kind"), [("lazy_adam", LazyAdam), ("sparse_adagrad", SparseAdagrad)])
def test_the_one_of_tables_is_named_alike(name: str, kind: type) -> None:
    tables = create_table_optimizer(name, 0.5, "constant", 10, _variables()[:1])
    assert type(tables) is kind and float(tables.learning_rate) == 0.5 and tables.built


@pytest.mark.parametrize(
    ("schedule", "middle", "end"), [("constant", 1.0, 1.0), ("linear", 0.75, 0.0), ("cosine", 0.853553, 0.0)]
)
def test_schedules_reach_their_end_with_the_run(schedule: str, middle: float, end: float) -> None:
    settings = OptimizerSettings(learning_rate=0.25, schedule=schedule)
    optimizers = (
        create_optimizer(settings, 8, _variables()),
        create_table_optimizer("sparse_adagrad", 0.5, schedule, 8, _variables()[:1]),
    )
    for optimizer, rate in zip(optimizers, (0.25, 0.5), strict=True):
        for step, share in ((0, 1.0), (2, middle), (8, end)):
            optimizer.iterations.assign(step)
            np.testing.assert_allclose(optimizer.learning_rate, rate * share, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_weight_decay_makes_adamw_and_leaves_biases_alone(name: str) -> None:
    variables = _variables()
    settings = OptimizerSettings(name=name, learning_rate=0.1, weight_decay=0.5, clip_norm=2)
    optimizer = create_optimizer(settings, 8, variables)
    assert type(optimizer) is keras.optimizers.AdamW and optimizer.global_clipnorm == 2
    optimizer.apply([np.zeros((2, 3), "float32"), np.zeros(3, "float32")], variables)
    np.testing.assert_allclose(variables[0], np.full((2, 3), 1 - 0.1 * 0.5), rtol=1e-6)
    np.testing.assert_array_equal(variables[1], np.ones(3))


def test_without_weight_decay_adamw_is_adam() -> None:
    one, other = _variables(), _variables()
    gradients = [np.full((2, 3), 0.3, "float32"), np.full(3, -0.2, "float32")]
    for name, variables in (("adam", one), ("adamw", other)):
        create_optimizer(OptimizerSettings(name=name), 8, variables).apply(gradients, variables)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("rate", [0.0, -1.0])
def test_a_rate_that_would_climb_the_loss_is_refused(rate: float) -> None:
    with pytest.raises(ConfigError, match="a learning rate must be above 0, and `auto` have its value by now"):
        create_table_optimizer("lazy_adam", rate, "constant", 10, _variables()[:1])
