import threading
import time

import numpy as np
import pytest

from tfelc.experiments.benchmarks import serving
from tfelc.experiments.benchmarks.load import Load, connectors, percentiles, requests_of, served
from tfelc.experiments.benchmarks.request_log import log_records


def _row(protocol, signature, items, p50, clients=1, rows_per_s=1000.0):
    row = {"protocol": protocol, "signature": signature, "items": items, "clients": clients, "p50": p50, "cpu_ms": 0.25}
    return {**row, "p95": p50 + 1, "p99": p50 + 2, "rows_per_s": rows_per_s, "failed": 0}


ROWS = [
    _row("session", "serving_default", 1, 0.5),
    _row("REST", "serving_default", 1, 1.25),
    _row("gRPC", "serving_default", 1, 1.0),
    _row("REST", "serving_default", 1, 30.0, clients=32, rows_per_s=649.0),
    *(_row(protocol, "rank", 100, p50) for protocol, p50 in (("session", 1.0), ("REST", 2.5), ("gRPC", 1.95))),
    _row("session", "rank", 500, 2.0, rows_per_s=100.0),
    _row("REST", "rank", 500, 4.25),
    _row("gRPC", "rank", 500, 5.0),
    _row("gRPC", "rank", 500, 9.0, clients=32, rows_per_s=90.0),
]
ROLLOUT = {
    "clients": 32, "requests": 67_942, "failed": 1, "failures": [], "rollout_s": 1.5,
    "during": {"p99": 69.0}, "outside": {"p99": 46.0},
}  # fmt: skip


def test_the_tables_tell_the_load_the_roll_out_and_the_bars():
    load, bars = serving.tables({"load": ROWS, "rollout": ROLLOUT})
    assert load.rows[9] == ["gRPC, rank of 500, 1 at once", "5.00", "6.00", "7.00", "0.25", "2.38", "1,000", "0"]
    assert load.rows[10] == ["gRPC, rank of 500, 32 at once", "9.00", "10.00", "11.00", "", "", "90", "0"]
    assert load.note == (
        "Roll-out under 32 clients: 67,942 requests, 1 failed; 1.5 s from the folder's appearance to the old "
        "version's end; p99 69.0 ms during it, 46.0 ms outside"
    )
    # Each is held against the session of the same run; what the client itself takes, 0.25 ms, is not the server's.
    over = "p50 without the client over the session's"
    assert bars.rows == [
        [f"REST, serving_default of 1: {over}", "2.00", "at most 2", "holds"],
        [f"gRPC, serving_default of 1: {over}", "1.50", "at most 1.8", "holds"],
        [f"REST, rank of 100: {over}", "2.25", "at most 2.2", "MISSED"],
        [f"gRPC, rank of 100: {over}", "1.70", "at most 1.7", "holds"],
        [f"REST, rank of 500: {over}", "2.00", "at most 2", "holds"],
        [f"gRPC, rank of 500: {over}", "2.38", "at most 1.5", "MISSED"],
        ["REST, serving_default of 1, 32 at once: rate over the session's", "0.65", "at least 0.65", "MISSED"],
        ["gRPC, rank of 500, 32 at once: rate over the session's", "0.90", "at least 0.88", "holds"],
        ["roll-out: failed requests", "1.00", "at most 0", "MISSED"],
        ["roll-out: p99 during over p99 outside", "1.50", "at most 1.2", "MISSED"],
    ]


def test_what_a_log_costs_is_told_as_ratios_to_the_same_server_without():
    rows = [
        {**_row("gRPC", "rank", 100, p50, rows_per_s=rate), "share": share, "records": {"logged": 1200, "dropped": 3}}
        for share, p50, rate in ((0.0, 2.0, 1000.0), (0.1, 2.1, 950.0), (1.0, 3.0, 600.0))
    ]
    load, log, bars = serving.tables({"load": ROWS, "rollout": ROLLOUT, "request_log": rows})
    assert (load.title, bars.title) == ("load", "bars")
    assert log.headings[2:] == ["p50, 0.1 logged", "p50, 1 logged", "rate, 0.1 logged", "rate, 1 logged"]
    assert log.rows == [["gRPC, rank of 100, 1 at once", "2.00", "1.05", "1.50", "0.95", "0.60"]]
    assert log.note.endswith("logged and dropped: 1,200 and 3 at 0.1; 1,200 and 3 at 1")


def test_each_client_sends_its_next_request_when_it_has_the_answer():
    at_once, most = [], []
    lock = threading.Lock()

    def call():
        with lock:
            at_once.append(1)
            most.append(len(at_once))
        time.sleep(0.02)
        at_once.pop()

    load = Load([call, call])
    assert len(most) == 2
    load.drive(0.2)
    load.drive(0.2)
    sent, answered = load.times
    assert max(most) == 2 and load.failures == []
    assert len(sent) >= 16 and np.all(answered - sent >= 0.02)
    # Two clients, one request each at a time.
    assert len(sent) * 0.02 / 2 <= answered.max() - sent.min() + 0.02
    found = load.figures(items=5)
    assert found["rows_per_s"] == pytest.approx(5 * len(sent) / 0.4, rel=0.3) and found["p50"] >= 20
    # The clients sleep: what they take of a processor is far below what a request takes.
    assert 0 < found["cpu_ms"] < 10


def test_a_request_that_fails_counts_as_failed_and_not_as_answered():
    calls = []

    def call():
        calls.append(1)
        if len(calls) > 1:
            raise ConnectionError("refused")

    load = Load([call])
    load.drive(0.1)
    assert set(load.failures) == {"ConnectionError: refused"} and load.times.shape == (2, 0)
    assert load.figures(items=1)["failed"] == len(load.failures) <= 4
    assert np.isnan(load.figures(items=1)["p50"])


def test_percentiles_are_in_milliseconds():
    sent = np.arange(101) * 1.0
    found = percentiles(np.stack([sent, sent + np.arange(101) / 1000]))
    assert found == pytest.approx({"p50": 50.0, "p95": 95.0, "p99": 99.0})


def test_both_protocols_are_answered_by_a_server_of_its_own(exported):
    requests = requests_of(exported.path)
    assert list(requests) == [("serving_default", 1), ("rank", 1), ("rank", 100), ("rank", 500)]
    assert {len(array) for array in requests["serving_default", 1].values()} == {1}
    assert {len(array) for array in requests["rank", 100].values()} == {1, 100}
    with served(exported.path, logged=1.0) as server:
        assert (server.models / "1" / "saved_model.pb").exists()
        for signature, inputs in (("serving_default", ("serving_default", 1)), ("rank", ("rank", 100))):
            for connect in connectors(server, signature, requests[inputs]).values():
                connect()()
        with pytest.raises(RuntimeError, match="400|404"):
            connectors(server, "none", requests["rank", 1])["REST"]()()
        # Four were answered; a refused request is not logged.
        assert log_records(server.rest) == {"logged": 4, "dropped": 0}
    assert not server.models.exists()
