"""Requests read back as the rows that they were made of."""

import numpy as np
import pyarrow as pa
import pytest

from tests.support.every_kind import every_kind_rows, every_kind_schema
from tests.support.served_log import record, records_of, write_log
from tfelc.core.errors import DataError
from tfelc.data.contract import conform
from tfelc.lifecycle.export.served_requests import log_files_of
from tfelc.ranker.data.requests.served_rows import ServedRows, Window
from tfelc.ranker.export.requests import ranked_rows, request_inputs

SCHEMA = every_kind_schema()
FEATURES = SCHEMA.only(SCHEMA.features)
ROWS = every_kind_rows(60, 3)


def read(path, **how):
    return ServedRows.read(SCHEMA, log_files_of([str(path)]), **how)


def prepared(table):
    """As `prepare` writes it."""
    return conform(table, FEATURES, "test")


@pytest.mark.parametrize("signature", ["serving_default", "examples"])
@pytest.mark.parametrize("size", [1, 7, 60])
def test_a_row_of_a_request_is_the_row_that_was_sent(tmp_path, signature, size):
    write_log(tmp_path / "a.tfrecord", records_of(SCHEMA, ROWS, signature, size))
    found = read(tmp_path)
    assert prepared(found.features) == prepared(ROWS.select(list(SCHEMA.features)))
    assert found.request.tolist() == [row // size for row in range(60)] and found.request_ids[0] == "r0"


def test_an_item_of_a_ranking_is_a_row_with_the_user_of_the_request(tmp_path):
    write_log(tmp_path / "a.tfrecord", records_of(SCHEMA, ROWS, "rank", 20))
    wanted = pa.concat_tables(ranked_rows(SCHEMA, ROWS.slice(start, 20)) for start in (0, 20, 40))
    assert prepared(read(tmp_path).features) == prepared(wanted)


def test_what_is_missing_comes_back_as_null(tmp_path):
    inputs = request_inputs(SCHEMA, "serving_default", ROWS.slice(0, 1))
    missing = {"visits": [np.inf], "days_away": [-(2**63)], "level": [0], "city": ["nowhere"], "tags": [[-1, 4, -1]]}
    kinds = {"visits": np.float32, "days_away": np.int64, "level": np.int64, "city": object, "tags": np.int64}
    sent = {**inputs, **{name: np.array(value, kinds[name]) for name, value in missing.items()}}
    write_log(tmp_path / "a.tfrecord", [record(sent)])
    [row] = read(tmp_path).features.select(list(missing)).to_pylist()
    assert row == {"visits": None, "days_away": None, "level": None, "city": None, "tags": [4]}


def test_scores_times_and_the_window(tmp_path):
    inputs = request_inputs(SCHEMA, "serving_default", ROWS.slice(0, 2))

    def answered(seconds, version, **outputs):
        return record(inputs, outputs=outputs, seconds=seconds, version=version)

    write_log(tmp_path / "a.tfrecord", [answered(100, 1, click=np.array([0.25, 0.5], np.float32)), answered(200, 2)])
    found = read(tmp_path, outputs=["click"])
    assert found.scores["click"][:2].tolist() == [0.25, 0.5] and np.isnan(found.scores["click"][2:]).all()
    assert found.seconds.tolist() == [100, 200] and found.left_out == {}
    assert read(tmp_path, window=Window(version=2)).left_out == {"of other versions": 1}
    assert read(tmp_path, window=Window(since=100, until=200)).seconds.tolist() == [100]
    assert read(tmp_path, window=Window(since=101)).seconds.tolist() == [200]
    write_log(tmp_path / "b.tfrecord", [record(inputs)])
    assert read(tmp_path, window=Window(version=7)).left_out == {"of other versions": 2}
    assert read(tmp_path, window=Window(until=500)).left_out == {"outside the window": 1}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"price": None}, "record 1: the request to `ranker` has no input `price`, a feature of the schema"),
        ({"price": np.array([1, 2])}, "input `price` of `ranker` is of type integer, the schema asks for float"),
        ({"price": np.ones((2, 2), np.float32)}, "input `price` of `ranker` is no number"),
        ({"price": np.ones(3, np.float32)}, "the inputs of the request to `ranker` are of unlike lengths"),
    ],
)
def test_requests_of_another_model_are_refused(tmp_path, change, words):
    inputs = {**request_inputs(SCHEMA, "serving_default", ROWS.slice(0, 2)), **change}
    inputs = {name: value for name, value in inputs.items() if value is not None}
    write_log(tmp_path / "a.tfrecord", [record(inputs)])
    with pytest.raises(DataError, match=words):
        read(tmp_path)


def test_files(tmp_path):
    write_log(tmp_path / "x" / "b.tfrecord", [])
    write_log(tmp_path / "a.tfrecord", [])
    write_log(tmp_path / ".c.tfrecord.tmp", [])
    write_log(tmp_path / ".d.tfrecord", [])
    assert log_files_of([str(tmp_path)]) == [tmp_path / "a.tfrecord", tmp_path / "x" / "b.tfrecord"]
    assert log_files_of([f"{tmp_path}/*.tfrecord", str(tmp_path / "a.tfrecord")]) == [tmp_path / "a.tfrecord"]
    for source, words in ((tmp_path / "none*", "no file matches"), (tmp_path / "x" / "y", "no file matches")):
        with pytest.raises(DataError, match=words):
            log_files_of([str(source)])
    (tmp_path / "damaged").write_bytes(b"no records at all")
    with pytest.raises(DataError, match="damaged: not a readable log of requests"):
        read(tmp_path / "damaged")
