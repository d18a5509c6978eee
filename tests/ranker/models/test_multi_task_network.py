import itertools
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.layers.layer_check import check_layer
from tfelc.ranker.models.multi_task_network import MultiTaskNetwork
from tfelc.ranker.settings import RankerModelSettings

TASKS = ("ctr", "cvr")
_WIDTHS = {"user": 3, "activity": 4, "item": 2, "context": 1, "interaction": 2}


@pytest.fixture(autouse=True)
def _same_weights_each_time() -> None:
    keras.utils.set_random_seed(1)


def _config(**changes: Any) -> dict[str, Any]:
    small = {
        "architecture": _architecture("mmoe"),
        "towers": {"units": [16, 8]},
        "clusters": {"num_clusters": 3, "dim": 4},
    }
    return RankerModelSettings.model_validate(small | changes).to_dict()


def _architecture(name: str, **changes: Any) -> dict[str, Any]:
    """Two experts for all tasks, and for PLE one more for each task."""
    experts = {"mmoe": {"num_experts": 2}, "ple": {"num_shared_experts": 2, "num_task_experts": 1}}.get(name, {})
    return {"name": name, "units": [6, 4], **experts, **changes}


def _sides(rows: int, *one_row: str) -> dict[str, Any]:
    random = np.random.default_rng(0)
    values = {role: random.normal(size=(rows, width)).astype("float32") for role, width in _WIDTHS.items()}
    return {role: value[:1] if role in one_row else value for role, value in values.items()}


@pytest.mark.parametrize(
    ("changes", "weights"),
    [
        ({}, 2 + 1 + 4 + 2 + 4 + 2 + 2),
        (
            {
                "architecture": _architecture("shared_bottom"),
                "clusters": {"num_clusters": 0},
                "towers": {"units": []},
            },
            4 + 2,
        ),
    ],
)
def test_keeps_the_habits_of_a_layer(changes: dict[str, Any], weights: int) -> None:
    experts = 1 if changes else 2
    shapes: dict[str, Any] = {
        "logits": {task: (16,) for task in TASKS},
        "gates": {task: (16, experts) for task in TASKS},
    }
    if not changes:
        shapes["clusters"] = {"assignment": (16, 3), "cluster": (16,), "embedding": (16, 4)}
    check_layer(
        MultiTaskNetwork,
        {"tasks": TASKS, "config": RankerModelSettings.model_validate(_config(**changes))},
        _sides(16),
        shapes,
        expected_trainable_count=weights,
        expected_non_trainable_count=0 if changes else 3,
        expected_mixed_dtype="float32",
    )


def test_shared_bottom_by_hand() -> None:
    config = {
        "architecture": {"name": "shared_bottom", "units": [1]},
        "towers": {"units": [1]},
        "clusters": {"num_clusters": 0},
    }
    network = MultiTaskNetwork(TASKS, config)
    sides = {"activity": np.array([[1.0, 2], [-9, 0]], "float32"), "item": np.array([[3.0], [0]], "float32")}
    network(sides)
    network.experts.experts.first.kernel.assign([[1], [1], [1]])
    network.towers[0].kernel.assign([[[2]], [[-1]]])
    network.heads.kernel.assign([[[1]], [[1]]])
    network.heads.bias.assign(np.reshape([0.5, -0.5], network.heads.bias.shape))
    outputs = network(sides)
    # The bottom gives relu(1 + 2 + 3) and relu(-9); the towers 2 * 6 and relu(-6).
    assert list(outputs) == ["logits", "gates"]
    np.testing.assert_allclose(outputs["logits"]["ctr"], [12.5, 0.5])
    np.testing.assert_allclose(outputs["logits"]["cvr"], [-0.5, -0.5])


@pytest.mark.parametrize("architecture", ["mmoe", "ple"])
def test_the_gates_see_nothing_but_the_activities_and_their_clusters(architecture: str) -> None:
    sides = _sides(20)
    network = MultiTaskNetwork(TASKS, _config(architecture=_architecture(architecture)))
    before = network(sides)
    others = {role: value if role == "activity" else 3 * value for role, value in sides.items()}
    after = network(others)
    for task in TASKS:
        np.testing.assert_array_equal(before["gates"][task], after["gates"][task])
        assert np.any(np.abs(before["logits"][task] - after["logits"][task]) > 1e-3)
    np.testing.assert_array_equal(before["clusters"]["assignment"], after["clusters"]["assignment"])
    moved = network({**sides, "activity": 3 * sides["activity"] + 1})
    for task in TASKS:
        assert np.abs(before["gates"][task] - moved["gates"][task]).max(axis=1).min() > 1e-5


