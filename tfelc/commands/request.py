"""Prints requests that a shell takes as they are: `tfelc request --run RUN --n 3`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def request(
    run: Annotated[Path, typer.Option(help="Folder of the trained run, whose data the requests are taken from.")],
    n: Annotated[int, typer.Option(min=1, help="Rows, or histories.")] = 3,
    name: Annotated[
        str | None, typer.Option(help="Name under which the model is served. Defaults to ranker or recommender.")
    ] = None,
    rest: Annotated[str, typer.Option(help="The server's REST address.")] = "http://127.0.0.1:8501",
    grpc: Annotated[str, typer.Option(help="The server's gRPC address.")] = "127.0.0.1:8500",
    write: Annotated[
        Path | None,
        typer.Option(
            help="Folder to write the requests to, with the .proto files and programs in Python, Java, Node and Go."
        ),
    ] = None,
) -> None:
    """Prints curl and grpcurl requests.

    For a ranker with rows of the run's validation split, or made ones where its data is gone; for a next-item model
    with histories of the test split.
    """
    from tfelc.core.tensorflow_start import load_tensorflow

    load_tensorflow()

    from tfelc.core.atomic_files import atomic_write
    from tfelc.core.cache import cache_home
    from tfelc.lifecycle.load import load
    from tfelc.ranker.export.requests import json_request
    from tfelc.serving.grpcurl import predict_message, service_descriptors
    from tfelc.serving.request_folder import write_request_folder

    model = load(run)
    name = name or model.served_name
    protoset = cache_home() / "tensorflow_serving.protoset"
    protoset.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(protoset) as temporary:
        temporary.write_bytes(service_descriptors())
    requests = list(model.ready_requests(n))
    if write is not None:
        for file in write_request_folder(write, name, rest, grpc, requests):
            typer.echo(f"wrote {file}", err=True)
    for title, signature, inputs in requests:
        body = shlex.quote(json_request(signature, inputs))
        message = shlex.quote(predict_message(name, signature, inputs))
        method = "tensorflow.serving.PredictionService/Predict"
        print(f"# {title}: REST\ncurl -d {body} {rest}/v1/models/{name}:predict\n")
        print(
            f"# {title}: gRPC\ngrpcurl -plaintext -protoset {shlex.quote(str(protoset))} -d {message} {grpc} {method}\n"
        )
