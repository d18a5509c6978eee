"""What holds for every strategy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfelc.losses.task_balance.fixed_weights import FixedWeights
from tfelc.losses.task_balance.settings import TASK_BALANCES, DynamicWeightAveragingSettings, GradNormSettings
from tfelc.losses.task_balance.uncertainty_weighting import UncertaintyWeighting

STRATEGIES = ["fixed", "uncertainty", "dynamic", "gradnorm", "pcgrad"]
TASKS = ["ctr", "cvr"]


def make(strategy):
    return TASK_BALANCES.get(strategy)().create(TASKS, {"ctr": 1.0, "cvr": 0.5}, seed=3)


class Toy:
    """Two heads on a shared kernel on an embedding table, trained for a few steps."""

    def __init__(self, balance):
        keras.utils.set_random_seed(0)
        self.balance = balance
        self.table = keras.layers.Embedding(10, 3)
        self.shared = keras.layers.Dense(4, activation="tanh")
        self.heads = {task: keras.layers.Dense(1) for task in TASKS}
        self.table.build()
        self.shared.build((None, 3))
        for head in self.heads.values():
            head.build((None, 4))
        layers = [self.table, self.shared, *self.heads.values(), balance]
        self.variables = [variable for layer in layers for variable in layer.trainable_variables]

    @tf.function
    def gradients(self, ids, labels):
        with tf.GradientTape(persistent=True) as tape:
            hidden = self.shared(self.table(ids))
            losses = {
                task: tf.reduce_mean((labels[task] - tf.squeeze(head(hidden), -1)) ** 2)
                for task, head in self.heads.items()
            }
            auxiliary = 0.01 * tf.reduce_sum(hidden**2)
        return self.balance.gradients(tape, losses, auxiliary, self.variables, self.shared.trainable_variables)

    def train(self, steps, start=0):
        for step in range(start, start + steps):
            random = np.random.default_rng(step)
            ids = tf.constant(random.integers(0, 10, 8))
            labels = {task: tf.constant(random.random(8, np.float32)) for task in TASKS}
            for variable, gradient in zip(self.variables, self.gradients(ids, labels), strict=True):
                variable.assign_sub(0.1 * tf.convert_to_tensor(gradient))
            if step % 5 == 4:
                self.balance.end_epoch()

    def state(self):
        return [v.numpy() for v in [*self.variables, *self.balance.variables]]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_gradients_of_tables_stay_sparse_and_every_variable_gets_one(strategy):
    toy = Toy(make(strategy))
    ids = tf.constant([1, 4, 4])
    gradients = toy.gradients(ids, {task: tf.constant([0.0, 1.0, 0.5]) for task in TASKS})
    assert len(gradients) == len(toy.variables)
    assert all(gradient is not None for gradient in gradients)
    assert isinstance(gradients[0], tf.IndexedSlices)
    assert set(gradients[0].indices.numpy()) == {1, 4}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_its_variables_continue_it_exactly(strategy):
    whole = Toy(make(strategy))
    whole.train(13)
    first = Toy(make(strategy))
    first.train(7)
    second = Toy(make(strategy))
    for variable, value in zip([*second.variables, *second.balance.variables], first.state(), strict=True):
        variable.assign(value)
    second.train(6, start=7)
    for expected, found in zip(whole.state(), second.state(), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_it_is_rebuilt_from_its_configuration(strategy):
    balance = make(strategy)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(balance))
    assert type(again) is type(balance)
    assert again.get_config() == balance.get_config()
    assert [v.path.split("/")[-1] for v in again.variables] == [v.path.split("/")[-1] for v in balance.variables]


def test_every_strategy_is_one_of_the_registry():
    assert TASK_BALANCES.names() == STRATEGIES


def test_settings_reach_the_strategies():
    dynamic = DynamicWeightAveragingSettings(temperature=5.0).create(TASKS, {}, seed=0)
    assert dynamic.temperature == 5.0
    gradnorm = GradNormSettings(asymmetry=0.5, learning_rate=0.01).create(TASKS, {}, seed=0)
    assert (gradnorm.asymmetry, gradnorm.learning_rate) == (0.5, 0.01)
    assert make("pcgrad").seed == 3
    for strategy in STRATEGIES:
        assert make(strategy).base_weights == {"ctr": 1.0, "cvr": 0.5}


def test_half_precision_losses_are_weighed_in_full_precision():
    terms = FixedWeights(["ctr"]).weighted({"ctr": tf.constant(0.5, tf.bfloat16)})
    assert terms["ctr"].dtype == tf.float32


@pytest.mark.parametrize(
    ("tasks", "weights", "words"),
    [
        ([], None, "tasks"),
        (["ctr", "ctr"], None, "tasks"),
        (["ctr", "balance"], None, "balance"),
        (["ctr"], {"cvr": 1.0}, "cvr"),
        (["ctr"], {"ctr": 0.0}, "positive"),
    ],
)
def test_tasks_and_weights_are_checked(tasks, weights, words):
    with pytest.raises(ValueError, match=words):
        UncertaintyWeighting(tasks, weights)