@pytest.mark.parametrize(
    ("gate_inputs", "width"),
    [(["assignment"], 4 + 3), (["center"], 4 + 4), (["assignment", "center"], 4 + 3 + 4), ([], 4)],
)
def test_what_the_clusters_give_to_the_gates(gate_inputs: list[str], width: int) -> None:
    clusters = {"num_clusters": 3, "dim": 4, "gate_inputs": gate_inputs, "temperature": 1.0}
    network = MultiTaskNetwork(TASKS, _config(clusters=clusters))
    sides = _sides(5)
    network(sides)
    gate = network.experts.gates[0]
    assert gate.kernel.shape == (width, 4)
    # Shuts the activities themselves out: what is left are the clusters.
    gate.kernel.assign(np.concatenate([np.zeros((4, 4)), np.random.default_rng(0).normal(size=(width - 4, 4))]))
    network.clusters.centers.assign(np.eye(3, 4))
    outputs = network(sides)
    gates = np.array(outputs["gates"]["ctr"])
    cluster = np.array(outputs["clusters"]["cluster"])
    assert len(set(cluster)) > 1
    if not gate_inputs:
        np.testing.assert_allclose(gates, np.full((5, 2), 0.5), rtol=1e-6)
    for one, other in itertools.combinations(range(5), 2):
        same = np.allclose(gates[one], gates[other], atol=1e-6)
        if gate_inputs == ["center"]:
            assert same == (cluster[one] == cluster[other])
        elif gate_inputs:
            assert not same


def test_each_cluster_has_a_linear_part_of_its_own() -> None:
    clusters = {"num_clusters": 2, "dim": 4, "gate_inputs": [], "temperature": 1.0, "linear_inputs": ["context"]}
    network = MultiTaskNetwork(TASKS, _config(clusters=clusters))
    sides = _sides(5)
    without = network(sides)
    # The columns are ctr of both clusters, then cvr of both: the context counts 1 and -1 for ctr, nothing for cvr.
    network.cluster_linear.kernel.assign([[1.0, -1, 0, 0]])
    network.cluster_linear.bias.assign([0.0, 0, 2, 2])
    outputs = network(sides)
    shares = np.array(outputs["clusters"]["assignment"])
    gained = {task: np.array(outputs["logits"][task]) - np.array(without["logits"][task]) for task in TASKS}
    np.testing.assert_allclose(gained["ctr"], sides["context"][:, 0] * (shares[:, 0] - shares[:, 1]), atol=1e-6)
    np.testing.assert_allclose(gained["cvr"], 2, atol=1e-6)
    for roles in ([], ["user"]):
        other = MultiTaskNetwork(TASKS, _config(clusters={"num_clusters": 2, "dim": 4, "linear_inputs": roles}))
        other({role: side for role, side in sides.items() if role != "user"})
        assert other.cluster_linear is None


def test_the_number_of_clusters_is_kept_in_a_saved_network() -> None:
    sides = _sides(5)
    network = MultiTaskNetwork(TASKS, _config())
    network(sides)
    network.clusters.active.assign([1.0, 0, 1])
    again = MultiTaskNetwork.from_config(network.get_config())
    again(sides)
    again.set_weights(network.get_weights())
    found = np.array(again(sides)["clusters"]["assignment"])
    np.testing.assert_array_equal(found[:, 1], 0)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)


def test_no_clusters_is_the_baseline() -> None:
    network = MultiTaskNetwork(TASKS, _config(clusters={"num_clusters": 0}))
    outputs = network(_sides(5), training=True)
    assert list(outputs) == ["logits", "gates"] and network.losses == []
    assert not any("cluster" in weight.path or "activity_encoder" in weight.path for weight in network.weights)


def test_the_clustering_loss_is_added_in_training_with_its_weight() -> None:
    sides = _sides(5)
    network = MultiTaskNetwork(TASKS, _config(clusters={"num_clusters": 3, "dim": 4, "alpha": 0.0}))
    network(sides)
    assert network.losses == []
    network(sides, training=True)
    assert [float(loss) for loss in network.losses] == [0.0]
    network.clusters.alpha = 2.0
    network(sides, training=True)
    assert float(network.losses[0]) == pytest.approx(2 * float(network.clusters.loss_tracker.result()), rel=1e-5)


def _randomized(network: MultiTaskNetwork) -> None:
    """Scales begin as 1, whatever they see."""
    random = np.random.default_rng(3)
    for variable in network.trainable_variables:
        if "scale" in variable.path:
            variable.assign(random.normal(size=variable.shape))


