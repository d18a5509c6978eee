import json
import math
import shlex

import numpy as np
import pyarrow as pa
import pytest

from tests.support.every_kind import every_kind_rows, every_kind_schema
from tfelc.core.errors import DataError
from tfelc.features.lookup import MISSING_INTEGER
from tfelc.lifecycle.export.signatures import SERVING_DEFAULT
from tfelc.ranker.export.requests import curl_command, json_request, ranked_rows, request_inputs
from tfelc.ranker.export.sample_rows import hard_rows, plain
from tfelc.ranker.export.signatures import EXAMPLES, RANK
from tfelc.serving.local_server.json_request import JsonRequest

SCHEMA = every_kind_schema()


@pytest.fixture(scope="module")
def rows():
    return plain(every_kind_rows(40, 5), SCHEMA)


def test_nulls_are_sent_as_each_columns_missing_value():
    table = pa.table(
        {
            "user_id": [7, None],
            "city": [None, "Ulm"],
            "history": [["a", "b"], None],
            "visits": pa.array([None, 2.5], pa.float32()),
            "days_away": pa.array([3.0, None], pa.float32()),
            "level": [None, 2],
            "product_id": ["a", None],
            "tags": pa.array([[], [4]], pa.list_(pa.int64())),
            "price": pa.array([float("nan"), 1.0], pa.float32()),
            "hour": pa.array([1.0, 2.0], pa.float32()),
            "day": [0, 6],
        }
    )
    found = request_inputs(SCHEMA, SERVING_DEFAULT, table)
    assert list(found) == list(SCHEMA.features)
    assert found["user_id"].tolist() == [7, -1]
    assert found["city"].tolist() == [b"nowhere", b"Ulm"]
    assert found["history"].tolist() == [[b"a", b"b"], [b"", b""]]
    assert found["days_away"].tolist() == [3, MISSING_INTEGER]
    assert found["level"].tolist() == [0, 2]
    assert found["tags"].tolist() == [[-1], [4]]
    assert math.isnan(found["visits"][0]) and math.isnan(found["price"][0])
    assert {found[name].dtype for name in ("visits", "price", "hour")} == {np.dtype(np.float32)}
    ranked = request_inputs(SCHEMA, RANK, table)
    assert {name: len(array) for name, array in ranked.items() if len(array) != 1} == dict.fromkeys(
        ("product_id", "tags", "price"), 2
    )


def test_a_list_of_the_user_to_rank_for_carries_no_padding_of_other_rows(rows):
    lengths = [len(row) for row in rows["history"].to_pylist()]
    for row in (lengths.index(0), lengths.index(2)):
        assert request_inputs(SCHEMA, RANK, rows.slice(row))["history"].shape == (1, lengths[row])


def test_ranked_rows_repeat_the_first_user(rows):
    table = ranked_rows(SCHEMA, rows)
    assert table["product_id"] == rows["product_id"]
    assert table["history"].to_pylist() == [rows["history"][0].as_py()] * len(rows)
    assert table["hour"].to_pylist() == [rows["hour"][0].as_py()] * len(rows)


@pytest.mark.parametrize("value", [1.5, float("inf"), 2.0**63])
def test_an_integer_that_is_none_is_named(rows, value):
    place = rows.column_names.index("days_away")
    table = rows.set_column(place, "days_away", pa.array([value] + [1.0] * 39, pa.float32()))
    with pytest.raises(DataError, match="column `days_away`.*`type: float`"):
        request_inputs(SCHEMA, SERVING_DEFAULT, table)


@pytest.mark.parametrize("signature", [SERVING_DEFAULT, RANK, EXAMPLES])
def test_json_carries_the_same_values_by_the_servers_rules(rows, signature, untrained_run, served):
    table = pa.concat_tables([rows, hard_rows(SCHEMA, untrained_run.fitted)])
    inputs = request_inputs(SCHEMA, signature, table)
    request = JsonRequest.parse(json_request(signature, inputs).encode())
    assert request.signature == signature
    found = request.arrays(served.signatures[signature].inputs)
    for name, array in inputs.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array, err_msg=name)


def test_the_request_to_paste_is_a_whole_real_row(rows, served):
    words = shlex.split(curl_command(SCHEMA, rows))
    assert words[:2] == ["curl", "-d"]
    assert words[3] == "http://localhost:8501/v1/models/ranker:predict"
    (row,) = json.loads(words[2])["instances"]
    assert len(row["history"]) <= 3 and len(row["tags"]) <= 3
    (number,) = [n for n, real in enumerate(rows.to_pylist()) if real["hour"] == row["hour"] and matches(real, row)]
    assert None not in rows.to_pylist()[number].values()
    inputs = JsonRequest.parse(words[2].encode()).arrays(served.signatures[SERVING_DEFAULT].inputs)
    assert served.run(SERVING_DEFAULT, inputs)["click"].shape == (1,)


def matches(real, row):
    return all(np.float32(row[name]) == real[name] if isinstance(real[name], float) else True for name in row)


def test_a_quote_in_a_value_survives_the_shell(rows):
    place = rows.column_names.index("city")
    words = shlex.split(curl_command(SCHEMA, rows.set_column(place, "city", pa.array(["L'Aquila $HOME"] * 40))))
    assert json.loads(words[2])["instances"][0]["city"] == "L'Aquila $HOME"
