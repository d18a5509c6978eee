"""REST requests and their answers as the messages that gRPC would have brought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from tfelc.serving.local_server.request_logging.request_log import Fill
from tfelc.serving.local_server.servable import Servable
from tfelc.serving.local_server.tensor_protos import fill_proto

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Asked:
    """What the address and the headers of a request say.

    Attributes:
        name: The model's name.
        version: The version asked for; None for none.
        label: The label asked for; None for none.
        request_id: The request's id.
    """

    name: str
    version: int | None
    label: str | None
    request_id: str

    def tell(self, spec: Any, signature: str) -> None:
        """Fills a ModelSpec."""
        spec.name = self.name
        spec.signature_name = signature
        if self.version is not None:
            spec.version.value = self.version
        elif self.label is not None:
            spec.version_label = self.label


def predict_filler(
    asked: Asked, servable: Servable, signature: str, inputs: Mapping[str, Array], outputs: Mapping[str, Array]
) -> Fill:
    """What puts a :predict and its answer into a PredictionLog."""

    def fill(log: Any) -> None:
        request, response = log.predict_log.request, log.predict_log.response
        asked.tell(request.model_spec, signature)
        response.model_spec.name, response.model_spec.version.value = servable.name, servable.version
        response.model_spec.signature_name = signature
        for protos, arrays in ((request.inputs, inputs), (response.outputs, outputs)):
            for name, array in arrays.items():
                fill_proto(protos[name], array)

    return fill


def examples_filler(method: str, asked: Asked, request: Any, response: Any) -> Fill:
    """What puts a :classify or :regress and its answer into a PredictionLog."""

    def fill(log: Any) -> None:
        part = log.classify_log if method == "classify" else log.regress_log
        part.request.CopyFrom(request)
        asked.tell(part.request.model_spec, request.model_spec.signature_name)
        part.response.CopyFrom(response)

    return fill
