"""Both clients against the server under test, and where nobody is there."""

import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.serving.conftest import NAME
from tfelc.serving.client.call_error import CallError
from tfelc.serving.client.grpc_client import GrpcClient
from tfelc.serving.client.inputs import ranking_inputs
from tfelc.serving.client.rest_client import RestClient

ROWS = {"price": [1.5, float("nan")], "visits": [2, 3], "country": ["se", "no"], "tags": [["a", "b"], ["a", ""]]}
SLOW = {"steps": [60_000]}


@pytest.fixture(params=["REST", "gRPC"])
def client(request, target):
    with made(request.param, target) as client:
        yield client


def made(protocol, target, **options):
    return RestClient(target.rest, NAME, **options) if protocol == "REST" else GrpcClient(target.grpc, NAME, **options)


def test_predict(client):
    found = client.predict(ROWS)
    np.testing.assert_array_equal(found["score"], np.array([6.5, np.nan], np.float32))
    assert found["visits_seen"].tolist() == [2, 3]
    assert found["country_seen"].tolist() == ["se", "no"]
    assert found["country_bytes"].tolist() == [b"se", b"no"]
    assert {name: array.dtype.name for name, array in found.items()} == {
        "score": "float32",
        "visits_seen": "int64",
        "country_seen": "object",
        "country_bytes": "object",
        "tags_given": "int64",
    }
    assert client.predict(ROWS, version=1)["score"][0] == 5.0
    assert client.predict(ROWS, label="canary")["score"][0] == 6.5


@pytest.mark.parametrize(
    "rows",
    [
        {**ROWS, "price": [2, 3]},
        {**ROWS, "price": np.array([2.0, 3.0])},
        {**ROWS, "price": np.array([2, 3], np.int32)},
        {**ROWS, "visits": np.array([2, 3], np.int8)},
        {**ROWS, "visits": [2.0, 3.0]},
        {**ROWS, "visits": np.array([2.0, 3.0])},
        {**ROWS, "visits": np.array([2, 3], object)},
        {**ROWS, "tags": [[], []]},
        {**ROWS, "tags": np.empty((2, 0))},
        {**ROWS, "country": np.array(["se", "no"])},
        {**ROWS, "country": ("se", b"no")},
        pd.DataFrame({**ROWS, "label": [0, 1]}),
        pd.DataFrame({**ROWS, "visits": [2.0, 3.0], "price": [1, 2]}),
        pa.table({**ROWS, "label": [0, 1]}),
    ],
)
def test_both_clients_take_the_same_and_give_the_same(target, rows):
    with made("REST", target) as rest, made("gRPC", target) as rpc:
        by_rest, by_grpc = rest.predict(rows), rpc.predict(rows)
    assert by_rest.keys() == by_grpc.keys()
    for name, array in by_rest.items():
        assert array.dtype == by_grpc[name].dtype and array.shape == by_grpc[name].shape
        np.testing.assert_array_equal(array, by_grpc[name])


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({**ROWS, "visits": [2.5, 3.0]}, "`visits` takes int64, which cannot hold 2.5"),
        ({**ROWS, "visits": [float("nan"), 3.0]}, "`visits` takes int64, which cannot hold nan"),
        ({**ROWS, "price": [2**24 + 1, 0]}, "`price` takes float32, which cannot hold 16777217"),
        ({**ROWS, "price": [1e39, 0]}, r"`price` takes float32, which cannot hold 1e\+39"),
        ({**ROWS, "price": ["1.5", "2"]}, "`price` takes float32. Received: '1.5'"),
        ({**ROWS, "country": [1, 2]}, "`country` takes strings. Received: 1"),
        ({**ROWS, "country": [None, "se"]}, "`country` holds None; send NaN"),
        ({**ROWS, "tags": [["a"], ["a", "b"]]}, "`tags` holds lists of 1 and of 2 values; pad them"),
        ({**ROWS, "tags": ["a", ["b"]]}, "`tags` holds lists beside single values"),
        ({**ROWS, "price": [[1.0], [2.0]]}, "`price` takes values in the shape any. Received: 2x1"),
        ({**ROWS, "price": [1.0]}, "`price` has 1 rows and `visits` has 2"),
        ({**ROWS, "more": [1, 2]}, "not taken: more"),
        ({"price": [1.0]}, "missing: country, tags, visits"),
        ([1.0], "expected a mapping or a frame. Received: list"),
    ],
)
def test_what_does_not_fit_is_named_alike_before_it_is_sent(client, rows, words):
    with pytest.raises((TypeError, ValueError, CallError), match=words):
        client.predict(rows)


