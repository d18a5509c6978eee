"""Starts the local server: `tfelc serve --base-path BASE --name ranker`."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
_LAST_PORT = 65_535
_MIB = 2**20


@app.command()
def serve(
    base_path: Annotated[
        Path | None,
        typer.Option(
            help="Folder with one folder a version: the latest is served, and each that appears. One of its "
            "versions, BASE/<version>, stands for that version alone."
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="The model's name in requests.")] = "ranker",
    config: Annotated[Path | None, typer.Option(help="A models.config file, instead of --base-path.")] = None,
    config_poll: Annotated[float, typer.Option(min=0, help="Seconds between two looks at --config; 0: never.")] = 0.0,
    rest_port: Annotated[int, typer.Option(help="Port of REST; 0 for any free one.")] = 8501,
    grpc_port: Annotated[int, typer.Option(help="Port of gRPC; 0 for any free one.")] = 8500,
    host: Annotated[str, typer.Option(help="Address of both ports.")] = "127.0.0.1",
    batching: Annotated[Path | None, typer.Option(help="A batching.config file: join requests into batches.")] = None,
    monitoring: Annotated[Path | None, typer.Option(help="A monitoring.config file: another metrics path.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Requests at work at once.")] = None,
    queue: Annotated[int, typer.Option(min=0, help="Requests that may wait; more are refused.")] = 256,
    timeout: Annotated[float, typer.Option(min=0.001, help="Seconds that a request may take.")] = 30.0,
    max_body_mib: Annotated[int, typer.Option(min=1, help="Size of a request at most, in MiB.")] = 64,
    max_bodies_mib: Annotated[int, typer.Option(min=1, help="Size of all REST bodies in memory, in MiB.")] = 256,
    max_connections: Annotated[int, typer.Option(min=1, help="REST connections at a time.")] = 1000,
    allowed_host: Annotated[
        list[str] | None, typer.Option(help="A name that requests may use as Host, beside addresses and localhost.")
    ] = None,
    access_log: Annotated[float, typer.Option(min=0, max=1, help="Share of requests to log, as JSON; 0: none.")] = 0.0,
    request_log: Annotated[
        Path | None, typer.Option(help="Folder for sampled requests and answers, as TFRecord files of PredictionLog.")
    ] = None,
    request_log_sample: Annotated[float, typer.Option(min=0, max=1, help="Share of the requests for it.")] = 0.01,
    request_log_file_mib: Annotated[
        float, typer.Option(min=0.001, help="Size at which such a file ends, in MiB.")
    ] = 64,
    request_log_file_seconds: Annotated[float, typer.Option(min=0.1, help="Age at which it ends.")] = 600,
    request_log_total_mib: Annotated[
        float, typer.Option(min=0.001, help="Size of all of them, in MiB: the oldest are deleted.")
    ] = 4096,
    drain: Annotated[float, typer.Option(min=0, help="Seconds for requests under way after SIGTERM.")] = 10.0,
    poll: Annotated[float, typer.Option(min=0.01, help="Seconds between two looks at the folders.")] = 1.0,
    session_threads: Annotated[int, typer.Option(min=0, help="Threads of a session's pools; 0: one a core.")] = 0,
    allow_version_labels_for_unavailable_models: Annotated[
        bool, typer.Option(help="Let a label name a version that does not answer yet.")
    ] = False,
) -> None:
    """Serves a SavedModel's versions with TensorFlow Serving's REST and gRPC contract."""
    from tfelc.core.errors import UsageError

    if (base_path is None) == (config is None):
        raise UsageError("give --base-path or --config, one of them")
    for option, port in (("--rest-port", rest_port), ("--grpc-port", grpc_port)):
        if not 0 <= port <= _LAST_PORT:
            raise UsageError(f"{option} is a port from 0 to {_LAST_PORT}. Received: {port}")
    if request_log_total_mib < request_log_file_mib:
        raise UsageError("--request-log-total-mib is at least --request-log-file-mib")
    served = [] if base_path is None else [_served(name, base_path)]
    logging.basicConfig(format="%(asctime)s %(name)s: %(message)s", level=logging.WARNING)
    logging.getLogger("tfelc.serving").setLevel(logging.INFO)

    from tfelc.core.tensorflow_start import load_tensorflow

    load_tensorflow()

    from tfelc.serving.local_server.batcher import BatchingOptions
    from tfelc.serving.local_server.config_file import read_batching, read_models, read_monitoring
    from tfelc.serving.local_server.model_config import ModelConfig
    from tfelc.serving.local_server.request_logging.log_files import LogLimits
    from tfelc.serving.local_server.request_logging.request_log import RequestLogOptions
    from tfelc.serving.local_server.server import Server, ServerOptions

    metrics_path = read_monitoring(monitoring).prometheus_config.path if monitoring else ""
    options = ServerOptions(
        host=host,
        rest_port=rest_port,
        grpc_port=grpc_port,
        workers=workers,
        queue=queue,
        timeout=timeout,
        max_body=max_body_mib * _MIB,
        max_bodies=max_bodies_mib * _MIB,
        max_connections=max_connections,
        allowed_hosts=allowed_host or (),
        access_log=access_log,
        request_log=RequestLogOptions(
            None if request_log is None else request_log.absolute(),
            request_log_sample,
            LogLimits(int(request_log_file_mib * _MIB), request_log_file_seconds, int(request_log_total_mib * _MIB)),
        ),
        drain=drain,
        poll=poll,
        threads=session_threads,
        batching=BatchingOptions.from_message(read_batching(batching)) if batching else None,
        labels_may_wait=allow_version_labels_for_unavailable_models,
        config_file=config,
        config_poll=config_poll,
        metrics_path=metrics_path or ServerOptions.metrics_path,
    )
    models = read_models(config) if config else [ModelConfig(name, base, **which) for base, which in served]
    Server(options, models).run()
    # The interpreter would wait for threads inside a session, which cannot be stopped, and take seconds to free models.
    logging.shutdown()
    os._exit(0)


def _served(name: str, path: Path) -> tuple[Path, dict[str, Any]]:
    """The base folder, and which of its versions, where one is named."""
    from tfelc.core.errors import UsageError
    from tfelc.lifecycle.export.versions import is_version, list_versions

    where = path.absolute()
    if is_version(where) and (where / "saved_model.pb").is_file():
        said = f"--base-path {path} is a version: {name} stays version {where.name}; name {path.parent} for the latest"
        typer.echo(said, err=True)
        return where.parent, {"policy": "specific", "versions": (int(where.name),)}
    if not where.is_dir():
        raise UsageError(f"--base-path {path}: no such folder; name the one that `tfelc export --to` wrote to")
    if not list_versions(where):
        raise UsageError(f"--base-path {path}: holds no version, BASE/<integer>; `tfelc export --to {path}` writes one")
    return where, {}
