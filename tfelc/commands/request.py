"""Prints requests that a shell takes as they are: `tfelc request --run RUN --n 3`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from tfelc.next_item.run import NextItemRun
    from tfelc.ranker.run import RankerRun

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
# Items asked for.
_K = 5


@app.command()
def request(
    run: Annotated[Path, typer.Option(help="Folder of the trained run, whose data the requests are taken from.")],
    n: Annotated[int, typer.Option(min=1, help="Rows, or histories.")] = 3,
    name: Annotated[
        str | None, typer.Option(help="Name under which the model is served. Defaults to ranker or recommender.")
    ] = None,
    rest: Annotated[str, typer.Option(help="The server's REST address.")] = "http://127.0.0.1:8501",
    grpc: Annotated[str, typer.Option(help="The server's gRPC address.")] = "127.0.0.1:8500",
) -> None:
    """Prints curl and grpcurl requests.

    For a ranker with rows of the run's validation split, or made ones where its data is gone; for a next-item model
    with histories of the test split.
    """
    from tfelc.core.tensorflow_start import load_tensorflow

    load_tensorflow()

    from tfelc.core.atomic_files import atomic_write
    from tfelc.core.cache import cache_home
    from tfelc.lifecycle.run import Run
    from tfelc.next_item.run import NextItemRun
    from tfelc.ranker.export.requests import json_request

    opened: Any = Run.open(run)
    is_recommender = isinstance(opened, NextItemRun)
    name = name or ("recommender" if is_recommender else "ranker")
    # TensorFlow Serving does not tell grpcurl its messages, as a server with reflection would.
    protoset = cache_home() / "tensorflow_serving.protoset"
    protoset.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(protoset) as temporary:
        temporary.write_bytes(_descriptors())
    for title, signature, inputs in (_of_recommender if is_recommender else _of_ranker)(opened, n):
        body = shlex.quote(json_request(signature, inputs))
        message = shlex.quote(_message(name, signature, inputs))
        method = "tensorflow.serving.PredictionService/Predict"
        print(f"# {title}: REST\ncurl -d {body} {rest}/v1/models/{name}:predict\n")
        print(
            f"# {title}: gRPC\ngrpcurl -plaintext -protoset {shlex.quote(str(protoset))} -d {message} {grpc} {method}\n"
        )


def _of_ranker(run: RankerRun, rows: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    from tfelc.ranker.export.requests import request_inputs
    from tfelc.ranker.export.sample_rows import made_rows, real_rows
    from tfelc.ranker.export.signatures import RANK, SERVING_DEFAULT, input_specs

    schema = run.schema
    table = real_rows(run, rows)
    if table is None:
        table = made_rows(schema, run.fitted, rows)
    for title, signature in (("One score a row", SERVING_DEFAULT), ("One user, the rows' items", RANK)):
        if signature in input_specs(schema):
            yield title, signature, request_inputs(schema, signature, table)


def _of_recommender(run: NextItemRun, rows: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    import numpy as np

    from tfelc.next_item.export.exporter import popularity_and_histories
    from tfelc.next_item.export.requests import history_input
    from tfelc.next_item.export.signatures import EMBED, RECOMMEND, K, id_type_of

    inputs = history_input(popularity_and_histories(run, rows)[1], id_type_of(run.catalog))
    yield "The best items after each history", RECOMMEND, {**inputs, K: np.full(rows, _K, np.int64)}
    yield "The vectors of the histories", EMBED, inputs


def _message(name: str, signature: str, inputs: Mapping[str, Any]) -> str:
    from google.protobuf import json_format
    from tensorflow_serving.apis.predict_pb2 import PredictRequest

    from tfelc.serving.local_server.tensor_protos import fill_proto

    sent = PredictRequest()
    sent.model_spec.name, sent.model_spec.signature_name = name, signature
    for key, array in inputs.items():
        # In typed fields, which a person can read and edit.
        fill_proto(sent.inputs[key], array)
    return json_format.MessageToJson(sent, indent=None)


def _descriptors() -> bytes:
    """The service's file and all that it imports, the imported first."""
    from google.protobuf import descriptor_pb2
    from tensorflow_serving.apis import prediction_service_pb2

    found = descriptor_pb2.FileDescriptorSet()
    seen: set[str] = set()

    def add(file: Any) -> None:
        if file.name in seen:
            return
        seen.add(file.name)
        for imported in file.dependencies:
            add(imported)
        file.CopyToProto(found.file.add())

    add(prediction_service_pb2.DESCRIPTOR)
    return found.SerializeToString()
