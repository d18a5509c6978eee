import numpy as np
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from tests.support.every_kind import every_kind_schema, write_every_kind_dataset
from tfelc.core.errors import DataError
from tfelc.data.row_groups import RowGroupReader
from tfelc.features.fit import fit_features
from tfelc.ranker.data.batches import Batches
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.ranker.settings import RankerSettings

# A number without a fraction that is the row's own, so that a batch says which rows it holds.
ROWS = 600


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    schema = every_kind_schema(impression={"kind": "number", "role": "context", "transform": "none"})
    return write_every_kind_dataset(tmp_path_factory.mktemp("batches") / "data", schema)


@pytest.fixture(scope="module")
def lookup(dataset):
    schema = dataset.schema
    fitted = fit_features(schema, RowGroupReader(dataset.files("train"), list(schema.features), 0).tables(0))
    return RankingModel.build(schema, fitted, ["click"], RankerSettings()).lookup


def batches(dataset, lookup, seed=1, **named):
    return Batches(dataset, "train", lookup, ["click", "buy"], batch_size=64, seed=seed, window=2, **named)


def sides(lookup):
    return lookup.layout.sides["context"].numbers.index("impression")


def rows_of(lookup, epoch):
    """The number of each row, in the order of an epoch's batches, a list a batch."""
    place = sides(lookup)
    return [features["context_numbers"][:, place].astype(int).tolist() for features, *_ in epoch.as_numpy_iterator()]


def test_an_epoch_holds_each_row_once_in_batches_of_one_size(dataset, lookup):
    found = batches(dataset, lookup)
    assert (found.rows, found.steps) == (ROWS, 10)
    rows = rows_of(lookup, found.epoch(0))
    assert [len(batch) for batch in rows] == [64] * 9 + [24]
    assert sorted(sum(rows, [])) == list(range(ROWS))


def test_the_order_depends_on_the_seed_and_the_epoch_alone(dataset, lookup):
    first = batches(dataset, lookup)
    order = rows_of(lookup, first.epoch(0))
    assert order == rows_of(lookup, batches(dataset, lookup).epoch(0))
    assert order == rows_of(lookup, first.epoch(0))
    others = [rows_of(lookup, first.epoch(1)), rows_of(lookup, batches(dataset, lookup, seed=2).epoch(0))]
    assert order not in others and others[0] != others[1]
    tf.config.experimental.enable_op_determinism()
    assert rows_of(lookup, first.epoch(0)) == order


def test_any_step_can_be_gone_on_from(dataset, lookup):
    found = batches(dataset, lookup)
    order = rows_of(lookup, found.epoch(3))
    for step in (1, 4, 9, 10):
        assert rows_of(lookup, found.epoch(3, step)) == order[step:]


def test_without_shuffling_the_rows_come_as_they_lie(dataset, lookup):
    assert sum(rows_of(lookup, batches(dataset, lookup).epoch(5, 2, shuffle=False)), []) == list(range(128, ROWS))


def test_labels_and_weights_stay_with_their_rows(tmp_path, dataset, lookup):
    raw = pq.read_table(dataset.files("train")[0])
    wanted = {name: raw[column].to_numpy() for name, column in (("click", "clicked"), ("buy", "bought"))}
    for features, labels, weights in batches(dataset, lookup).epoch(0).as_numpy_iterator():
        rows = features["context_numbers"][:, sides(lookup)].astype(int)
        for name in ("click", "buy"):
            np.testing.assert_array_equal(labels[name], wanted[name][rows])
        np.testing.assert_array_equal(weights, raw["importance"].to_numpy()[rows])


def test_a_part_that_goes_bad_is_named_and_not_tensorflows_account_of_it(tmp_path):
    dataset = write_every_kind_dataset(tmp_path / "data")
    schema = dataset.schema
    fitted = fit_features(schema, RowGroupReader(dataset.files("train"), list(schema.features), 0).tables(0))
    found = batches(dataset, RankingModel.build(schema, fitted, ["click"], RankerSettings()).lookup)
    part = dataset.files("train")[0]
    content = bytearray(part.read_bytes())
    content[len(content) // 3] ^= 1
    part.write_bytes(content)
    with pytest.raises(DataError, match=f"{part}: not a whole Parquet file") as failure, found.own_errors():
        list(found.epoch(0))
    assert "\n" not in str(failure.value)


def test_an_error_of_tensorflows_own_passes(dataset, lookup):
    found = batches(dataset, lookup)
    with pytest.raises(tf.errors.InvalidArgumentError), found.own_errors():
        tf.reshape(tf.zeros(3), [2])


def test_several_passes_make_an_epoch_and_are_taken_up_at_any_step(dataset, lookup):
    twice = batches(dataset, lookup, passes=2)
    assert (twice.rows, twice.steps) == (2 * ROWS, 19)
    rows = rows_of(lookup, twice.epoch(1))
    flat = sum(rows, [])
    # The third and the fourth pass, as single ones would be; batches go on over their border.
    single = batches(dataset, lookup)
    assert flat == sum(rows_of(lookup, single.epoch(2)) + rows_of(lookup, single.epoch(3)), [])
    assert [len(batch) for batch in rows] == [64] * 18 + [48]
    for step in (3, 9, 10, 18):
        assert rows_of(lookup, twice.epoch(1, step)) == rows[step:]