def test_a_signature_that_is_not_there_is_named(client):
    with pytest.raises(CallError, match="there is no signature `absent`; there are classify"):
        client.predict(ROWS, "absent")
    assert client.predict({"x": [1]}, "single")["y"].tolist() == [2.0]


def test_rank_with_nothing_to_rank_and_with_a_frame(client):
    items = pd.DataFrame({"item_price": [1, 2], "item_name": ["a", "abc"], "note": ["", ""]})
    assert client.rank({"age": 2}, items)["score"].tolist() == [6.0, 12.0]
    nothing = client.rank({"age": 2}, items[:0])
    assert {name: (array.dtype.name, array.shape) for name, array in nothing.items()} == {
        "score": ("float32", (0,)),
        "length": ("float32", (0,)),
    }
    with pytest.raises(ValueError, match="`item_name` has 1 items and `item_price` has 2"):
        client.rank({"age": 2}, {"item_price": [1.0, 2.0], "item_name": ["a"]})
    with pytest.raises(TypeError, match="`item_price` takes one value an item"):
        client.rank({"age": 2}, {"item_price": 1.0, "item_name": ["a"]})


def test_rank_takes_the_user_once(client):
    found = client.rank(user={"age": 2.0}, items={"item_price": [1.0, 0.5], "item_name": ["a", "abc"]}, label="stable")
    assert found["score"].tolist() == [4.0, 2.0]
    assert found["length"].tolist() == [1.0, 3.0]


def test_bytes(client):
    rows = {name: values[:1] for name, values in ROWS.items()}
    assert client.predict({**rows, "country": [b"\xff\x00"]})["visits_seen"].tolist() == [2]


def test_an_answer_beyond_grpcs_own_limit(client):
    count = 600_000
    sent = np.arange(count, dtype=np.float32)
    found = client.predict({"age": [1.0], "item_price": sent, "item_name": ["a"] * count}, "rank", timeout=60)
    np.testing.assert_array_equal(found["score"].astype(np.float32), sent * 3)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda client: client.predict({"price": [1.0]}), "INVALID_ARGUMENT"),
        (lambda client: client.predict(ROWS, version=99), "NOT_FOUND"),
        (lambda client: client.predict(ROWS, label="absent"), "INVALID_ARGUMENT"),
        (lambda client: client.predict(SLOW, "slow", timeout=0.2), "DEADLINE_EXCEEDED"),
    ],
)
def test_what_the_server_refuses(client, call, code):
    with pytest.raises(CallError) as caught:
        call(client)
    assert caught.value.code == code


def test_status(client):
    assert client.status() == {2: "AVAILABLE", 1: "AVAILABLE"}


def test_a_version_and_a_label_exclude_each_other(client):
    with pytest.raises(ValueError, match="not both"):
        client.predict(ROWS, version=1, label="stable")


@pytest.mark.parametrize("client", [RestClient("http://127.0.0.1:1"), GrpcClient("127.0.0.1:1")])
def test_nobody_there_is_tried_until_the_time_is_up(client):
    started = time.monotonic()
    with client, pytest.raises(CallError) as caught:
        client.predict({"x": [1.0]}, timeout=1.0)
    assert caught.value.code in ("UNAVAILABLE", "DEADLINE_EXCEEDED")
    assert 0.4 < time.monotonic() - started < 2


def test_the_loopback_is_not_looked_for_behind_a_proxy(target, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    for protocol in ("REST", "gRPC"):
        with made(protocol, target) as client:
            assert client.status(timeout=20) == {2: "AVAILABLE", 1: "AVAILABLE"}
    with RestClient("http://ranker.invalid") as client, pytest.raises(CallError, match="UNAVAILABLE"):
        client.status(timeout=0.2)


def test_the_user_has_one_row_and_the_items_many():
    found = ranking_inputs({"age": 3.0, "seen": ["v1", "v2"]}, {"video": ["v3", "v4"]})
    assert found == {"age": [3.0], "seen": [["v1", "v2"]], "video": ["v3", "v4"]}
    with pytest.raises(TypeError, match="age"):
        ranking_inputs({"age": 3.0}, {"age": [1.0]})
