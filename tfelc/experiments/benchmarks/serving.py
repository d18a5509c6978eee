"""How fast is the local server? Beside it the floor, the same requests on the C++ session in this process."""

import contextlib
import shutil
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

_MANY_CLIENTS = (8, 32)
# The session and a single client of the server take turns, so that what else the machine does falls on both.
_TURNS = 4
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
    from tfelc.core.tensorflow_start import load_tensorflow

    load_tensorflow()

    from rich.console import Console

    from tfelc.experiments.benchmarks import serving_target
    from tfelc.experiments.result_file import write_result

    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder) / "models"
        models.mkdir()
        with console.status("making a model") if base is None else contextlib.nullcontext():
            made = serving_target.make_model(Path(folder)) if base is None else base
            version = serving_target.newest_version(made)
        shutil.copytree(version, models / "1")
        requests = serving_target.read_rows(version)
        with serving_target.local_server(models) as (rest_port, grpc_address):
            rows = _measure(version, requests, rest_port, grpc_address, seconds, console)
            with console.status(f"rolling a version out under load, {rollout_seconds:g} s"):
                rollout = _roll_out(models, version, requests, rest_port, grpc_address, rollout_seconds)
    bars = _bars(rows, rollout)
    _print(console, rows, rollout, bars)
    write_result(out, {"seconds": seconds, "load": rows, "rollout": rollout, "bars": bars})
    console.print(f"written to {out}", soft_wrap=True)


def _measure(
    version: Path, requests: Any, rest_port: int, grpc_address: str, seconds: float, console: Any
) -> list[dict[str, Any]]:
    from tfelc.experiments.benchmarks.load import Load, drive
    from tfelc.experiments.benchmarks.serving_target import connectors
    from tfelc.lifecycle.export.session_runner import SessionRunner

    found = []
    with SessionRunner(version) as runner, console.status("") as status:
        for (signature, items), inputs in requests.items():

            def note(protocol: str, clients: int, load: Any, signature: str = signature, items: int = items) -> None:
                row = {"protocol": protocol, "signature": signature, "items": items, "clients": clients}
                found.append({**row, **_figures(load, items)})

            connect = connectors(signature, inputs, rest_port, grpc_address)
            calls = {name: made() for name, made in connect.items()}
            calls["session"] = partial(runner.run, signature, inputs)
            taken: dict[str, list[Load]] = {name: [] for name in ("session", *connect)}
            status.update(f"{signature} of {items}, one client")
            for _ in range(_TURNS):
                for name, parts in taken.items():
                    parts.append(drive(lambda call=calls[name]: call, 1, seconds / _TURNS))
            for name, parts in taken.items():
                note(name, 1, Load.joined(parts))
            for protocol, made in connect.items():
                for clients in _MANY_CLIENTS:
                    status.update(f"{protocol}, {signature} of {items}, {clients} clients")
                    note(protocol, clients, drive(made, clients, seconds))
    return found


def _figures(load: Any, items: int) -> dict[str, Any]:
    rate = len(load.seconds) / load.wall
    return {**load.percentiles(), "requests_per_s": rate, "rows_per_s": rate * items, "failed": len(load.failures)}


def _roll_out(
    models: Path, version: Path, requests: Any, rest_port: int, grpc_address: str, seconds: float
) -> dict[str, Any]:
    """32 clients, half of each protocol; in the middle version 2 appears, and takes over from version 1."""
    import numpy as np

    from tfelc.experiments.benchmarks.load import drive, percentiles
    from tfelc.experiments.benchmarks.serving_target import HOST, connectors
    from tfelc.serving.client.rest_client import RestClient

    one = requests["serving_default", 1]
    protocols = list(connectors("serving_default", one, rest_port, grpc_address).values())
    turns = iter(range(32))
    moments: list[float] = []

    def roll() -> None:
        time.sleep(seconds / 2)
        hidden = models / ".copying"
        shutil.copytree(version, hidden)
        moments.append(time.perf_counter())
        hidden.rename(models / "2")
        with RestClient(f"http://{HOST}:{rest_port}", timeout=30.0) as client:
            while client.status().get(2) != "AVAILABLE" or client.status().get(1) != "END":
                time.sleep(0.05)
        moments.append(time.perf_counter())

    roller = threading.Thread(target=roll, daemon=True)
    roller.start()
    load = drive(lambda: protocols[next(turns) % 2](), 32, seconds)
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


def _bars(rows: list[dict[str, Any]], rollout: dict[str, Any]) -> list[dict[str, Any]]:
    def p50(protocol: str, signature: str, items: int) -> float:
        wanted = (protocol, signature, items, 1)
        names = ("protocol", "signature", "items", "clients")
        return float(next(row["p50"] for row in rows if tuple(row[name] for name in names) == wanted))

    overhead = p50("REST", "serving_default", 1) - p50("session", "serving_default", 1)
    ratio = p50("gRPC", "rank", 500) / p50("session", "rank", 500)
    tail = rollout["during"]["p99"] / rollout["outside"]["p99"]
    return [
        _bar("REST, one row: p50 above the session's, ms", overhead, _REST_OVERHEAD_MS),
        _bar("gRPC, rank of 500: p50 over the session's", ratio, _GRPC_RATIO),
        _bar("roll-out: failed requests", rollout["failed"], 0),
        _bar("roll-out: p99 during over p99 outside", tail, _ROLLOUT_RATIO),
    ]


def _bar(what: str, value: float, limit: float) -> dict[str, Any]:
    return {"what": what, "value": value, "limit": limit, "holds": value <= limit}


def _print(console: Any, rows: Any, rollout: Any, bars: Any) -> None:
    from rich.table import Table

    table = Table("", "signature", "items", "clients", "p50 ms", "p95 ms", "p99 ms", "rows/s", "failed", title="Load")
    for row in rows:
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
