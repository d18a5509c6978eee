"""How fast is the local server? Beside it the floor, the same requests on the C++ session in this process."""

import contextlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

_ROOT = Path(__file__).resolve().parents[2]
_CLIENTS = (1, 8, 32)
_ITEMS = (1, 100, 500)
_HOST = "127.0.0.1"
# Bars of the serving contract, each against the floor of the same run.
_REST_OVERHEAD_MS = 1.5
_GRPC_RATIO = 2.0
_ROLLOUT_RATIO = 3.0


def serving(
    base: Annotated[
        Path | None, typer.Option(help="Exported model. Defaults to one trained on 20,000 simulated rows for this.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.5, help="Seconds of each measurement.")] = 2.0,
    rollout_seconds: Annotated[
        float, typer.Option(min=5, help="Seconds of load with a roll-out in the middle.")
    ] = 60.0,
    out: Annotated[Path, typer.Option(help="Result file.")] = Path("results/serving.json"),
) -> None:
    """Drives the local server with keep-alive clients on the loopback and compares it to the session alone."""
    from rich.console import Console

    from pipelines.benchmarks.result_file import write_result

    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder) / "models"
        models.mkdir()
        with console.status("making a model") if base is None else contextlib.nullcontext():
            version = _newest(base if base is not None else _made(Path(folder)))
        shutil.copytree(version, models / "1")
        with console.status("measuring the session alone"):
            requests = _requests(version)
            floor = _floor(version, requests, seconds)
        with _server(models) as (rest_port, grpc_address):
            rows = _measure(requests, rest_port, grpc_address, seconds, console)
            with console.status(f"rolling a version out under load, {rollout_seconds:g} s"):
                rollout = _roll_out(models, version, requests, rest_port, grpc_address, rollout_seconds)
    bars = _bars(floor, rows, rollout)
    _print(console, floor, rows, rollout, bars)
    write_result(out, {"seconds": seconds, "floor": floor, "load": rows, "rollout": rollout, "bars": bars})
    console.print(f"written to {out}", soft_wrap=True)


def _made(folder: Path) -> Path:
    """A small model by way of the project's own commands."""
    base = folder / "exports"
    for command in (
        ["prepare.py", "simulated", "--rows", "20000", "--out", str(folder / "data")],
        ["train.py", "--task", "ctr,cvr", "--data", str(folder / "data"), "--run", str(folder / "run")]
        + ["--set", "training.epochs=1"],
        ["export.py", "--run", str(folder / "run"), "--to", str(base)],
    ):
        script, *options = command
        path = str(_ROOT / "pipelines" / script)
        subprocess.run([sys.executable, path, *options], check=True, stdout=subprocess.DEVNULL, cwd=_ROOT)
    return base


def _newest(base: Path) -> Path:
    from tfelc.errors import UsageError
    from tfelc.export.versions import list_versions

    versions = list_versions(base)
    if not versions:
        raise UsageError(f"{base}: holds no exported version")
    return base / str(versions[-1])


def _requests(version: Path) -> dict[tuple[str, int], dict[str, Any]]:
    """One row, and rankings of each size, from the rows that the version warms up with."""
    import numpy as np

    from tfelc.errors import ExportError
    from tfelc.export.feature_manifest import FeatureManifest
    from tfelc.export.request_log import read_requests
    from tfelc.export.warmup import WARMUP_FILE

    largest: dict[str, Any] = {}
    for request in read_requests(version / WARMUP_FILE):
        rows = max(len(array) for array in request.inputs.values())
        if rows > largest.get(request.signature, (0, None))[0]:
            largest[request.signature] = (rows, request.inputs)
    if not {"serving_default", "rank"} <= largest.keys():
        raise ExportError(f"{version}: its warm-up file lacks `serving_default` or `rank`")
    shapes = FeatureManifest.load(version).signatures["rank"]["inputs"]
    requests = {("serving_default", 1): {name: array[:1] for name, array in largest["serving_default"][1].items()}}
    for items in _ITEMS:
        requests["rank", items] = {
            name: array if shapes[name]["shape"][0] == 1 else array[np.arange(items) % len(array)]
            for name, array in largest["rank"][1].items()
        }
    return requests


def _floor(version: Path, requests: dict[tuple[str, int], Any], seconds: float) -> list[dict[str, Any]]:
    from pipelines.benchmarks.load import drive
    from tfelc.export.session_runner import SessionRunner

    found = []
    with SessionRunner(version) as runner:
        for (signature, items), inputs in requests.items():

            def call(signature: str = signature, inputs: Any = inputs) -> None:
                runner.run(signature, inputs)

            for _ in range(20):
                call()
            load = drive(lambda call=call: call, 1, seconds)  # type: ignore[misc]
            found.append({"signature": signature, "items": items, **_figures(load, items)})
    return found


def _figures(load: Any, items: int) -> dict[str, Any]:
    rate = len(load.seconds) / load.wall
    return {**load.percentiles(), "requests_per_s": rate, "rows_per_s": rate * items, "failed": len(load.failures)}


@contextlib.contextmanager
def _server(models: Path) -> Iterator[tuple[int, str]]:
    command = [sys.executable, "-m", "serving.local_server", "--base-path", str(models), "--name", "ranker"]
    options = ["--rest-port", "0", "--grpc-port", "0", "--host", _HOST]
    process = subprocess.Popen(
        [*command, *options], cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline().split()
        if not line:
            raise RuntimeError("the local server did not start; start it by hand to see why")
        yield int(line[2].rsplit(":", 1)[1]), line[4]
    finally:
        process.terminate()
        process.wait(30)


def _connectors(signature: str, inputs: dict[str, Any], rest_port: int, grpc_address: str) -> dict[str, Any]:
    import json

    import tensorflow as tf
    from tensorflow_serving.apis.predict_pb2 import PredictRequest

    from pipelines.benchmarks.load import grpc_client, rest_client

    columns = {name: _plain(array.tolist()) for name, array in inputs.items()}
    body = json.dumps({"signature_name": signature, "inputs": columns}).encode()
    request = PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "ranker", signature
    for name, array in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(array))
    sent = request.SerializeToString()
    return {
        "REST": lambda: rest_client(_HOST, rest_port, "/v1/models/ranker:predict", body),
        "gRPC": lambda: grpc_client(grpc_address, sent),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.decode() if isinstance(value, bytes) else value


def _measure(
    requests: dict[tuple[str, int], Any], rest_port: int, grpc_address: str, seconds: float, console: Any
) -> list[dict[str, Any]]:
    from pipelines.benchmarks.load import drive

    found = []
    with console.status("") as status:
        for (signature, items), inputs in requests.items():
            for protocol, connect in _connectors(signature, inputs, rest_port, grpc_address).items():
                for clients in _CLIENTS:
                    status.update(f"{protocol}, {signature} of {items}, {clients} clients")
                    load = drive(connect, clients, seconds)
                    found.append(
                        {
                            "protocol": protocol,
                            "signature": signature,
                            "items": items,
                            "clients": clients,
                            **_figures(load, items),
                        }
                    )
    return found


def _roll_out(
    models: Path, version: Path, requests: dict[tuple[str, int], Any], rest_port: int, grpc_address: str, seconds: float
) -> dict[str, Any]:
    """32 clients, half of each protocol; in the middle version 2 appears, and takes over from version 1."""
    import numpy as np

    from pipelines.benchmarks.load import drive, percentiles
    from serving.client.rest_client import RestClient

    connectors = list(_connectors("serving_default", requests["serving_default", 1], rest_port, grpc_address).values())
    turns = iter(range(32))
    moments: list[float] = []

    def roll() -> None:
        time.sleep(seconds / 2)
        hidden = models / ".copying"
        shutil.copytree(version, hidden)
        moments.append(time.perf_counter())
        hidden.rename(models / "2")
        with RestClient(f"http://{_HOST}:{rest_port}", timeout=30.0) as client:
            while client.status().get(2) != "AVAILABLE" or client.status().get(1) != "END":
                time.sleep(0.05)
        moments.append(time.perf_counter())

    roller = threading.Thread(target=roll, daemon=True)
    roller.start()
    load = drive(lambda: connectors[next(turns) % 2](), 32, seconds)
    roller.join(30)
    if len(moments) < 2:
        raise RuntimeError("the new version did not take over within 30 s of the end of the load")
    begun = load.ended - load.seconds
    during = (load.ended >= moments[0]) & (begun <= moments[1])
    return {
        "clients": 32,
        "requests": len(load.seconds),
        "failed": len(load.failures),
        "failures": sorted(set(load.failures))[:5],
        "rollout_s": moments[1] - moments[0],
        "during": {**percentiles(load.seconds[during]), "requests": int(during.sum())},
        "outside": {**percentiles(load.seconds[~during]), "requests": int(np.sum(~during))},
    }


def _bars(floor: list[dict[str, Any]], rows: list[dict[str, Any]], rollout: dict[str, Any]) -> list[dict[str, Any]]:
    def p50(found: list[dict[str, Any]], **which: Any) -> float:
        return float(next(row["p50"] for row in found if all(row[key] == value for key, value in which.items())))

    one = {"signature": "serving_default", "items": 1}
    many = {"signature": "rank", "items": 500}
    overhead = p50(rows, protocol="REST", clients=1, **one) - p50(floor, **one)
    ratio = p50(rows, protocol="gRPC", clients=1, **many) / p50(floor, **many)
    tail = rollout["during"]["p99"] / rollout["outside"]["p99"]
    return [
        _bar("REST, one row: p50 above the session's, ms", overhead, _REST_OVERHEAD_MS),
        _bar("gRPC, rank of 500: p50 over the session's", ratio, _GRPC_RATIO),
        _bar("roll-out: failed requests", rollout["failed"], 0),
        _bar("roll-out: p99 during over p99 outside", tail, _ROLLOUT_RATIO),
    ]


def _bar(what: str, value: float, limit: float) -> dict[str, Any]:
    return {"what": what, "value": value, "limit": limit, "holds": value <= limit}


def _print(console: Any, floor: Any, rows: Any, rollout: Any, bars: Any) -> None:
    from rich.table import Table

    table = Table("", "signature", "items", "clients", "p50 ms", "p95 ms", "p99 ms", "rows/s", "failed", title="Load")
    for row in [{"protocol": "session", "clients": 1, **row} for row in floor] + rows:
        times = [f"{row[name]:.2f}" for name in ("p50", "p95", "p99")]
        counts = [str(row[name]) for name in ("items", "clients")]
        table.add_row(
            row["protocol"], row["signature"], *counts, *times, f"{row['rows_per_s']:,.0f}", str(row["failed"])
        )
    console.print(table)
    console.print(
        f"Roll-out under 32 clients: {rollout['requests']:,} requests, {rollout['failed']} failed; "
        f"{rollout['rollout_s']:.1f} s from the folder's appearance to the old version's end; "
        f"p99 {rollout['during']['p99']:.1f} ms during it, {rollout['outside']['p99']:.1f} ms outside"
    )
    for bar in bars:
        mark = "holds" if bar["holds"] else "[bold red]missed[/bold red]"
        console.print(f"{bar['what']}: {bar['value']:.2f}, at most {bar['limit']:g}: {mark}")
