"""HTTP itself: methods, paths, bodies as clients send them."""

import gzip
import json

import pytest

from tests.serving.conftest import NAME, ROW


def test_paths_are_read_without_regard_to_case(target):
    for path in (f"/V1/Models/{NAME}:PREDICT", f"/v1/MODELS/{NAME}/Versions/1:Predict"):
        answer = target.http.post(f"{target.rest}{path}", json={"instances": [ROW]})
        assert answer.status_code == 200, answer.text
    assert target.http.get(f"{target.rest}/V1/MODELS/{NAME}/METADATA").status_code == 200
    assert target.http.get(f"{target.rest}/v1/models/{NAME.upper()}").status_code == 404


@pytest.mark.parametrize("path", ["/v1", "/", "/v2/models/x", "/models/x"])
def test_outside_of_v1_there_is_no_api(target, path):
    if path != "/":
        assert target.http.get(f"{target.rest}{path}").status_code == 404


def test_a_browser_s_question_is_answered_where_it_has_an_origin(target):
    address = f"{target.rest}/v1/models/{NAME}:predict"
    assert target.http.options(address, headers={"origin": "https://shop.example"}).status_code == 200
    assert target.http.options(address).status_code == 403


def test_a_body_as_gzip(target):
    body = gzip.compress(json.dumps({"instances": [ROW]}).encode())
    address = f"{target.rest}/v1/models/{NAME}:predict"
    answer = target.http.post(address, content=body, headers={"content-encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.json() == target.predict(instances=[ROW]).json()


def test_a_body_in_chunks(target):
    body = json.dumps({"instances": [ROW]}).encode()
    answer = target.http.post(f"{target.rest}/v1/models/{NAME}:predict", content=iter([body[:9], body[9:]]))
    assert answer.status_code == 200
