"""DuckDB's windows: ties, nulls, time zones and numbers, and a frame that answers differently from run to run.

Guesses, written down before it was run, and what DuckDB 2.0.1 says (two cores, Linux):

- RANGE BETWEEN n PRECEDING AND 1 PRECEDING leaves out rows of the same time: right.
- A null in ORDER BY gets an empty frame: wrong, it sees all rows whose value is null, itself among them.
- A null in PARTITION BY is a partition of its own, in which null keys see each other: right.
- The date of a TIMESTAMPTZ depends on the session's time zone: right; so days are numbers made outside.
- 0.45 is a DECIMAL: right; so numbers are written as CAST('0.45' AS DOUBLE).
- The sum of BIGINT is BIGINT: wrong, it is HUGEINT, which Arrow takes for decimal128.
- count(DISTINCT) works in a window: right.
- Equal rows give equal answers, whatever the threads: wrong for RANGE frames beside count(DISTINCT) in one query; even
  with one thread some runs differ, in rows of one key and day. Running sums over ROWS frames are the same in every
  run, and are what tfelc/data/aggregates/sql.py is made of.
"""

import duckdb
import numpy as np
import pyarrow as pa

DAY = 86_400_000_000
ROWS, RUNS = 150_000, 25


def shown(query: str) -> None:
    """Prints a query and its answer."""
    print(query, duckdb.sql(query).fetchall(), sep="\n  ")


def answers(select: str, threads: int) -> list[int]:
    """How often each different answer came, most frequent first."""
    rng = np.random.default_rng(0)
    happened = 19_097 * DAY + rng.integers(0, 8 * 1440, ROWS) * 60_000_000
    table = pa.table(
        {
            "row": np.arange(ROWS),
            "day": happened // DAY,
            "happened": happened,
            "key": (rng.pareto(1, ROWS) * 50).astype(np.int64) % 5_000,
            "item": pa.array(rng.integers(0, 900, ROWS)).cast(pa.string()),
            "y": rng.integers(0, 2, ROWS).astype(np.int8),
        }
    )
    connection = duckdb.connect(config={"threads": threads})
    connection.register("log", table)
    seen: dict[bytes, int] = {}
    for _ in range(RUNS):
        found = connection.sql(select).to_arrow_reader(65_536).read_all().sort_by("row")
        content = b"".join(found[name].fill_null(-1).to_numpy().tobytes() for name in found.column_names)
        seen[content] = seen.get(content, 0) + 1
    return sorted(seen.values(), reverse=True)


RANGES = """
    SELECT row,
        max(CASE WHEN y = 1 THEN happened END) OVER (PARTITION BY key ORDER BY day
            RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest,
        count(CASE WHEN y = 1 THEN 1 END) OVER (PARTITION BY key ORDER BY happened
            RANGE BETWEEN 86400000000 PRECEDING AND 1 PRECEDING) AS fresh,
        count(DISTINCT item) OVER (PARTITION BY key ORDER BY day RANGE BETWEEN 2 PRECEDING AND 1 PRECEDING) AS items
    FROM log ORDER BY row
"""
RUNNING = """
    WITH steps (row, key, place, asks, weight) AS (
        SELECT row, key, day, 0, 0 FROM log
        UNION ALL SELECT NULL, key, day, 1, 1 FROM log WHERE y = 1
        UNION ALL SELECT NULL, key, day + 2, 1, -1 FROM log WHERE y = 1)
    SELECT row, total FROM (
        SELECT row, CAST(sum(weight) OVER (PARTITION BY key ORDER BY place, asks
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS total FROM steps)
    WHERE row IS NOT NULL ORDER BY row
"""

if __name__ == "__main__":
    print("duckdb", duckdb.__version__)
    shown(
        "SELECT k, t, count(*) OVER (PARTITION BY k ORDER BY t RANGE BETWEEN 7 PRECEDING AND 1 PRECEDING) "
        "FROM (VALUES ('a', 1), ('a', 1), ('a', 5), ('a', 9), ('a', NULL), (NULL, 1), (NULL, 2)) v(k, t) ORDER BY ALL"
    )
    for zone in ("UTC", "Asia/Shanghai"):
        duckdb.sql(f"SET TimeZone = '{zone}'")
        shown("SELECT CAST(TIMESTAMPTZ '2026-01-01 23:30:00+00' AS DATE)")
    shown("SELECT typeof(0.45), typeof(4.5e-1), typeof(CAST('0.45' AS DOUBLE)), typeof(sum(CAST(1 AS BIGINT)))")
    for name, query in (("RANGE frames", RANGES), ("running sums", RUNNING)):
        for threads in (1, 4):
            print(f"{name}, {threads} threads: {RUNS} runs, answers {answers(query, threads)}")
