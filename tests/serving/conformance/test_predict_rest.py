"""REST :predict."""

import base64
import json
import math

import numpy as np
import pytest

from tests.serving.conftest import NAME, ROW, refused

COLUMNS = {"price": [1.5, 2.0], "visits": [2, 3], "country": ["se", "no"], "tags": [["a", "b"], ["a", ""]]}
OUTPUTS = {"score", "visits_seen", "country_seen", "country_bytes", "tags_given"}
# The labels name the versions; without either, the highest version answers, whose factor is 3.


def test_rows_are_answered_with_objects(target):
    answer = target.predict(instances=[ROW, {**ROW, "price": 2.0, "visits": 3, "country": "no", "tags": ["a", ""]}])
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json() == {
        "predictions": [
            {"score": 6.5, "visits_seen": 2, "country_seen": "se", "country_bytes": {"b64": "c2U="}, "tags_given": 2},
            {"score": 9.0, "visits_seen": 3, "country_seen": "no", "country_bytes": {"b64": "bm8="}, "tags_given": 1},
        ]
    }


def test_columns_are_answered_with_columns(target):
    answer = target.predict(inputs=COLUMNS)
    assert answer.status_code == 200
    assert answer.json() == {
        "outputs": {
            "score": [6.5, 9.0],
            "visits_seen": [2, 3],
            "country_seen": ["se", "no"],
            "country_bytes": [{"b64": "c2U="}, {"b64": "bm8="}],
            "tags_given": [2, 1],
        }
    }


@pytest.mark.parametrize(
    ("which", "score"),
    [("", 6.5), ("/versions/1", 5.0), ("/versions/2", 6.5), ("/labels/stable", 5.0), ("/labels/canary", 6.5)],
)
def test_a_version_or_a_label_chooses(target, which, score):
    answer = target.post(f"{NAME}{which}:predict", {"instances": [ROW]})
    assert answer.json()["predictions"][0]["score"] == score


def test_a_signature_is_chosen_by_name(target):
    answer = target.predict(
        signature_name="rank", inputs={"age": [2.0], "item_price": [1.0, 0.5], "item_name": ["a", "abc"]}
    )
    assert answer.json() == {"outputs": {"score": [6.0, 3.0], "length": [1.0, 3.0]}}


def test_one_output_stands_without_its_name(target):
    assert target.predict(signature_name="single", instances=[{"x": 1.5}]).json() == {"predictions": [3.0]}
    assert target.predict(signature_name="single", inputs={"x": [1.5, 2.0]}).json() == {"outputs": [3.0, 4.0]}


def test_one_input_needs_no_name(target):
    assert target.predict(signature_name="single", instances=[1.5, 2.0]).json() == {"predictions": [3.0, 4.0]}
    assert target.predict(signature_name="single", inputs=[1.5]).json() == {"outputs": [3.0]}


def test_bytes_come_as_base64(target):
    row = {**ROW, "country": {"b64": base64.b64encode(b"\xff\x00se").decode()}}
    seen = target.predict(instances=[row]).content
    assert b'"b64": "/wBzZQ=="' in seen or b'"b64":"/wBzZQ=="' in seen
    refused(target.predict(instances=[{**ROW, "country": {"b64": "***"}}]), 400, "base64")
    refused(target.predict(instances=[{**ROW, "country": {"b64": 1}}]), 400)


def test_serialized_examples_go_through_predict(target):
    import tensorflow as tf

    feature = tf.train.Feature(float_list=tf.train.FloatList(value=[2.0]))
    example = tf.train.Example(features=tf.train.Features(feature={"price": feature})).SerializeToString()
    answer = target.predict(signature_name="examples", instances=[{"b64": base64.b64encode(example).decode()}])
    assert answer.json() == {"predictions": [6.0]}


def test_nan_and_infinity_are_bare_words_both_ways(target):
    answer = target.post(
        f"{NAME}:predict", '{"signature_name": "single", "instances": [NaN, Infinity, -Infinity, 0.1]}'
    )
    assert answer.status_code == 200
    values = json.loads(answer.text)["predictions"]
    assert math.isnan(values[0])
    assert values[1:3] == [math.inf, -math.inf]
    assert '"' not in answer.text.replace('"predictions"', "")


def test_decimals_read_back_to_the_same_float(target):
    sent = [0.1, 1 / 3, 123456.789, 1e-20, 3e38 / 2, 16777215, 1.0]
    answer = target.predict(signature_name="single", instances=sent)
    expected = np.asarray(sent, np.float32) * np.float32(2.0)
    np.testing.assert_array_equal(np.asarray(answer.json()["predictions"]).astype(np.float32), expected)
    # A whole number keeps its decimal point: a reader must not take the column for integers.
    assert "2.0" in answer.text and "33554430.0" in answer.text
    assert "0.2" in answer.text and "0.2000000" not in answer.text


def test_types_other_than_the_usual(target):
    row = {"real": 0.1, "small": -3, "wide": [[1.0, 2.0], [3.0, 4.0]], "flag": True}
    answer = target.predict(signature_name="types", instances=[row, {**row, "flag": False}])
    assert answer.json()["predictions"] == [
        {"real_out": 0.1, "small_out": -3, "wide_out": [[1.0, 2.0], [3.0, 4.0]], "flag_out": True},
        {"real_out": 0.1, "small_out": -3, "wide_out": [[1.0, 2.0], [3.0, 4.0]], "flag_out": False},
    ]


