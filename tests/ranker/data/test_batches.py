import itertools

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from tests.support.every_kind import every_kind_schema, write_every_kind_dataset
from tfelc.core.errors import DataError, UsageError
from tfelc.data.row_groups import RowGroupReader
from tfelc.features.fit import fit_features
from tfelc.ranker.data.batches import Batches
from tfelc.ranker.data.ranked_together import RANKED_TOGETHER, RankedTogether
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.ranker.settings import RankerSettings

# A number without a fraction that is the row's own, so that a batch says which rows it holds.
ROWS = 600
SPLITS = {}, {"parts": 2, "part": 0}, {"parts": 2, "part": 1}


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


@pytest.mark.parametrize(("parts", "passes", "left_out"), [(2, 3, 0), (16, 1, 8)])
def test_parts_of_batches_are_equal(dataset, lookup, parts, passes, left_out):
    whole = rows_of(lookup, batches(dataset, lookup, passes=passes).epoch(2))
    for part in (0, parts - 1):
        found = batches(dataset, lookup, passes=passes, parts=parts, part=part)
        assert (found.rows, found.steps) == (ROWS * passes - left_out, len(whole))
        sizes = [len(batch) // parts for batch in whole]
        rows = [batch[part * size : (part + 1) * size] for batch, size in zip(whole, sizes, strict=True)]
        assert rows_of(lookup, found.epoch(2)) == rows
        assert rows_of(lookup, found.epoch(2, 3)) == rows[3:]


def test_users_that_are_ranked_together_stay_in_one_part_but_at_its_edge(dataset, lookup):
    together = RankedTogether(dataset.schema)
    whole, first, second = (
        [labels[RANKED_TOGETHER] for _, labels, *_ in found.epoch(0).as_numpy_iterator()]
        for found in (batches(dataset, lookup, together=together, **split) for split in SPLITS)
    )
    for batch, *parts in zip(whole, first, second, strict=True):
        np.testing.assert_array_equal(np.concatenate(parts), batch)


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


def test_rows_that_are_ranked_together_follow_each_other(dataset, lookup):
    users = pq.read_table(dataset.files("train")[0])["user_id"].to_pylist()
    plain, together = batches(dataset, lookup), batches(dataset, lookup, together=RankedTogether(dataset.schema))
    ungrouped, grouped = (sum(rows_of(lookup, each.epoch(0)), []) for each in (plain, together))
    # Windows hold the rows that they hold anyway.
    sizes = [len(table) for table in plain._reader.tables(0)]
    assert sum(sizes) == ROWS and len(sizes) == 3
    for begin, end in itertools.pairwise([0, *np.cumsum(sizes)]):
        shuffled, of_window = ungrouped[begin:end], grouped[begin:end]
        # Each user once, in the order of his first row; his rows, and those of nobody, as the shuffle left them.
        keys = [(users[row], row if users[row] is None else None) for row in shuffled]
        first = list(dict.fromkeys(keys))
        assert of_window == [row for key in first for row, own in zip(shuffled, keys, strict=True) if own == key]
        assert of_window != shuffled and len(first) > 40


def test_batches_say_what_is_ranked_together(dataset, lookup):
    users = pq.read_table(dataset.files("train")[0])["user_id"].to_pylist()
    numbers = {}
    for features, labels, _ in batches(dataset, lookup, together=RankedTogether(dataset.schema)).epoch(1):
        rows = features["context_numbers"].numpy()[:, sides(lookup)].astype(int)
        assert sorted(labels) == ["buy", "click", RANKED_TOGETHER]
        for row, number in zip(rows, labels[RANKED_TOGETHER].numpy(), strict=True):
            assert numbers.setdefault(users[row], number) == number
    assert numbers.pop(None) == -1
    assert len(set(numbers.values())) == len(numbers) and min(numbers.values()) >= 0


def test_any_step_of_grouped_batches_can_be_gone_on_from(dataset, lookup, monkeypatch):
    # Windows in several tables, whose borders lie elsewhere when an epoch is gone on with.
    monkeypatch.setattr("tfelc.data.row_groups._ROWS_PER_TABLE", 100)

    def content(epoch):
        return [tf.nest.flatten(batch) for batch in epoch.as_numpy_iterator()]

    found = batches(dataset, lookup, together=RankedTogether(dataset.schema), passes=2)
    whole = content(found.epoch(1))
    again = batches(dataset, lookup, together=RankedTogether(dataset.schema), passes=2)
    for step in (1, 9, 18):
        for one, other in zip(content(again.epoch(1, step)), whole[step:], strict=True):
            for part, wanted in zip(one, other, strict=True):
                np.testing.assert_array_equal(part, wanted)


def test_what_is_ranked_together_is_a_column_or_what_the_schema_says(dataset):
    table = pq.read_table(dataset.files("train")[0])
    days = RankedTogether(dataset.schema, "user_and_day")
    assert days.columns == ["user_id", "at"]
    # The second half of the rows on the next day.
    times = np.where(np.arange(ROWS) < ROWS // 2, 1_700_000_000, 1_700_086_400)
    dated = table.set_column(table.column_names.index("at"), "at", pa.array(times))
    found, users = days.of(dated), RankedTogether(dataset.schema).of(table)
    wanted = [None if user < 0 else (user, time) for user, time in zip(users, times, strict=True)]
    np.testing.assert_array_equal(found < 0, users < 0)
    assert len(set(zip(wanted, found, strict=True))) == len(set(wanted)) == len(set(found)) > 100
    newcomers = RankedTogether(dataset.schema, "newcomer").of(table)
    np.testing.assert_array_equal(newcomers < 0, table["newcomer"].is_null())
    assert len(set(newcomers)) == 2
    with pytest.raises(UsageError, match="`training.ranking.group: user` is not a column"):
        RankedTogether(dataset.schema, "user")
    with pytest.raises(UsageError, match="`training.ranking.group: price` is not a column of kind id, category, group"):
        RankedTogether(dataset.schema, "price")
    with pytest.raises(UsageError, match="neither `request_key` nor `user_key`.*set training.ranking.group to a col"):
        RankedTogether(dataset.schema.model_copy(update={"user_key": None}))
