"""How fast is the local server? Beside it the floor, the same requests on the C++ session in the client's process."""

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from tfelc.experiments.benchmarks.harness import Way, tfelc
from tfelc.experiments.benchmarks.request_log import logged, request_log_table
from tfelc.experiments.options import OutOption
from tfelc.experiments.table import Table

_MANY_CLIENTS = (8, 32)
_TURNS = 4
# As ratios, since a slower machine slows both; by signature and items.
_LATENCY_BARS = {
    ("serving_default", 1): {"REST": 2.0, "gRPC": 1.8},
    ("rank", 100): {"REST": 2.2, "gRPC": 1.7},
    ("rank", 500): {"REST": 2.0, "gRPC": 1.5},
}
_RATE_BARS = {("REST", "serving_default", 1): 0.65, ("gRPC", "rank", 500): 0.88}


def serving(
    base: Annotated[Path | None, typer.Option(help="Exported model. Defaults to a small one trained for this.")] = None,
    seconds: Annotated[float, typer.Option(min=0.5, help="Seconds of each measurement.")] = 2.0,
    rollout_seconds: Annotated[float, typer.Option(min=5, help="Seconds of load, a roll-out in the middle.")] = 60.0,
    out: OutOption = Path("results/serving.json"),
) -> None:
    """Drives the local server with keep-alive clients on the loopback and compares it to the session alone."""
    from rich.console import Console

    from tfelc.core.errors import UsageError
    from tfelc.experiments.result_file import publish
    from tfelc.lifecycle.export.versions import list_versions

    console = Console()
    with tempfile.TemporaryDirectory() as temporary:
        if base is None:
            folder, base = Path(temporary), Path(temporary) / "exports"
            with console.status("making a model"):
                tfelc("prepare", "simulated", "--rows", 20_000, "--out", folder / "data")
                options = ("--data", folder / "data", "--run", folder / "run", "--set", "training.epochs=1")
                tfelc("train", "--task", "ctr,cvr", *options)
                tfelc("export", "--run", folder / "run", "--to", base)
        if not (versions := list_versions(base)):
            raise UsageError(f"{base}: holds no exported version")
        version = base / str(versions[-1])
        with console.status("calling the server"):
            result = Way("load", load, {"version": version, "seconds": seconds}).run()
        with console.status("logging requests"):
            result["request_log"] = Way("logging", logged, {"version": version, "seconds": seconds}).run()
        with console.status(f"rolling a version out under load, {rollout_seconds:g} s"):
            result["rollout"] = Way("roll-out", roll_out, {"version": version, "seconds": rollout_seconds}).run()
    publish(out, "serving", {"seconds": seconds, **result}, console)


def tables(result: Mapping[str, Any]) -> list[Table]:
    """The load, the roll-out under load, what logging requests costs, and the bars of the serving contract."""
    rows, rollout = result["load"], result["rollout"]
    floors = {(row["signature"], row["items"]): row["p50"] for row in rows if row["protocol"] == "session"}
    cells = [
        [f"{row['protocol']}, {row['signature']} of {row['items']}, {row['clients']} at once"]
        + [f"{row[name]:.2f}" for name in ("p50", "p95", "p99")]
        + _without_client(row, floors[row["signature"], row["items"]])
        + [f"{row['rows_per_s']:,.0f}", str(row["failed"])]
        for row in rows
    ]
    during, outside = rollout["during"]["p99"], rollout["outside"]["p99"]
    told = (
        f"Roll-out under {rollout['clients']} clients: {rollout['requests']:,} requests, {rollout['failed']} failed; "
        f"{rollout['rollout_s']:.1f} s from the folder's appearance to the old version's end; "
        f"p99 {during:.1f} ms during it, {outside:.1f} ms outside"
    )
    held = [
        [what, f"{value:.2f}", f"{'at most' if at_most else 'at least'} {bar:g}", "holds" if holds else "MISSED"]
        for what, value, bar, at_most in _bars(rows, rollout)
        for holds in [value <= bar if at_most else value >= bar]
    ]
    logs = [request_log_table(result["request_log"])] if "request_log" in result else []
    return [
        Table("load", ["way", "p50 ms", "p95 ms", "p99 ms", "client ms", "ratio", "rows/s", "failed"], cells, told),
        *logs,
        Table("bars", ["", "measured", "bar", ""], held),
    ]


