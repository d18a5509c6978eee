"""Sequences looked up and pooled: places that stay together, and what differs by candidate."""

from typing import Any

import keras
import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

from tests.support.watched_log import watched_rows, watched_schema
from tfelc.core.errors import DataError
from tfelc.data.contract import conform
from tfelc.features.fit import fit_features
from tfelc.ranker.export.requests import request_inputs
from tfelc.ranker.export.signatures import RANK
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.ranker.settings import RankerSettings

SETTINGS = ("model.embedding_dim=4", "model.architecture.units=[8]", "model.clusters.num_clusters=2",
            "model.number_bins=0", "model.linear=false", "model.min_count=1", "model.sequences.dim=6")  # fmt: skip


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    return conform(watched_rows(60, 3), watched_schema(), "rows")


@pytest.fixture(scope="module")
def model(rows: pa.Table) -> RankingModel:
    schema = watched_schema()
    keras.utils.set_random_seed(4)
    return RankingModel.build(schema, fit_features(schema, [rows]), ["ctr"], RankerSettings.load(None, SETTINGS))


def test_lists_of_numbers_are_fitted_over_all_their_values(model: RankingModel, rows: pa.Table) -> None:
    values = np.log1p(rows["dwell"].combine_chunks().flatten().drop_null().to_numpy().astype(np.float64))
    fitted = model.ranker.encoder.numbers["dwell"]
    np.testing.assert_allclose([fitted.mean, fitted.variance], [values.mean(), values.var()], rtol=1e-5)


def test_places_stay_together_in_both_ways_in(model: RankingModel, rows: pa.Table) -> None:
    encoded = model.lookup.encode(rows)
    assert encoded["user_sequence_watched"].shape == (60, 4, 2)
    inputs = {name: tf.constant(each) for name, each in request_inputs(model.schema, "serving_default", rows).items()}
    outputs, expected = (model.ranker(one)["logits"]["ctr"] for one in (model.lookup(inputs), encoded))
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)


def test_the_last_places_are_kept_holes_and_all(model: RankingModel, rows: pa.Table) -> None:
    long = rows.slice(0, 1).set_column(
        rows.column_names.index("dwell"), "dwell", [pa.array([[1.0, 2, None, 4, 5]], pa.list_(pa.float32()))]
    )
    for name, values in (("product_seen", ["p1", "p2", "p3", "", "p5"]), ("shop_seen", [1, 2, 0, -1, 2])):
        kind = rows.schema.field(name).type
        long = long.set_column(long.column_names.index(name), name, [pa.array([values], kind)])
    long = long.set_column(long.column_names.index("gap"), "gap", [pa.array([[9.0] * 5], pa.list_(pa.float32()))])
    found = model.lookup.encode(long)
    np.testing.assert_array_equal(found["user_sequence_watched"][0, :, 0], [2, np.nan, 4, 5])
    ids = found["user_sequence_watched_product_seen"][0]
    missing = model.lookup.layout.offsets["product"][1]
    assert ids[2] == missing and missing not in ids[[0, 1, 3]]


def test_one_user_for_all_items_is_that_user_repeated(model: RankingModel, rows: pa.Table) -> None:
    inputs = request_inputs(model.schema, RANK, rows)
    assert {len(each) for name, each in inputs.items() if name not in ("product", "shop", "picture")} == {1}
    encoded = model.lookup({name: tf.constant(each) for name, each in inputs.items()})
    repeated = {
        name: each if name.startswith("item") else tf.repeat(each, len(rows), axis=0) for name, each in encoded.items()
    }
    found, expected = model.ranker(encoded, broadcast=True), model.ranker(repeated)
    np.testing.assert_allclose(found["logits"]["ctr"], expected["logits"]["ctr"], rtol=1e-4, atol=1e-5)
    assert found["gates"]["ctr"].shape[0] == 1  # The user's part comes once.
    assert np.std(expected["logits"]["ctr"]) > 1e-4
    sides = model.ranker.encoder(encoded)
    assert {name: len(side) for name, side in sides.items()} == {
        "user": 1, "activity": 1, "item": 60, "history": 60, "interaction": 60
    }  # fmt: skip
    assert {name: side.shape[1] for name, side in sides.items()} == model.ranker.encoder.output_widths


def test_a_mean_of_one_list_is_that_of_the_list_alone(rows: pa.Table) -> None:
    def pooled(sequences: dict[str, Any], name: str) -> Any:
        schema = watched_schema(
            sequences={"watched": {"columns": ["product_seen", "shop_seen", "dwell", "gap"], "pooling": "mean"},
                       "bought": {"columns": ["paid"], "pooling": "mean"}, **sequences}
        )  # fmt: skip
        model = RankingModel.build(schema, fit_features(schema, [rows]), ["ctr"], RankerSettings.load(None, SETTINGS))
        for table in model.ranker.table_variables:
            table.assign(np.arange(np.prod(table.shape)).reshape(table.shape) / 10)
        side = model.ranker.encoder(model.lookup.encode(rows))["user"].numpy()
        places = [slot.startswith(f"{name}/") for slot in model.ranker.encoder.output_slots["user"]]
        return side[:, places]

    alone = pooled({}, "product_liked")
    assert alone.shape == (60, 4)
    np.testing.assert_array_equal(
        alone, pooled({"liked": {"columns": ["product_liked"], "pooling": "mean"}}, "product_liked")
    )


def test_lists_of_unlike_lengths_are_refused_by_name(model: RankingModel, rows: pa.Table) -> None:
    raw = watched_rows(20, 1)
    dwell = raw["dwell"].to_pylist()
    dwell[7] = [*dwell[7], 1.0]
    bad = raw.set_column(raw.column_names.index("dwell"), "dwell", [dwell])
    with pytest.raises(
        DataError, match="column `dwell`, row 7: must be as long as `product_seen`, with which it forms"
    ):
        conform(bad, watched_schema(), "rows")
    longer = [[*values, 1.0] for values in rows["gap"].to_pylist()]
    kind = rows.schema.field("gap").type
    with pytest.raises(DataError, match="column `gap`: has . values where `product_seen` has"):
        model.lookup.encode(rows.set_column(rows.column_names.index("gap"), "gap", [pa.array(longer, kind)]))
    inputs = {name: tf.constant(each) for name, each in request_inputs(model.schema, "serving_default", rows).items()}
    inputs["gap"] = tf.pad(inputs["gap"], [[0, 0], [0, 1]])
    with pytest.raises(tf.errors.InvalidArgumentError, match="`gap` must be as long as `product_seen`"):
        model.lookup(inputs)
