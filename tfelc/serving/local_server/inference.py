"""The calls of PredictionService on a loaded version, whichever protocol they came by."""

from __future__ import annotations

from typing import Any

import grpc
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    inference_pb2,
    predict_pb2,
    regression_pb2,
)

from tfelc.serving.local_server.expansion import Expansion
from tfelc.serving.local_server.servable import Servable
from tfelc.serving.local_server.serving_error import ServingError
from tfelc.serving.local_server.tensor_protos import fill_proto, to_array

Array = npt.NDArray[Any]
CLASSIFY = tf.compat.v1.saved_model.signature_constants.CLASSIFY_METHOD_NAME
REGRESS = tf.compat.v1.saved_model.signature_constants.REGRESS_METHOD_NAME


def predict(servable: Servable, request: Any, expansion: Expansion | None = None) -> Any:
    """Answers a PredictRequest, whose inputs may fill no more than `expansion`; None for no bound."""
    name = request.model_spec.signature_name or "serving_default"
    signature = servable.signature(name)
    sent, wanted = set(request.inputs), set(signature.inputs)
    if sent != wanted:
        raise ServingError.invalid(
            f"input size does not match signature: {len(sent)}!={len(wanted)}. "
            f"Sent extra: {{{','.join(sorted(sent - wanted))}}}. "
            f"Missing but required: {{{','.join(sorted(wanted - sent))}}}."
        )
    chosen = list(request.output_filter) or list(signature.outputs)
    for alias in chosen:
        if alias not in signature.outputs:
            raise ServingError.invalid(
                f"output tensor alias not found in signature: {alias} "
                f"Outputs expected to be in the set {{{','.join(signature.outputs)}}}."
            )
    if len(set(chosen)) < len(chosen):
        raise ServingError.invalid("duplicate output tensor alias in output_filter")
    outputs = servable.run(name, {key: to_array(key, request.inputs[key], expansion) for key in signature.inputs})
    response = predict_pb2.PredictResponse()
    _set_spec(response.model_spec, servable, name)
    for alias in chosen:
        fill_proto(response.outputs[alias], outputs[alias])
    return response


def classify(servable: Servable, request: Any) -> Any:
    """Answers a ClassificationRequest."""
    name = request.model_spec.signature_name or "serving_default"
    response = classification_pb2.ClassificationResponse()
    _classify(servable, name, serialized(request.input), response.result)
    _set_spec(response.model_spec, servable, name)
    return response


def regress(servable: Servable, request: Any) -> Any:
    """Answers a RegressionRequest."""
    name = request.model_spec.signature_name or "serving_default"
    response = regression_pb2.RegressionResponse()
    _regress(servable, name, serialized(request.input), response.result)
    _set_spec(response.model_spec, servable, name)
    return response


def multi_inference(servable: Servable, request: Any) -> Any:
    """Answers a MultiInferenceRequest: several signatures of one model on the same examples."""
    names = [task.model_spec.signature_name or "serving_default" for task in request.tasks]
    if len({task.model_spec.name for task in request.tasks}) > 1:
        raise ServingError.invalid("All ModelSpecs in a MultiInferenceRequest must access the same model name.")
    if len(set(names)) < len(names):
        raise ServingError.invalid(f"Duplicate evaluation of signature: {', '.join(names)}")
    for task in request.tasks:
        if task.method_name not in (CLASSIFY, REGRESS):
            raise ServingError(grpc.StatusCode.UNIMPLEMENTED, f"Unsupported signature method_name: {task.method_name}")
    for name in names:
        if name not in servable.signatures:
            raise ServingError.invalid(f"Requested signature not found in model graph: {name}")
    if len({servable.signature(name).inputs["inputs"].tensor for name in names if _takes_examples(servable, name)}) > 1:
        raise ServingError.invalid("Input tensor must be the same for all Signatures.")
    examples = serialized(request.input)
    response = inference_pb2.MultiInferenceResponse()
    for task, name in zip(request.tasks, names, strict=True):
        result = response.results.add()
        if task.method_name == CLASSIFY:
            _classify(servable, name, examples, result.classification_result)
        else:
            _regress(servable, name, examples, result.regression_result)
        _set_spec(result.model_spec, servable, name)
    return response


def metadata(servable: Servable, request: Any) -> Any:
    """Answers a GetModelMetadataRequest."""
    if not request.metadata_field:
        raise ServingError.invalid("GetModelMetadataRequest must specify at least one metadata_field")
    for field in request.metadata_field:
        if field != "signature_def":
            raise ServingError.invalid(f"Metadata field {field} is not supported")
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.model_spec.name = servable.name
    response.model_spec.version.value = servable.version
    response.metadata["signature_def"].Pack(signature_map(servable))
    return response


