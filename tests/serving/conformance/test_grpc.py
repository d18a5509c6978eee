"""PredictionService, ModelService and health."""

import grpc
import numpy as np
import pytest
import tensorflow as tf
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    regression_pb2,
)

from tests.serving.conftest import NAME, arrays, predict_request

ROWS = {
    "price": np.array([1.5, np.nan], np.float32),
    "visits": np.array([2, 3]),
    "country": [b"se", b"\xff"],
    "tags": [[b"a"], [b""]],
}
RANK = {"age": np.array([2.0], np.float32), "item_price": np.array([1.0, 0.5], np.float32), "item_name": [b"a", b"abc"]}


def fails(call, request, code, words="", **options):
    with pytest.raises(grpc.RpcError) as caught:
        call(request, timeout=options.get("timeout", 20))
    assert caught.value.code() == code, caught.value.details()
    assert words in caught.value.details()


def example(**features):
    made = tf.train.Example()
    for name, value in features.items():
        kind = "float_list" if isinstance(value, float) else "int64_list"
        getattr(made.features.feature[name], kind).value.append(value)
    return made


def on_examples(request, signature, *examples):
    request.model_spec.name, request.model_spec.signature_name = NAME, signature
    request.input.example_list.examples.extend(examples)
    return request


def test_predict(target):
    response = target.prediction.Predict(predict_request(**ROWS), timeout=20)
    found = arrays(response)
    np.testing.assert_array_equal(found["score"], np.array([6.5, np.nan], np.float32))
    np.testing.assert_array_equal(found["visits_seen"], [2, 3])
    assert found["country_seen"].tolist() == [b"se", b"\xff"]
    assert response.model_spec.name == NAME
    assert response.model_spec.version.value == 2
    assert response.model_spec.signature_name == "serving_default"


def test_predict_of_a_version_and_a_label(target):
    request = predict_request("rank", **RANK)
    request.model_spec.version.value = 1
    np.testing.assert_array_equal(arrays(target.prediction.Predict(request, timeout=20))["score"], [4.0, 2.0])
    request.model_spec.version_label = "canary"
    np.testing.assert_array_equal(arrays(target.prediction.Predict(request, timeout=20))["score"], [6.0, 3.0])


def test_predict_answers_only_the_outputs_asked_for(target):
    request = predict_request("rank", **RANK)
    request.output_filter.append("length")
    assert set(target.prediction.Predict(request, timeout=20).outputs) == {"length"}
    request.output_filter.append("absent")
    fails(target.prediction.Predict, request, grpc.StatusCode.INVALID_ARGUMENT, "absent")


def test_tensors_in_either_form(target):
    packed = predict_request("single", x=np.array([1.0, 2.0], np.float32))
    assert packed.inputs["x"].tensor_content
    typed = predict_request("single")
    typed.inputs["x"].dtype = tf.float32.as_datatype_enum
    typed.inputs["x"].tensor_shape.dim.add().size = 2
    typed.inputs["x"].float_val.extend([1.0, 2.0])
    for request in (packed, typed):
        np.testing.assert_array_equal(arrays(target.prediction.Predict(request, timeout=20))["y"], [2.0, 4.0])
    del typed.inputs["x"].float_val[1:]  # one value fills the whole tensor
    np.testing.assert_array_equal(arrays(target.prediction.Predict(typed, timeout=20))["y"], [2.0, 2.0])


def test_predict_refuses(target):
    predict, bad = target.prediction.Predict, grpc.StatusCode.INVALID_ARGUMENT
    fails(predict, predict_request("absent", **RANK), grpc.StatusCode.FAILED_PRECONDITION, "absent")
    fails(predict, predict_request(name="absent", **RANK), grpc.StatusCode.NOT_FOUND, "absent")
    fails(predict, predict_request("rank", age=RANK["age"]), bad, "Missing but required")
    fails(predict, predict_request("single", x=np.array([1], np.int64)), bad)
    fails(predict, predict_request("lookup", row=np.array([99])), bad, "99")
    request = predict_request("rank", **RANK)
    request.model_spec.version.value = 99
    fails(predict, request, grpc.StatusCode.NOT_FOUND, "99")
    request.model_spec.version_label = "absent"
    fails(predict, request, bad, "label")


def test_a_tensor_that_contradicts_itself(target):
    request = predict_request("single", x=np.array([1.0, 2.0], np.float32))
    request.inputs["x"].tensor_shape.dim[0].size = 3
    fails(target.prediction.Predict, request, grpc.StatusCode.INVALID_ARGUMENT)
    request.inputs["x"].tensor_shape.dim[0].size = -3
    fails(target.prediction.Predict, request, grpc.StatusCode.INVALID_ARGUMENT)


