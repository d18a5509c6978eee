"""What `tfelc prepare` costs: beside plain reads and writes of the same files, and by what is counted from the log."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from tfelc.experiments.benchmarks.harness import Column, Meter, Way, comparison, measure
from tfelc.experiments.benchmarks.prepare_log import log_schema, write_log
from tfelc.experiments.options import OutOption, RoundsOption
from tfelc.experiments.table import Table

_COUNTED_ROWS = 300_000
AGGREGATES: dict[str, dict[str, Any]] = {
    "count": {"by": "user_id", "compute": "count", "where": "click", "window": 7},
    "rate": {"by": "item_id", "compute": "rate", "of": "click", "window": 7},
    "distinct": {"by": "user_id", "compute": "distinct", "of": "item_id", "window": 7},
    "since": {"by": "user_id", "compute": "since"},
    "last": {"by": "user_id", "compute": "last", "of": "item_id", "length": 50},
}


def prepare(
    rows: Annotated[int, typer.Option(min=1000, help="Rows of the log, of 30 columns.")] = 1_000_000,
    large: Annotated[list[int] | None, typer.Option(help="Rows of a further log, for its memory; may repeat.")] = None,
    rounds: RoundsOption = 5,
    out: OutOption = Path("results/prepare.json"),
) -> None:
    """Rows per CPU second, and peak memory, of `prepare` beside pyarrow alone; CPU seconds that aggregates take."""
    from rich.console import Console

    from tfelc.experiments.result_file import publish

    console = Console()
    with tempfile.TemporaryDirectory(prefix="tfelc-benchmark-") as temporary:
        folder = Path(temporary)
        with console.status(f"writing {rows:,} rows"):
            parquet, text = (write_log(folder / f"log.{ending}", rows) for ending in ("parquet", "csv"))
            counted = write_log(folder / "counted.parquet", _COUNTED_ROWS)
        ways = {
            "parquet": {
                "plain": _way("pyarrow: read, permute, write", plain, parquet),
                "prepare": _way("tfelc prepare", prepared, parquet),
            },
            "csv": {
                "plain": _way("pyarrow: read", plain_text, text),
                "read": _way("tfelc: read, by all rules", read, text),
                "prepare": _way("tfelc prepare", prepared, text),
            },
        }
        found = {name: measure(of, console, rounds, "plain") for name, of in ways.items()}
        aggregates = {name: _way(name, aggregated, counted, name=name) for name in AGGREGATES}
        found["aggregates"] = measure(aggregates, console, rounds)
        found["large"] = {}
        for count in large or ():
            path = write_log(folder / "large.parquet", count)
            way = _way(f"tfelc prepare, {count:,} rows", prepared, path)
            found["large"] |= measure({str(count): way}, console)
            path.unlink()
    publish(out, "prepare", {"rows": rows, "rounds": rounds, **found}, console)


def tables(result: Mapping[str, Any]) -> list[Table]:
    """Rates beside pyarrow's, the cost of aggregates, and the memory of larger logs."""
    rate, memory = Column("rows/CPU s", "rows_per_cpu_second"), Column("peak memory, MB", "peak_mb")
    columns = [rate, Column("of pyarrow's", "rows_per_cpu_second", ".0%", "ratio"), memory]
    title = f"{result['rows']:,} rows of 30 columns, medians of {result['rounds']} rounds"
    found = [
        comparison(f"Parquet, {title}", result["parquet"], columns),
        comparison(f"CSV, {title}", result["csv"], columns),
        comparison(
            f"one aggregate of {_COUNTED_ROWS:,} rows", result["aggregates"], [Column("CPU s", "cpu_seconds", ".2f")]
        ),
    ]
    return [*found, comparison("larger logs", result["large"], [rate, memory])] if result["large"] else found


def _way(label: str, function: Any, log: Path, **arguments: Any) -> Way:
    return Way(label, function, {"log": log, **arguments}, needs_tensorflow=False)


def plain(log: str) -> dict[str, float]:
    """Reads row group by row group with pyarrow, permutes its rows as a split would, and writes them."""
    import numpy as np
    import pyarrow.parquet as pq

    random = np.random.default_rng(0)
    file = pq.ParquetFile(log, page_checksum_verification=True)
    with tempfile.TemporaryFile() as out, Meter() as meter:
        with pq.ParquetWriter(out, file.schema_arrow, compression="zstd", write_page_checksum=True) as writer:
            for group in range(file.num_row_groups):
                rows = file.read_row_group(group)
                writer.write_table(rows.take(random.permutation(len(rows))))
    return meter.rates(file.metadata.num_rows)


def plain_text(log: str) -> dict[str, float]:
    """Reads CSV with pyarrow, which guesses the types."""
    import pyarrow.csv as pc_csv

    with Meter() as meter:
        rows = sum(batch.num_rows for batch in pc_csv.open_csv(log))
    return meter.rates(rows)


def read(log: str) -> dict[str, float]:
    """Reads a log in the schema's types."""
    from tfelc.data.conformed_log import conformed_tables

    schema = log_schema()
    with Meter() as meter:
        rows = sum(table.num_rows for table in conformed_tables(schema, log, list(schema.columns)))
    return meter.rates(rows)


def prepared(log: str, aggregates: Sequence[str] = ()) -> dict[str, float]:
    """Prepares a log, and counts some of `AGGREGATES` from it."""
    meter, rows = _prepared(log, {name: AGGREGATES[name] for name in aggregates})
    return meter.rates(rows)


def aggregated(log: str, name: str) -> dict[str, float]:
    """What an aggregate adds to the CPU seconds of preparing a log, its column's place in the files among them."""
    # The first one warms the process up.
    without = [_prepared(log, {})[0].cpu_seconds for _ in range(2)][1]
    return {"cpu_seconds": _prepared(log, {name: AGGREGATES[name]})[0].cpu_seconds - without}


def _prepared(log: str, aggregates: Mapping[str, Mapping[str, Any]]) -> tuple[Meter, int]:
    from tfelc.data.dataset import Dataset
    from tfelc.data.log_preparation import prepare as prepare_log

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "data"
        with Meter() as meter:
            prepare_log(log_schema(aggregates), log, out)
        return meter, sum(Dataset(out).manifest.rows.values())