def signature_map(servable: Servable) -> Any:
    """All signatures as a `SignatureDefMap`."""
    found = get_model_metadata_pb2.SignatureDefMap()
    for name, definition in servable.signature_defs.items():
        found.signature_def[name].CopyFrom(definition)
    return found


def serialized(examples: Any) -> Array:
    """The serialized tf.Examples of an `Input`, each with the context's features added."""
    kind = examples.WhichOneof("kind")
    if kind == "example_list_with_context":
        listed = examples.example_list_with_context
        rows = []
        for example in listed.examples:
            joined = type(example)()
            joined.CopyFrom(listed.context)
            joined.MergeFrom(example)
            rows.append(joined.SerializeToString())
    else:
        rows = [example.SerializeToString() for example in examples.example_list.examples]
    if not rows:
        raise ServingError.invalid("Input is empty.")
    made = np.empty(len(rows), object)
    made[:] = rows
    return made


def _takes_examples(servable: Servable, name: str) -> bool:
    return set(servable.signature(name).inputs) == {"inputs"}


def _outputs_of(servable: Servable, name: str, what: str) -> set[str]:
    """Names of a signature's outputs, once its one input is seen to take examples."""
    if name not in servable.signatures:
        raise ServingError.invalid(f"No signature was found with the name: {name[:200]}")
    signature = servable.signatures[name]
    if len(signature.inputs) != 1:
        raise ServingError.invalid("Expected one input Tensor.")
    if not _takes_examples(servable, name):
        raise ServingError(grpc.StatusCode.FAILED_PRECONDITION, f"No {what} inputs found in SignatureDef: {name}")
    return set(signature.outputs)


def _classify(servable: Servable, name: str, examples: Array, result: Any) -> None:
    outputs = _outputs_of(servable, name, "classification")
    if len(outputs) > 2:
        raise ServingError.invalid(f"Expected one or two output Tensors, found {len(outputs)}")
    if not outputs & {"classes", "scores"}:
        raise ServingError(
            grpc.StatusCode.FAILED_PRECONDITION,
            'Expected classification signature outputs to contain at least one of "classes" or "scores".',
        )
    found = servable.run(name, {"inputs": examples})
    classes, scores = found.get("classes"), found.get("scores")
    for what, array, dtype in (("classes", classes, np.dtype(object)), ("scores", scores, np.dtype(np.float32))):
        if array is None:
            continue
        if array.ndim != 2:
            raise ServingError.invalid(f"Expected Tensor shape: [batch_size num_classes] but got {array.shape}")
        if array.dtype != dtype:
            raise ServingError.invalid(f"Expected {what} Tensor of another type. Got: {array.dtype}")
        if array.shape[0] != len(examples):
            raise ServingError.invalid(f"Expected {what} output batch size of {len(examples)}. Got: {array.shape[0]}")
    if classes is not None and scores is not None and classes.shape != scores.shape:
        raise ServingError.invalid(f"Tensors class and score should match. Got {classes.shape} vs. {scores.shape}")
    for row in range(len(examples)):
        listed = result.classifications.add()
        for column in range((classes if classes is not None else scores).shape[1]):  # type: ignore[union-attr]
            added = listed.classes.add()
            if classes is not None:
                added.label = classes[row, column].decode(errors="replace")
            if scores is not None:
                added.score = scores[row, column]


def _regress(servable: Servable, name: str, examples: Array, result: Any) -> None:
    outputs = _outputs_of(servable, name, "regression")
    if len(outputs) != 1:
        raise ServingError.invalid("Expected one output Tensor.")
    if outputs != {"outputs"}:
        raise ServingError(grpc.StatusCode.FAILED_PRECONDITION, f"No regression outputs found in SignatureDef: {name}")
    values = servable.run(name, {"inputs": examples})["outputs"]
    if values.dtype != np.float32 or values.shape not in ((len(examples),), (len(examples), 1)):
        raise ServingError.invalid(
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] of float but got "
            f"{values.shape} of {values.dtype}"
        )
    for value in values.ravel().tolist():
        result.regressions.add().value = value


def _set_spec(spec: Any, servable: Servable, signature: str) -> None:
    spec.name = servable.name
    spec.version.value = servable.version
    spec.signature_name = signature