def _without_client(row: Mapping[str, Any], floor: float) -> list[str]:
    """A single client's own CPU time of a request, and what is left of the median without it over the session's."""
    if row["protocol"] == "session" or row["clients"] > 1:
        return ["", ""]
    return [f"{row['cpu_ms']:.2f}", f"{(row['p50'] - row['cpu_ms']) / floor:.2f}"]


def _bars(rows: Sequence[Mapping[str, Any]], rollout: Mapping[str, Any]) -> Iterator[tuple[str, float, float, bool]]:
    """What is measured, its value, the bar, and whether the value is to be at most that."""
    found = {(row["protocol"], row["signature"], row["items"], row["clients"]): row for row in rows}
    for (signature, items), bars in _LATENCY_BARS.items():
        floor = found["session", signature, items, 1]["p50"]
        for protocol, bar in bars.items():
            row = found[protocol, signature, items, 1]
            what = f"{protocol}, {signature} of {items}: p50 without the client over the session's"
            yield what, (row["p50"] - row["cpu_ms"]) / floor, bar, True
    for (protocol, signature, items), bar in _RATE_BARS.items():
        session = found["session", signature, items, 1]["rows_per_s"]
        what = f"{protocol}, {signature} of {items}, {_MANY_CLIENTS[-1]} at once: rate over the session's"
        yield what, found[protocol, signature, items, _MANY_CLIENTS[-1]]["rows_per_s"] / session, bar, False
    yield "roll-out: failed requests", rollout["failed"], 0, True
    yield "roll-out: p99 during over p99 outside", rollout["during"]["p99"] / rollout["outside"]["p99"], 1.2, True


def load(version: str, seconds: float) -> dict[str, Any]:
    """Each request by one client, in turn with the session, and by many: percentiles in ms, and rates."""
    from tfelc.experiments.benchmarks.load import Load, connectors, requests_of, served
    from tfelc.lifecycle.export.session_runner import SessionRunner
    from tfelc.ranker.export.feature_manifest import FeatureManifest

    rows = []
    with served(Path(version)) as server, SessionRunner(Path(version)) as runner:
        for (signature, items), inputs in requests_of(Path(version)).items():
            connect = connectors(server, signature, inputs)
            loads = {("session", 1): Load([partial(runner.run, signature, inputs)])}
            loads |= {(name, 1): Load([made()]) for name, made in connect.items()}
            # The session and a single client of the server take turns, so that what else runs here falls on both.
            for one in [*loads.values()] * _TURNS:
                one.drive(seconds / _TURNS)
            for name, made in connect.items():
                for clients in _MANY_CLIENTS:
                    loads[name, clients] = Load([made() for _ in range(clients)])
                    loads[name, clients].drive(seconds)
            asked = {"signature": signature, "items": items}
            rows += [
                {"protocol": name, "clients": n, **asked, **one.figures(items)} for (name, n), one in loads.items()
            ]
    return {"data_hash": FeatureManifest.load(Path(version)).run["data_hash"], "load": rows}


def roll_out(version: str, seconds: float) -> dict[str, Any]:
    """32 clients, half of each protocol; in the middle version 2 appears, and takes over from version 1."""
    from tfelc.experiments.benchmarks.load import Load, connectors, percentiles, requests_of, served
    from tfelc.serving.client.rest_client import RestClient

    moments: list[float] = []
    with served(Path(version)) as server:

        def roll() -> None:
            time.sleep(seconds / 2)
            hidden = server.models / ".copying"
            shutil.copytree(version, hidden)
            moments.append(time.perf_counter())
            hidden.rename(server.models / "2")
            with RestClient(f"http://{server.rest}", timeout=30.0) as client:
                while client.status().get(2) != "AVAILABLE" or client.status().get(1) != "END":
                    time.sleep(0.05)
            moments.append(time.perf_counter())

        one = requests_of(Path(version))["serving_default", 1]
        found = Load([made() for made in connectors(server, "serving_default", one).values() for _ in range(16)])
        roller = threading.Thread(target=roll, daemon=True)
        roller.start()
        found.drive(seconds)
        roller.join(30)
    if len(moments) < 2:
        raise RuntimeError("the new version did not take over within 30 s of the end of the load")
    sent, answered = found.times
    during = (answered >= moments[0]) & (sent <= moments[1])
    return {
        "clients": 32,
        "requests": len(sent),
        "failed": len(found.failures),
        "failures": sorted(set(found.failures))[:5],
        "rollout_s": moments[1] - moments[0],
        "during": percentiles(found.times[:, during]),
        "outside": percentiles(found.times[:, ~during]),
    }
