from typing import Any

import numpy as np
import pytest

from tests.support.schema_of import schema_of
from tfelc.core.errors import UsageError
from tfelc.schema.task_chain import chain_of, joint_label, joint_names, select_tasks
from tfelc.schema.task_settings import TaskSettings

SCHEMA = schema_of(
    {"x": {"kind": "number", "role": "user"}},
    tasks={
        "click": {"label": "y"},
        "cart": {"label": "y", "conditioned_on": "click", "joint": "ctcr"},
        "buy": {"label": "y", "conditioned_on": "cart"},
        "like": {"label": "y", "weight": 3},
    },
)
NO_CHANGES: dict[str, TaskSettings] = {}


def _fault(names: list[str], settings: dict[str, TaskSettings] = NO_CHANGES) -> str:
    with pytest.raises(UsageError) as error:
        select_tasks(SCHEMA, names, settings)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("names", "selected"),
    [
        (["click"], ["click"]),
        (["like", "click"], ["like", "click"]),
        # Those that are given come after, for their labels.
        (["buy"], ["buy", "cart", "click"]),
        (["buy", "click"], ["buy", "click", "cart"]),
        (["cart", "like", "buy"], ["cart", "like", "buy", "click"]),
    ],
)
def test_the_named_tasks_and_those_they_are_given(names: list[str], selected: list[str]) -> None:
    tasks = select_tasks(SCHEMA, names, {})
    assert list(tasks) == selected
    assert all(tasks[name] == SCHEMA.tasks[name] for name in selected)


def test_settings_differ_from_the_schema_where_they_say_so() -> None:
    settings = {"like": TaskSettings(weight=0.5), "cart": TaskSettings(space="entire")}
    tasks = select_tasks(SCHEMA, ["like", "cart", "click"], settings)
    assert tasks["like"].weight == 0.5
    assert (tasks["cart"].space, tasks["cart"].weight, tasks["cart"].joint) == ("entire", 1, "ctcr")
    assert tasks["click"] == SCHEMA.tasks["click"]
    assert SCHEMA.tasks["like"].weight == 3
    # Settings of a task that is not trained change nothing.
    assert list(select_tasks(SCHEMA, ["click"], settings)) == ["click"]


def test_calls_that_can_never_work() -> None:
    assert _fault(["clik"]) == "no task `clik` in schema `test`; it declares click, cart, buy, like"
    assert "no task `clik`" in _fault(["click"], {"clik": TaskSettings(weight=1)})
    assert "different task names" in _fault(["click", "click"])
    assert "different task names" in _fault([])
    assert "no entire space" in _fault(["like"], {"like": TaskSettings(space="entire")})
    entire = {"buy": TaskSettings(space="entire")}
    assert "needs the head of `cart`: add it to `tasks`" in _fault(["buy", "click"], entire)
    assert "needs the head of `click`" in _fault(["buy", "cart"], entire)
    assert list(select_tasks(SCHEMA, ["buy", "cart", "click"], entire)) == ["buy", "cart", "click"]


def test_chains_and_their_names() -> None:
    tasks = SCHEMA.tasks
    assert chain_of(tasks, "buy") == ["buy", "cart", "click"] and chain_of(tasks, "like") == ["like"]
    assert joint_names(tasks, ["buy", "cart", "click", "like"]) == {"cart_buy": "buy", "ctcr": "cart"}
    assert joint_names(tasks, ["cart", "click"]) == {"ctcr": "cart"}
    assert joint_names(tasks, ["buy", "click"]) == joint_names(tasks, ["like"]) == {}


def test_a_joint_label_is_1_where_every_outcome_happened() -> None:
    labels: dict[str, Any] = {
        "click": np.array([1, 1, 1, 0, 0]),
        "cart": np.array([1, 1, 0, 1, 0]),
        "buy": np.array([1, 0, 1, 1, 1]),
    }
    np.testing.assert_array_equal(joint_label(SCHEMA.tasks, labels, "buy"), [1, 0, 0, 0, 0])
    np.testing.assert_array_equal(joint_label(SCHEMA.tasks, labels, "cart"), [1, 1, 0, 0, 0])
    np.testing.assert_array_equal(joint_label(SCHEMA.tasks, labels, "click"), labels["click"])


def test_a_joint_label_is_known_where_all_are_or_one_is_0() -> None:
    nan = float("nan")
    labels = {
        "click": np.array([1, 1, 0, nan, nan], np.float32),
        "cart": np.array([1, nan, nan, 1, 0], np.float32),
        "buy": np.array([nan, 0, nan, 1, nan], np.float32),
    }
    np.testing.assert_array_equal(joint_label(SCHEMA.tasks, labels, "cart"), [1, nan, 0, nan, 0])
    np.testing.assert_array_equal(joint_label(SCHEMA.tasks, labels, "buy"), [nan, 0, 0, nan, 0])
