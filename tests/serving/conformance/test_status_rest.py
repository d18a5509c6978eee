"""REST status and metadata."""

from tests.serving.conftest import NAME, refused

OK = {"error_code": "OK", "error_message": ""}


def test_status_of_a_model(target):
    answer = target.get(NAME)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json() == {
        "model_version_status": [
            {"version": "2", "state": "AVAILABLE", "status": OK},
            {"version": "1", "state": "AVAILABLE", "status": OK},
        ]
    }


def test_status_of_one_version(target):
    expected = {"model_version_status": [{"version": "1", "state": "AVAILABLE", "status": OK}]}
    assert target.get(f"{NAME}/versions/1").json() == expected


def test_a_label_plays_no_part_in_a_status(target):
    for label in ("stable", "absent"):
        assert target.get(f"{NAME}/labels/{label}").json() == target.get(NAME).json()


def test_status_of_what_is_not_there(target):
    refused(target.get("absent"), 404, "Could not find any versions of model absent")
    refused(target.get(f"{NAME}/versions/99"), 404, f"Could not find version 99 of model {NAME}")


def test_metadata_tells_the_signatures(target):
    answer = target.get(f"{NAME}/versions/1/metadata")
    assert answer.status_code == 200
    body = answer.json()
    assert body["model_spec"] == {"name": NAME, "signature_name": "", "version": "1"}
    signatures = body["metadata"]["signature_def"]["signature_def"]
    price = signatures["serving_default"]["inputs"]["price"]
    assert price["dtype"] == "DT_FLOAT"
    assert [dim["size"] for dim in price["tensor_shape"]["dim"]] == ["-1"]
    assert signatures["serving_default"]["method_name"] == "tensorflow/serving/predict"
    assert set(signatures["rank"]["inputs"]) == {"age", "item_price", "item_name"}
    assert target.get(f"{NAME}/metadata").json()["model_spec"]["version"] == "2"


def test_metadata_of_what_is_not_there(target):
    refused(target.get("absent/metadata"), 404)
    refused(target.get(f"{NAME}/versions/99/metadata"), 404)
