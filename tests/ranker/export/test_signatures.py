"""What the exported graph takes and gives, against the schema."""

import numpy as np
import tensorflow as tf
import yaml

from tests.support.every_kind import SCHEMA, every_kind_schema
from tfelc.features.lookup import MISSING_INTEGER
from tfelc.lifecycle.export.signatures import SERVING_DEFAULT, describe
from tfelc.ranker.export.serving_module import ServingModule
from tfelc.ranker.export.signatures import EXAMPLES, RANK, input_specs, missing_value, output_dtypes
from tfelc.schema.column import Column
from tfelc.schema.schema import Schema


def shapes_and_types(tensors):
    return {name: (tensor.shape, tensor.dtype_name) for name, tensor in tensors.items()}


def test_inputs_are_named_and_typed_as_the_schemas_features(served):
    wanted = {
        "user_id": ((None,), "int64"),
        "city": ((None,), "string"),
        "history": ((None, None), "string"),
        "visits": ((None,), "float32"),
        "days_away": ((None,), "int64"),
        "level": ((None,), "int64"),
        "product_id": ((None,), "string"),
        "tags": ((None, None), "int64"),
        "price": ((None,), "float32"),
        "hour": ((None,), "float32"),
        "day": ((None,), "int64"),
    }
    assert set(served.signatures) == {SERVING_DEFAULT, RANK, EXAMPLES}
    assert shapes_and_types(served.signatures[SERVING_DEFAULT].inputs) == wanted
    items = ("product_id", "tags", "price")
    once = {name: ((1, *shape[1:]) if name not in items else shape, dtype) for name, (shape, dtype) in wanted.items()}
    assert shapes_and_types(served.signatures[RANK].inputs) == once
    assert shapes_and_types(served.signatures[EXAMPLES].inputs) == {EXAMPLES: ((None,), "string")}


def test_outputs_are_the_tasks_their_product_and_the_cluster(served, trained):
    wanted = {"click": "float32", "buy": "float32", "click_and_buy": "float32", "cluster": "int64"}
    wanted["cluster_share"] = "float32"
    assert output_dtypes(trained) == wanted
    for signature in served.signatures.values():
        assert {name: tensor.dtype_name for name, tensor in signature.outputs.items()} == wanted


def test_a_column_more_in_the_yaml_is_an_input_more():
    content = yaml.safe_load(SCHEMA)
    content["columns"]["anchor"] = {"kind": "list", "role": "context"}
    specs = input_specs(Schema.parse(content, "more"))
    assert describe(specs[SERVING_DEFAULT])["anchor"] == {"dtype": "string", "shape": [None, None]}
    assert describe(specs[RANK])["anchor"] == {"dtype": "string", "shape": [1, None]}


def test_without_items_there_is_nothing_to_rank():
    content = yaml.safe_load(SCHEMA)
    content["columns"] = {name: c for name, c in content["columns"].items() if c.get("role") != "item"}
    del content["tables"]["tag"]
    assert set(input_specs(Schema.parse(content, "no items"))) == {SERVING_DEFAULT, EXAMPLES}


def test_missing_values():
    columns = every_kind_schema().columns
    assert np.isnan(missing_value(columns["price"]))
    assert missing_value(columns["days_away"]) == MISSING_INTEGER
    assert missing_value(columns["city"]) == "nowhere"
    assert missing_value(columns["history"]) == ""
    assert missing_value(columns["tags"]) == -1
    assert missing_value(Column(kind="list", role="item", default="-")) == "-"


def test_the_users_part_of_a_ranking_is_computed_once(trained, tmp_path):
    (tmp_path / "asset").write_text("")
    graph = ServingModule(trained, tmp_path / "asset").signatures()[RANK].graph
    products = [node for node in graph.get_operations() if node.type == "MatMul"]
    experts = trained.ranker.network.experts.experts.first.kernel.shape[1]
    rows = {
        node.inputs[0].shape[1]: node.outputs[0].shape[0] for node in products if node.outputs[0].shape[1] == experts
    }
    widths = {role: tensor.shape[1] for role, tensor in trained.ranker.encoder(encoded_row(trained)).items()}
    assert len(set(widths.values())) == 5, "sides of the same width cannot be told apart"
    assert {role: rows[width] for role, width in widths.items()} == {
        "user": 1,
        "activity": 1,
        "context": 1,
        "item": None,
        "interaction": None,
    }


def encoded_row(model):
    return {key: tf.zeros([1, *spec.shape[1:]], spec.dtype) for key, spec in model.lookup.specs().items()}