def test_int64_is_exact_to_its_ends(target):
    ends = [2**63 - 1, -(2**63), 2**53 + 1]
    rows = [{**ROW, "visits": end} for end in ends]
    assert [row["visits_seen"] for row in target.predict(instances=rows).json()["predictions"]] == ends


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"visits": 1.0}, "not of expected type: int64"),
        ({"visits": "1"}, "not of expected type: int64"),
        ({"visits": True}, "not of expected type: int64"),
        ({"visits": 2**63}, "not of expected type: int64"),
        ({"visits": 10**40}, "not of expected type: int64"),
        ({"visits": None}, "not of expected type: int64"),
        ({"price": None}, "not of expected type: float"),
        ({"price": "1.5"}, "not of expected type: float"),
        ({"price": True}, "not of expected type: float"),
        ({"price": {"b64": "AA=="}}, "not of expected type: float"),
        ({"price": 2**24 + 1}, "without loss of precision"),
        ({"price": 1e39}, "without loss of precision"),
        ({"country": 7}, "not of expected type: string"),
        ({"country": None}, "not of expected type: string"),
        ({"tags": ["a", ["b"]]}, "JSON"),
    ],
)
def test_a_value_of_the_wrong_type(target, change, words):
    refused(target.predict(instances=[{**ROW, **change}]), 400, words)
    columns = {name: [value] for name, value in {**ROW, **change}.items()}
    refused(target.predict(inputs=columns), 400)


def test_rows_hold_exactly_the_signatures_inputs(target):
    refused(target.predict(instances=[ROW, {"price": 1.0}]), 400, "keys must be equal to")
    refused(target.predict(instances=[{**ROW, "color": "red"}]), 400, "does not have named input: color")


def test_columns_may_hold_more_but_not_less(target):
    assert target.predict(inputs={**COLUMNS, "color": ["red"]}).status_code == 200
    refused(target.predict(inputs={"price": [1.0]}), 400, "Missing named input")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"instances": []}, "No values in 'instances'"),
        ({"instances": {}}, "instances"),
        ({"instances": [ROW], "inputs": COLUMNS}, "expecting only"),
        ({}, "Missing 'inputs' or 'instances'"),
        ({"instances": [1.0]}, "plain list"),
        ({"inputs": [1.0]}, "plain value/list"),
        ({"instances": [ROW, 1.0]}, "Expecting object"),
        ({"instances": [ROW], "signature_name": 7}, "signature_name"),
        ({"instances": [ROW], "signature_name": "absent"}, "absent"),
        ([], "object"),
        ("", "JSON Parse error"),
        ("{", "JSON Parse error"),
        ("null", "object"),
        ('{"instances": [nan]}', "JSON Parse error"),
        ('{"instances": [1.5,]}', "JSON Parse error"),
        (b"\xff\xfe{}", "JSON Parse error"),
    ],
)
def test_a_body_of_the_wrong_form(target, body, words):
    refused(target.post(f"{NAME}:predict", body), 400, words)


def test_lists_of_unequal_length_are_refused(target):
    refused(target.predict(instances=[ROW, {**ROW, "tags": ["a"]}]), 400)
    refused(target.predict(inputs={**COLUMNS, "tags": [["a"], ["a", "b"]]}), 400, "unexpected size")


def test_what_the_kernels_refuse_is_the_callers_fault(target):
    refused(target.predict(signature_name="lookup", instances=[1, 99]), 400, "99")
    assert target.predict(signature_name="lookup", instances=[1, 3]).json() == {"predictions": [10.0, 30.0]}
    refused(target.predict(inputs={**COLUMNS, "price": [1.0, 2.0, 3.0]}), 400)


def test_an_unknown_model_version_or_label(target):
    body = {"instances": [ROW]}
    refused(target.post("absent:predict", body), 404, "absent")
    refused(target.post(f"{NAME}/versions/99:predict", body), 404, "99")
    refused(target.post(f"{NAME}/labels/absent:predict", body), 400, "label")
    refused(target.post(f"{NAME}/versions/{10**30}:predict", body), 400, "numeric")


def test_malformed_requests(target):
    refused(target.get(f"{NAME}:predict"), 400, "Malformed request")
    refused(target.post(f"{NAME}", {}), 400, "Malformed request")
    refused(target.post(f"{NAME}/versions/x:predict", {}), 400, "Malformed request")
    refused(target.post(f"{NAME}:explain", {}), 400, "Malformed request")
    assert target.http.get(f"{target.rest}/v2/models/{NAME}").status_code == 404


def test_many_rows_in_one_request(target):
    prices = np.linspace(0, 1, 10_000)
    columns = {"age": [1.0], "item_price": prices.tolist(), "item_name": ["abc"] * 10_000}
    answer = target.predict(signature_name="rank", inputs=columns)
    np.testing.assert_allclose(answer.json()["outputs"]["score"], prices * 3.0, rtol=1e-6)
