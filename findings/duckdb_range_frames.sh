#!/usr/bin/env bash
# DuckDB 2.0.1: window functions over RANGE frames, one of them count(DISTINCT ...), now and then give another answer
# for the same rows, in one process, without an error.
#
# Guess before it was run: the same table and the same query give the same answer, whatever the threads.
# Seen: of some hundred runs with 4 threads one or a few differ, in rows of one key. Running sums over ROWS frames did
# not differ in any run; features are computed by those.
#
# Prints the versions and how often each answer came. Ends with 0 where the behavior was seen, with 1 where 400 runs
# gave one answer: then it may have been mended.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1 pyarrow==25.0.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from collections import Counter

import duckdb
import numpy as np
import pyarrow as pa

DAY = 86_400_000_000
ROWS, RUNS = 150_000, 400
QUERY = """
    SELECT row,
        max(CASE WHEN y = 1 THEN happened END) OVER (PARTITION BY key ORDER BY day
            RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest,
        count(CASE WHEN y = 1 THEN 1 END) OVER (PARTITION BY key ORDER BY happened
            RANGE BETWEEN 86400000000 PRECEDING AND 1 PRECEDING) AS fresh,
        count(DISTINCT item) OVER (PARTITION BY key ORDER BY day RANGE BETWEEN 2 PRECEDING AND 1 PRECEDING) AS items
    FROM log ORDER BY row
"""

random = np.random.default_rng(0)
happened = 19_097 * DAY + random.integers(0, 8 * 1440, ROWS) * 60_000_000
log = pa.table(
    {
        "row": np.arange(ROWS),
        "day": happened // DAY,
        "happened": happened,
        "key": (random.pareto(1, ROWS) * 50).astype(np.int64) % 5_000,
        "item": pa.array(random.integers(0, 900, ROWS)).cast(pa.string()),
        "y": random.integers(0, 2, ROWS).astype(np.int8),
    }
)
connection = duckdb.connect(config={"threads": 4})
connection.register("log", log)
answers = Counter()
first, runs = None, 0
while runs < RUNS and len(answers) < 2:
    found = connection.sql(QUERY).to_arrow_table()
    columns = {name: found[name].fill_null(-1).to_numpy() for name in ("latest", "fresh", "items")}
    answers[b"".join(column.tobytes() for column in columns.values())] += 1
    first = first or columns
    runs += 1
print(f"duckdb {duckdb.__version__}, pyarrow {pa.__version__}, numpy {np.__version__}, 4 threads")
print(f"{runs} runs of one query over {ROWS:,} rows: {len(answers)} answers, {sorted(answers.values(), reverse=True)} times")
for name, column in columns.items():
    print(f"  {name}: the last run differs from the first in {int((column != first[name]).sum()):,} rows")
sys.exit(0 if len(answers) > 1 else 1)
PYTHON
