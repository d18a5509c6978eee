"""What it costs the local server to log its requests: servers that log all, a tenth or none, asked in turn."""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tfelc.experiments.table import Table

SHARES = (0.0, 0.1, 1.0)
_CLIENTS = (1, 32)
_TURNS = 4
_ASKED = (("serving_default", 1), ("rank", 100))
_RECORDS = "local_server_request_log_records{"


def logged(version: str, seconds: float) -> list[dict[str, Any]]:
    """Percentiles in ms, rates and records of each request, protocol, number of clients and logged share.

    The servers run at once and are asked in turn, so that what else the machine does falls on all of them.

    Args:
        version: An exported version.
        seconds: Of each measurement.
    """
    from tfelc.experiments.benchmarks.load import Load, connectors, requests_of, served

    found: list[dict[str, Any]] = []
    requests = requests_of(Path(version))
    with contextlib.ExitStack() as stack:
        servers = {share: stack.enter_context(served(Path(version), share)) for share in SHARES}
        for signature, items in _ASKED:
            made = {share: connectors(one, signature, requests[signature, items]) for share, one in servers.items()}
            for protocol in made[SHARES[0]]:
                for clients in _CLIENTS:
                    loads = {share: Load([one[protocol]() for _ in range(clients)]) for share, one in made.items()}
                    for load in [*loads.values()] * _TURNS:
                        load.drive(seconds / _TURNS)
                    asked = {"protocol": protocol, "signature": signature, "items": items, "clients": clients}
                    found += [{**asked, "share": share, **one.figures(items)} for share, one in loads.items()]
        records = {share: log_records(one.rest) for share, one in servers.items()}
    return [{**one, "records": records[one["share"]]} for one in found]


def request_log_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """The median latency and the rate of servers that log, over those of one that does not."""
    names = ("protocol", "signature", "items", "clients")
    off = {tuple(row[name] for name in names): row for row in rows if not row["share"]}
    shares = sorted({row["share"] for row in rows if row["share"]})
    cells = []
    for key, base in off.items():
        same = {row["share"]: row for row in rows if tuple(row[name] for name in names) == key}
        ratios = [f"{same[share][name] / base[name]:.2f}" for name in ("p50", "rows_per_s") for share in shares]
        cells.append(["{}, {} of {}, {} at once".format(*key), f"{base['p50']:.2f}", *ratios])
    headings = [f"{what}, {share:g} logged" for what in ("p50", "rate") for share in shares]
    records = {f"{row['share']:g}": row["records"] for row in rows if row["share"]}
    told = "; ".join(f"{one['logged']:,} and {one['dropped']:,} at {share}" for share, one in records.items())
    note = f"Ratios to the server that logs nothing, asked in turn. Records that were logged and dropped: {told}"
    return Table("log of requests", ["way", "p50 ms without", *headings], cells, note)


def log_records(server: str) -> dict[str, int]:
    """How many records a server has `logged` and `dropped`, as its metrics say.

    Args:
        server: Where it answers REST, as `host:port`.
    """
    import urllib.request

    with urllib.request.urlopen(f"http://{server}/monitoring/prometheus/metrics", timeout=30) as answer:
        lines = [line for line in answer.read().decode().splitlines() if line.startswith(_RECORDS)]
    return {
        outcome: round(sum(float(line.split()[-1]) for line in lines if f'outcome="{outcome}"' in line))
        for outcome in ("logged", "dropped")
    }
