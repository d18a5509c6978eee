"""Each architecture creates what its settings say, the same weights as ever."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keras import ops

from tfelc.core.errors import ConfigError
from tfelc.ranker.architectures.aitm import AITM
from tfelc.ranker.architectures.mmoe import MMoE
from tfelc.ranker.architectures.multi_task_architecture import ARCHITECTURES, MultiTaskArchitecture
from tfelc.ranker.architectures.pepnet import PEPNet
from tfelc.ranker.architectures.ple import PLE
from tfelc.ranker.architectures.shared_bottom import SharedBottom

WIDTHS, GATE_WIDTH = (3, 4, 2, 1), 4
# Settings -> the weights that they were first built of for two tasks, by path and shape; mmoe, ple and shared_bottom in
# version 0.1.0.
WEIGHTS: list[tuple[dict[str, Any], dict[str, tuple[int, ...]]]] = [
    (
        {"name": "mmoe", "num_experts": 3, "units": [6, 4]},
        {
            "experts/first/kernel": (10, 18),
            "experts/first/bias": (18,),
            "experts/layer_1/kernel": (3, 6, 4),
            "experts/layer_1/bias": (3, 4),
            "gates_0/kernel": (4, 6),
            "gates_0/bias": (6,),
        },
    ),
    (
        {"name": "ple", "num_shared_experts": 2, "num_task_experts": 1, "units": [6, 4]},
        {
            "experts/first/kernel": (10, 24),
            "experts/first/bias": (24,),
            "experts/layer_1/kernel": (4, 6, 4),
            "experts/layer_1/bias": (4, 4),
            "gates_0/kernel": (4, 8),
            "gates_0/bias": (8,),
        },
    ),
    (
        {"name": "ple", "num_shared_experts": 2, "num_task_experts": 1, "num_levels": 2, "units": [5]},
        {
            "experts/first/kernel": (10, 20),
            "experts/first/bias": (20,),
            "gates_0/kernel": (4, 12),
            "gates_0/bias": (12,),
            "gates_1/kernel": (4, 8),
            "gates_1/bias": (8,),
            "experts_1/kernel": (4, 5, 5),
            "experts_1/bias": (4, 5),
        },
    ),
    (
        {"name": "shared_bottom", "units": [6, 4]},
        {
            "experts/first/kernel": (10, 6),
            "experts/first/bias": (6,),
            "experts/layer_1/kernel": (1, 6, 4),
            "experts/layer_1/bias": (1, 4),
        },
    ),
    (
        {"name": "aitm", "units": [6, 4]},
        {
            "experts/first/kernel": (10, 12),
            "experts/first/bias": (12,),
            "experts/layer_1/kernel": (2, 6, 4),
            "experts/layer_1/bias": (2, 4),
            "transfer_1/handed_on/kernel": (4, 4),
            "transfer_1/handed_on/bias": (4,),
            "transfer_1/projections/kernel": (4, 12),
            "transfer_1/projections/bias": (12,),
        },
    ),
    (
        {"name": "pepnet", "units": [6], "hidden": 5},
        {
            "experts/first/kernel": (10, 12),
            "experts/first/bias": (12,),
            "input_scale/first/kernel": (14, 5),
            "input_scale/first/bias": (5,),
            "input_scale/last/kernel": (5, 10),
            "input_scale/last/bias": (10,),
            "scale_0/first/kernel": (14, 5),
            "scale_0/first/bias": (5,),
            "scale_0/last/kernel": (5, 12),
            "scale_0/last/bias": (12,),
        },
    ),
]


@pytest.mark.parametrize(("settings", "weights"), WEIGHTS, ids=lambda value: str(value.get("name", "")))
def test_the_weights_are_those_of_the_version_before(
    settings: dict[str, Any], weights: dict[str, tuple[int, ...]]
) -> None:
    architecture = MultiTaskArchitecture.load(settings)
    layer = architecture.create_layer(2, "float32")
    layer.build([(None, width) for width in WIDTHS], (None, GATE_WIDTH))
    assert [(v.path.removeprefix("experts/"), tuple(v.shape)) for v in layer.variables] == list(weights.items())
    mixtures, gates = layer([ops.ones((5, width)) for width in WIDTHS], ops.ones((5, GATE_WIDTH)))
    assert tuple(mixtures.shape) == (5, 2, architecture.output_units)
    assert tuple(gates.shape)[:2] == (5, 2) and gates.dtype == "float32"
    np.testing.assert_allclose(np.sum(gates, axis=-1), 1, rtol=1e-6)
    assert layer.shared_variables and {id(v) for v in layer.shared_variables} <= {id(v) for v in layer.variables}


@pytest.mark.parametrize("name", ["aitm", "mmoe", "pepnet", "ple", "shared_bottom"])
def test_dropout_and_precision_arrive(name: str) -> None:
    layer = MultiTaskArchitecture.load({"name": name, "dropout": 0.3, "units": [4]}).create_layer(3, "mixed_bfloat16")
    assert layer.dropout == 0.3 and layer.compute_dtype == "bfloat16" and layer.num_tasks == 3
    assert layer.name == "experts"  # where checkpoints look for its weights


def test_the_registry_names_them() -> None:
    assert [ARCHITECTURES.get(name) for name in ARCHITECTURES.names()] == [AITM, MMoE, PEPNet, PLE, SharedBottom]
    assert type(MultiTaskArchitecture.load({})) is MMoE


@pytest.mark.parametrize(
    ("name", "foreign"), [("mmoe", "num_levels"), ("ple", "num_experts"), ("shared_bottom", "num_experts")]
)
def test_a_setting_of_another_one_is_refused(name: str, foreign: str) -> None:
    with pytest.raises(ConfigError, match=f"^settings: `{foreign}`: no such setting"):
        MultiTaskArchitecture.load({"name": name, foreign: 1})
