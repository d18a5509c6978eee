"""The shop of walk.sh, simulated: its log of Monday, and on each later day its visitors.

`python shop.py log FOLDER` writes Monday as a prepared dataset, and to shop.yaml the schema of the days that follow.
`python shop.py day NUMBER ADDRESS VERSION OUTCOMES` waits until the server has that version labeled stable, has the
day's visitors scored, and writes what they did; with `--mixed-up` each outcome under somebody else's impression.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from tfelc.core.tensorflow_start import load_tensorflow

load_tensorflow()  # which the client needs, and without its lines about this machine

from tfelc.ranker.data.drifting_world import DriftingWorld, prepare_days  # noqa: E402
from tfelc.ranker.data.simulated_log import SCHEMA_FILE  # noqa: E402
from tfelc.ranker.export.requests import request_inputs  # noqa: E402
from tfelc.schema.schema import Schema  # noqa: E402
from tfelc.serving.client.rest_client import RestClient  # noqa: E402

SEED, USERS = 7, 5_000
MONDAY_ROWS, ROWS = 6_000, 2_000
WAIT = 60.0
OUTCOMES = ("click", "conversion", "user_group")
SCHEMA = Path("shop.yaml")
# A simulated day takes some seconds, which time could not divide; and a gate needs rows.
SPLIT = {"by": "user", "validation": 0.2, "test": 0.4}


def day(number: int, address: str, version: str, outcomes: Path, mixed_up: bool) -> None:
    """Asks for a score of each impression of a day, and writes its outcomes under the id of the request."""
    schema = Schema.load(SCHEMA)
    rows = DriftingWorld(SEED, USERS, number).rows(ROWS)
    ids = [f"day-{number}-{row}" for row in range(ROWS)]
    with RestClient(address, "ranker", timeout=WAIT) as client, ThreadPoolExecutor(4) as visitors:
        client.status()  # The server may still be starting; until then the client tries again.
        wait_for(version, f"{address}/v1/models/ranker/labels/stable/metadata")

        def visit(row: int) -> None:
            inputs = request_inputs(schema, "serving_default", rows.slice(row, 1))
            client.predict(inputs, label="stable", request_id=ids[row])

        list(visitors.map(visit, range(ROWS)))
    order = np.random.default_rng(SEED).permutation(ROWS) if mixed_up else np.arange(ROWS)
    table = rows.select(OUTCOMES).take(order)
    outcomes.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.append_column("request_id", pa.array(ids)), outcomes)


def wait_for(version: str, address: str) -> None:
    """Waits until what an address describes is a version: a server looks for new ones once in a while."""
    end = time.monotonic() + WAIT
    while httpx.get(address).json().get("model_spec", {}).get("version") != version:
        if time.monotonic() > end:
            sys.exit(f"version {version} was not served within {WAIT:g} s")
        time.sleep(0.1)


def main(words: list[str]) -> None:
    """Runs one of the two."""
    if words[0] == "log":
        prepare_days(Path(words[1]), [1], MONDAY_ROWS, USERS, SEED)
        SCHEMA.write_text(Schema.load({**yaml.safe_load(SCHEMA_FILE.read_text()), "split": SPLIT}).dump())
    else:
        number, address, version, outcomes = words[1:5]
        day(int(number), address, version, Path(outcomes), mixed_up="--mixed-up" in words)


if __name__ == "__main__":
    main(sys.argv[1:])