@pytest.mark.parametrize(
    ("architecture", "changes"),
    [
        ("pepnet", {"crosses": {"layers": 2, "rank": 3}}),
        ("aitm", {"scaling": {"experts": True, "towers": True, "clusters": True, "hidden": 3}}),
        ("ple", {"crosses": {"layers": 1}, "scaling": {"experts": True, "inputs": ["user"]}}),
    ],
)
def test_crosses_and_scales_of_one_user_for_all_items(architecture: str, changes: dict[str, Any]) -> None:
    network = MultiTaskNetwork(TASKS, _config(architecture=_architecture(architecture), **changes))
    request = _sides(6, "user", "activity", "context")
    repeated = {role: np.repeat(value, 6 // len(value), axis=0) for role, value in request.items()}
    network(repeated)
    _randomized(network)
    expected, outputs = network(repeated), network(request, broadcast=True)
    for task in TASKS:
        np.testing.assert_allclose(outputs["logits"][task], expected["logits"][task], rtol=1e-4, atol=1e-5)
        assert np.std(expected["logits"][task]) > 1e-3


def test_scales_begin_without_a_say_and_follow_from_what_they_are_told_to_see() -> None:
    plain = MultiTaskNetwork(TASKS, _config())
    scaled = MultiTaskNetwork(TASKS, _config(scaling={"experts": True, "towers": True}))
    sides = _sides(8)
    plain(sides)
    scaled(sides)
    mine = {variable.path.split("/", 1)[1]: variable for variable in plain.variables}
    for variable in scaled.variables:
        if (path := variable.path.split("/", 1)[1]) in mine:
            variable.assign(mine[path])
    before = scaled(sides)["logits"]["ctr"]
    np.testing.assert_allclose(before, plain(sides)["logits"]["ctr"], rtol=1e-6)
    # All the factors of the first task's tower go to 0: its logit is that of the linear part and the bias alone.
    scale = scaled.tower_scales[0]
    scale.last.bias.assign(np.repeat([-200.0, 0.0], scale.units))
    scaled.cluster_linear.trainable_variables[0].assign(np.zeros(scaled.cluster_linear.kernel.shape))
    tower = scaled(sides)["logits"]
    assert np.std(tower["ctr"]) < 0.2 * np.std(before) and np.std(tower["cvr"]) > 0


@pytest.mark.parametrize("num_clusters", [0, 3])
@pytest.mark.parametrize("architecture", ["mmoe", "ple", "shared_bottom"])
def test_one_user_for_all_items_is_that_user_repeated(architecture: str, num_clusters: int) -> None:
    config = _config(
        architecture=_architecture(architecture, **({"num_levels": 2} if architecture == "ple" else {})),
        clusters={"num_clusters": num_clusters, "dim": 4, "gate_inputs": ["assignment", "center"]},
        gates={"inputs": ["activity", "context"]},
    )
    network = MultiTaskNetwork(TASKS, config)
    request = _sides(6, "user", "activity", "context")
    repeated = {role: np.repeat(value, 6 // len(value), axis=0) for role, value in request.items()}
    expected = network(repeated)
    outputs = network(request, broadcast=True)
    for task in TASKS:
        assert outputs["logits"][task].shape == (6,)
        np.testing.assert_allclose(outputs["logits"][task], expected["logits"][task], rtol=1e-5, atol=1e-6)
        # The user's gates come once.
        assert outputs["gates"][task].shape[0] == 1
        np.testing.assert_allclose(outputs["gates"][task][0], expected["gates"][task][3], rtol=1e-5, atol=1e-6)
    if num_clusters:
        assert outputs["clusters"]["cluster"].shape == (1,)
        np.testing.assert_allclose(
            outputs["clusters"]["assignment"][0], expected["clusters"]["assignment"][4], rtol=1e-5, atol=1e-6
        )


def test_gates_that_see_the_items_differ_by_item_under_one_user() -> None:
    config = _config(
        gates={"inputs": ["activity", "item"]}, clusters={"num_clusters": 3, "dim": 4, "inputs": ["item", "user"]}
    )
    network = MultiTaskNetwork(TASKS, config)
    request = _sides(6, "user", "activity", "context")
    expected = network({role: np.repeat(value, 6 // len(value), axis=0) for role, value in request.items()})
    outputs = network(request, broadcast=True)
    for key in ("logits", "gates"):
        for task in TASKS:
            np.testing.assert_allclose(outputs[key][task], expected[key][task], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(outputs["clusters"]["cluster"], expected["clusters"]["cluster"])


def test_a_role_that_is_asked_for_and_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match="no feature of role activity"):
        MultiTaskNetwork(TASKS, _config())({"item": tf.ones((2, 3))})
    # One of several is enough.
    config = _config(gates={"inputs": ["activity", "item"]}, clusters={"num_clusters": 0})
    MultiTaskNetwork(TASKS, config)({"item": tf.ones((2, 3))})


def test_the_linear_part_adds_a_weight_of_every_input_to_each_logit() -> None:
    network = MultiTaskNetwork(TASKS, _config(linear=True))
    sides = _sides(5, "user", "activity")
    repeated = {role: np.repeat(side, 5, axis=0) if len(side) == 1 else side for role, side in sides.items()}
    before = network(repeated)["logits"]
    assert np.all(network.linear.kernel.numpy() == 0)
    weights = np.random.default_rng(1).normal(size=network.linear.kernel.shape)
    network.linear.kernel.assign(weights)
    added = np.concatenate(list(repeated.values()), axis=1) @ weights
    for rows, broadcast in ((repeated, False), (sides, True)):
        found = network(rows, broadcast=broadcast)["logits"]
        for place, task in enumerate(TASKS):
            np.testing.assert_allclose(found[task], before[task] + added[:, place], rtol=1e-4, atol=1e-5)
