#!/usr/bin/env bash
# pyarrow 25.0.1: `ParquetFile.iter_batches` keeps the bytes of every row group that it has passed until the file's end,
# unless `pre_buffer=False` is said, which is no longer the default.
#
# Guess before it was run: going through a file in batches takes the memory of a row group or two; what keeps the file
# is the scanner of pyarrow.dataset (apache/arrow#39808), beside which this call is named as the way out.
# Seen: of 268 MB of numbers in 64 row groups at most 348 MB allocated by default, 19 MB with `pre_buffer=False`, and
# 19 MB where each row group is asked for by itself.
#
# Prints the version and the most that was allocated. Ends with 0 where the behavior was seen, with 1 where the default
# takes less than a quarter of the file: then it has been mended.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyarrow==25.0.1 numpy==2.4.6
"$folder/venv/bin/python" - "$folder/numbers.parquet" <<'PYTHON'
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

GROUPS, ROWS, COLUMNS = 64, 65_536, 8
path = sys.argv[1]
random = np.random.default_rng(0)
schema = pa.schema([(f"c{number}", pa.float64()) for number in range(COLUMNS)])
with pq.ParquetWriter(path, schema) as writer:
    for _ in range(GROUPS):
        writer.write_table(pa.table([random.random(ROWS) for _ in range(COLUMNS)], schema=schema))


def most(batches):
    highest = 0
    for _ in batches:
        highest = max(highest, pa.total_allocated_bytes())
    return highest


def one_by_one(file):
    for number in range(file.num_row_groups):
        yield from file.iter_batches(ROWS, row_groups=[number])


print("pyarrow", pa.__version__)
found = {}
for name, options, read in (
    ("default", {}, lambda file: file.iter_batches(ROWS)),
    ("pre_buffer=False", {"pre_buffer": False}, lambda file: file.iter_batches(ROWS)),
    ("one row group at a time", {}, one_by_one),
):
    with pq.ParquetFile(path, **options) as file:
        found[name] = most(read(file))
    print(f"{name}: at most {found[name] / 1e6:.0f} MB allocated")
whole = GROUPS * ROWS * COLUMNS * 8
sys.exit(0 if found["default"] > whole / 4 > max(found["pre_buffer=False"], found["one row group at a time"]) else 1)
PYTHON