def test_a_deadline_is_honoured(target):
    request = predict_request("slow", steps=np.array([50_000]))
    fails(target.prediction.Predict, request, grpc.StatusCode.DEADLINE_EXCEEDED, timeout=0.05)
    assert arrays(target.prediction.Predict(predict_request("slow", steps=np.array([1])), timeout=60))["trace"] == [
        64.0
    ]


def test_classify_and_regress(target):
    examples = [example(price=0.25), example(price=0.5, visits=0)]
    result = target.prediction.Classify(
        on_examples(classification_pb2.ClassificationRequest(), "classify", *examples), timeout=20
    )
    scores = [[(entry.label, entry.score) for entry in row.classes] for row in result.result.classifications]
    assert scores == [[("no", 0.25), ("yes", 0.75)], [("no", -0.5), ("yes", 1.5)]]
    regressed = target.prediction.Regress(
        on_examples(regression_pb2.RegressionRequest(), "regress", *examples), timeout=20
    )
    assert [row.value for row in regressed.result.regressions] == [0.75, 1.5]
    assert regressed.model_spec.version.value == 2
    empty = on_examples(regression_pb2.RegressionRequest(), "regress")
    fails(target.prediction.Regress, empty, grpc.StatusCode.INVALID_ARGUMENT, "empty")


def test_multi_inference(target):
    request = inference_pb2.MultiInferenceRequest()
    request.input.example_list.examples.append(example(price=0.25))
    task = request.tasks.add(method_name="tensorflow/serving/regress")
    task.model_spec.name, task.model_spec.signature_name = NAME, "regress"
    results = target.prediction.MultiInference(request, timeout=20).results
    assert [row.value for row in results[0].regression_result.regressions] == [0.75]
    assert results[0].model_spec.signature_name == "regress"
    # Signatures exported from functions have inputs of their own, and the real server wants them to share one.
    other = request.tasks.add(method_name="tensorflow/serving/classify")
    other.model_spec.name, other.model_spec.signature_name = NAME, "classify"
    fails(target.prediction.MultiInference, request, grpc.StatusCode.INVALID_ARGUMENT, "Input tensor must be the same")
    other.method_name = "tensorflow/serving/predict"
    fails(target.prediction.MultiInference, request, grpc.StatusCode.UNIMPLEMENTED)
    other.CopyFrom(task)
    fails(target.prediction.MultiInference, request, grpc.StatusCode.INVALID_ARGUMENT, "Duplicate")
    del request.tasks[:]
    fails(target.prediction.MultiInference, request, grpc.StatusCode.INVALID_ARGUMENT)


def test_metadata(target):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = NAME
    response = target.prediction.GetModelMetadata(request, timeout=20)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    assert set(signatures.signature_def["rank"].outputs) == {"score", "length"}
    assert response.model_spec.version.value == 2
    request.metadata_field.append("absent")
    fails(target.prediction.GetModelMetadata, request, grpc.StatusCode.INVALID_ARGUMENT, "not supported")
    del request.metadata_field[:]
    fails(target.prediction.GetModelMetadata, request, grpc.StatusCode.INVALID_ARGUMENT, "at least one")


def test_status(target):
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = NAME
    listed = target.models.GetModelStatus(request, timeout=20).model_version_status
    assert [(status.version, status.state) for status in listed] == [(2, 30), (1, 30)]
    request.model_spec.version.value = 99
    fails(target.models.GetModelStatus, request, grpc.StatusCode.NOT_FOUND, "99")
    fails(target.models.GetModelStatus, get_model_status_pb2.GetModelStatusRequest(), grpc.StatusCode.INVALID_ARGUMENT)


def test_reload_refuses_what_is_no_list_of_models(target):
    empty = model_management_pb2.ReloadConfigRequest()
    fails(target.models.HandleReloadConfigRequest, empty, grpc.StatusCode.INVALID_ARGUMENT)


def test_health(target):
    stub = health_pb2_grpc.HealthStub(target.channel)
    try:
        answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=20)
    except grpc.RpcError as error:
        if error.code() == grpc.StatusCode.UNIMPLEMENTED:
            pytest.skip(
                "this server has no health service (TensorFlow Serving needs --enable_grpc_healthcheck_service)"
            )
        raise
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_a_label_plays_no_part_in_a_status(target):
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = NAME
    request.model_spec.version_label = "absent"
    assert [each.version for each in target.models.GetModelStatus(request, timeout=20).model_version_status] == [2, 1]
