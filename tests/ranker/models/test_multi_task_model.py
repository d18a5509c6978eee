from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import tree

from tests.support.every_kind import every_kind_rows, every_kind_schema
from tfelc.core.errors import UsageError
from tfelc.features.fit import fit_features
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.ranker.settings import RankerSettings

ROWS = every_kind_rows(120, 0)
FITTED = fit_features(every_kind_schema(), [ROWS])


def _model(*settings: str, heads: tuple[str, ...] = ("click", "buy")) -> RankingModel:
    keras.utils.set_random_seed(3)
    small = [
        "model.architecture.units=[16, 8]",
        "model.towers.units=[8]",
        "model.clusters.num_clusters=4",
        "model.clusters.dim=6",
    ]
    model = RankingModel.build(every_kind_schema(), FITTED, heads, RankerSettings.load(None, [*small, *settings]))
    for table in model.ranker.table_variables:
        table.assign(25 * table)
    return model


def _inputs(model: RankingModel, rows: int = 12) -> dict[str, Any]:
    return {key: tf.constant(value) for key, value in model.lookup.encode(ROWS.slice(0, rows)).items()}


def _request(model: RankingModel) -> tuple[dict[str, Any], dict[str, Any]]:
    """One user and its items, and the same with the user repeated."""
    inputs = _inputs(model)
    request = {key: value if key.startswith("item") else value[:1] for key, value in inputs.items()}
    return request, {key: tf.repeat(value, 12 // len(value), axis=0) for key, value in request.items()}


def _close(one: Any, other: Any) -> None:
    tree.map_structure(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), one, other)


def test_scores_every_row_for_every_head() -> None:
    model = _model()
    outputs = model.ranker(_inputs(model))
    shapes = tree.map_structure(lambda tensor: (tuple(tensor.shape), tensor.dtype.name), outputs)
    assert shapes == {
        "logits": dict.fromkeys(("click", "buy"), ((12,), "float32")),
        "gates": dict.fromkeys(("click", "buy"), ((12, 4), "float32")),
        "clusters": {
            "assignment": ((12, 4), "float32"),
            "cluster": ((12,), "int32"),
            "embedding": ((12, 6), "float32"),
        },
    }
    for logits in outputs["logits"].values():
        assert np.std(logits) > 0.01


@pytest.mark.parametrize(
    "settings",
    [
        ["model.architecture=mmoe", "model.clusters.gate_inputs=[assignment, center]"],
        ["model.architecture=ple", "model.architecture.num_levels=2", "model.clusters.gate_inputs=[center]"],
        ["model.architecture=ple", "model.clusters.num_clusters=0", "model.gates.inputs=[activity, user, context]"],
        ["model.architecture=shared_bottom", "model.interactions=false"],
    ],
    ids=lambda settings: settings[0],
)
def test_one_user_for_all_items_is_that_user_repeated(settings: list[str]) -> None:
    model = _model(*settings)
    request, repeated = _request(model)
    outputs = model.ranker(request, broadcast=True)
    _close(outputs["logits"], model.ranker(repeated)["logits"])
    assert len(np.unique(np.round(outputs["logits"]["buy"], 4))) > 3


@pytest.mark.parametrize("architecture", ["mmoe", "ple"])
def test_a_saved_ranker_loads_in_safe_mode_and_answers_alike(architecture: str, tmp_path: Path) -> None:
    model = _model(f"model.architecture={architecture}")
    path = tmp_path / "ranker.keras"
    model.ranker.save(path)
    again = keras.saving.load_model(path, safe_mode=True)
    assert again.get_config() == model.ranker.get_config()
    inputs = _inputs(model)
    tree.map_structure(np.testing.assert_array_equal, again(inputs), model.ranker(inputs))
    # The order of the sides is part of the weights' meaning.
    request, _ = _request(model)
    _close(again(request, broadcast=True), model.ranker(request, broadcast=True))
    assert [v.path for v in again.table_variables] == [v.path for v in model.ranker.table_variables]


def test_mixed_precision_computes_in_half_the_width_and_answers_in_float32() -> None:
    full, mixed = _model(), _model("training.precision=mixed_bfloat16")
    for one, other in zip(full.ranker.variables, mixed.ranker.variables, strict=True):
        assert other.dtype == one.dtype
        other.assign(one)
    inputs = _inputs(full)
    assert mixed.ranker.encoder(inputs)["user"].dtype == tf.bfloat16
    outputs = mixed.ranker(inputs)
    for logits in outputs["logits"].values():
        assert logits.dtype == tf.float32
    for task, expected in full.ranker(inputs)["logits"].items():
        np.testing.assert_allclose(outputs["logits"][task], expected, atol=0.05 * np.std(expected) + 0.05)
        assert np.any(outputs["logits"][task] != expected)


def test_the_tables_are_the_sparse_variables_and_no_others() -> None:
    model = _model()
    inputs = _inputs(model)
    with tf.GradientTape() as tape:
        logits = model.ranker(inputs, training=True)["logits"]
        total = tf.add_n([tf.reduce_sum(value**2) for value in logits.values()]) + sum(model.ranker.losses)
    tables = {id(table) for table in model.ranker.table_variables}
    assert len(tables) == 2
    variables = model.ranker.trainable_variables
    for variable, gradient in zip(variables, tape.gradient(total, [v.value for v in variables]), strict=True):
        assert gradient is not None, variable.path
        assert isinstance(gradient, tf.IndexedSlices) == (id(variable) in tables), variable.path
        assert np.all(np.isfinite(tf.convert_to_tensor(gradient))), variable.path


def test_heads_and_those_they_are_given() -> None:
    model = _model(heads=("buy",))
    assert model.ranker.tasks == ("buy",) and list(model.tasks) == ["buy", "click"]
    assert list(model.ranker(_inputs(model, 2))["logits"]) == ["buy"]
    with pytest.raises(UsageError, match="no task `sell`"):
        _model(heads=("sell",))


def test_settings_that_read_what_the_schema_lacks_are_refused() -> None:
    content = every_kind_schema().model_dump(mode="json")
    for column in content["columns"].values():
        column["role"] = "user" if column["role"] == "activity" else column["role"]
    schema = type(every_kind_schema()).model_validate(content)
    for setting, reader in (("model.gates.inputs=[user]", "clusters"), ("model.clusters.inputs=[user]", "gates")):
        with pytest.raises(UsageError, match=f"no feature of role activity, which the {reader} read"):
            RankingModel.build(schema, FITTED, ("click",), RankerSettings.load(None, [setting]))
