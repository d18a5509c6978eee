import numpy as np
import pytest
import tensorflow as tf

from tfelc.ranker.models.task_outputs import task_outputs
from tfelc.schema.task import Task

TASKS = {
    "click": Task(label="click"),
    "cart": Task(label="cart", conditioned_on="click"),
    "buy": Task(label="buy", conditioned_on="cart", joint="bought"),
    "like": Task(label="like"),
}


def _outputs(**logits: float) -> dict[str, float]:
    found = task_outputs(TASKS, {name: tf.constant([value], tf.float32) for name, value in logits.items()})
    return {name: pytest.approx(float(value[0])) for name, value in found.items()}


def test_a_probability_a_head_and_the_products_of_whole_chains() -> None:
    # Log odds of 3 and 1 : 3/4 and 1/4.
    three = float(np.log(3))
    outputs = _outputs(click=three, cart=0, buy=-three, like=0)
    assert outputs == {"click": 0.75, "cart": 0.5, "buy": 0.25, "like": 0.5, "click_cart": 0.375, "bought": 0.09375}
    assert list(outputs) == ["click", "cart", "buy", "like", "click_cart", "bought"]


def test_no_product_where_a_head_of_the_chain_is_absent() -> None:
    assert _outputs(buy=0, cart=0) == {"buy": 0.5, "cart": 0.5}
    assert _outputs(buy=0, click=0) == {"buy": 0.5, "click": 0.5}
    assert list(_outputs(cart=0, click=0)) == ["cart", "click", "click_cart"]


def test_sure_outcomes_stay_within_0_and_1() -> None:
    assert _outputs(click=100, cart=100) == {"click": 1, "cart": 1, "click_cart": 1}
    assert _outputs(click=-200, cart=-200) == {"click": 0, "cart": 0, "click_cart": 0}
