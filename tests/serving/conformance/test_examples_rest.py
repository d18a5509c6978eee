"""REST :classify and :regress."""

import pytest

from tests.serving.conftest import NAME, refused

EXAMPLES = [{"price": 0.25}, {"price": [0.5], "visits": 0}]


def test_classify_pairs_labels_with_scores(target):
    answer = target.post(f"{NAME}/versions/1:classify", {"signature_name": "classify", "examples": EXAMPLES})
    assert answer.status_code == 200
    assert answer.json() == {"results": [[["no", 0.5], ["yes", 0.5]], [["no", 0.0], ["yes", 1.0]]]}


def test_regress_gives_numbers(target):
    answer = target.post(f"{NAME}/versions/1:regress", {"signature_name": "regress", "examples": EXAMPLES})
    assert answer.json() == {"results": [0.5, 1.0]}


def test_the_context_is_every_examples(target):
    body = {"signature_name": "regress", "context": {"visits": 7}, "examples": EXAMPLES[:1]}
    assert target.post(f"{NAME}/versions/1:regress", body).json() == {"results": [7.5]}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"signature_name": "regress"}, "'examples' is expected"),
        ({"signature_name": "regress", "examples": []}, "empty array"),
        ({"signature_name": "regress", "examples": {}}, "list/array"),
        ({"signature_name": "regress", "examples": [1]}, "must be JSON object"),
        ({"signature_name": "regress", "examples": [{"price": None}]}, "unexpected JSON type"),
        ({"signature_name": "regress", "examples": [{"price": [[1.0]]}]}, "unexpected JSON type"),
        ({"signature_name": "regress", "examples": [{"price": [1.0, 2]}]}, "Unexpected element type"),
        ({"signature_name": "regress", "examples": [{"price": 1}]}, "price"),
        ({"signature_name": "absent", "examples": EXAMPLES}, "absent"),
        ({"examples": EXAMPLES}, "one input"),
    ],
)
def test_what_is_refused(target, body, words):
    refused(target.post(f"{NAME}:regress", body), 400, words)


def test_classify_and_regress_need_their_own_outputs(target):
    refused(target.post(f"{NAME}:classify", {"signature_name": "regress", "examples": EXAMPLES}), 400)
    refused(target.post(f"{NAME}:regress", {"signature_name": "classify", "examples": EXAMPLES}), 400)


def test_unknown_models(target):
    refused(target.post("absent:classify", {"examples": EXAMPLES}), 404, "absent")
