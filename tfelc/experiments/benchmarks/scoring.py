"""How fast batch scoring is: the model alone on tensors in memory, one machine, and Beam's direct runner."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

_WAYS = {"floor": "the model alone, tensors in memory", "local": "one machine", "beam": "Beam, direct runner"}
_ROWS_PER_FILE = 1 << 20


def scoring(
    model: Annotated[
        Path | None, typer.Option(help="Exported version. Defaults to one of a ranker trained for one epoch.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Prepared dataset whose rows are repeated. Defaults to KuaiRand-Pure.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(envvar="TFELC_DATA_DIR", help="Folder with KuaiRand-Pure's files.")
    ] = None,
    rows: Annotated[int, typer.Option(min=1000, help="Rows to score.")] = 2_000_000,
    large: Annotated[int, typer.Option(help="Rows of a second input, to compare the peak memory; 0: none.")] = 0,
    out: Annotated[Path, typer.Option(help="Result file.")] = Path("results/scoring.json"),
) -> None:
    """Rows per second and peak memory, each way in a fresh process."""
    from rich.console import Console

    from tfelc.core.errors import UsageError
    from tfelc.experiments.result_file import write_result

    if data is None and data_dir is None:
        raise UsageError("name a dataset by --data, or KuaiRand-Pure's folder by --data-dir or TFELC_DATA_DIR")
    console = Console()
    with tempfile.TemporaryDirectory(prefix="tfelc-benchmark-") as temporary:
        folder = Path(temporary)
        with console.status("preparing") as status:
            if data is None:
                data = folder / "data"
                _command("prepare", "kuairand", "--data-dir", str(data_dir), "--out", str(data))
            if model is None:
                status.update("training for one epoch")
                model = _trained(data, folder)
            status.update(f"writing {rows:,} rows")
            _write_rows(data, folder / "input", rows)
        runs: dict[str, Any] = {}
        for way in _WAYS:
            with console.status(_WAYS[way]):
                runs[way] = _run(way, model, folder / "input", folder / f"of-{way}")
        if large:
            with console.status(f"one machine, {large:,} rows"):
                _write_rows(data, folder / "large", large)
                runs["large"] = _run("local", model, folder / "large", folder / "of-large")
    result = {"rows": rows, "large_rows": large, "cores": os.cpu_count(), "ways": runs}
    _print(console, result)
    write_result(out, result)
    console.print(f"written to {out}", soft_wrap=True)


def _trained(data: Path, folder: Path) -> Path:
    run = str(folder / "run")
    _command("train", "--task", "ctr,cvr", "--data", str(data), "--run", run, "--set", "training.epochs=1")
    _command("export", "--run", run, "--to", str(folder / "model"))
    return folder / "model" / "1"


def _command(name: str, *arguments: str) -> None:
    command = [sys.executable, "-m", "tfelc.commands", name, *arguments]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode:
        raise RuntimeError(f"{name}: {answer.stderr.strip()}")


def _write_rows(data: Path, folder: Path, rows: int) -> None:
    """The training split again and again, in files of 16 row groups of 65,536 rows."""
    import pyarrow.parquet as pq

    from tfelc.data.dataset import Dataset
    from tfelc.data.dataset_writer import ROWS_PER_GROUP

    source = pq.read_table(Dataset(data).files("train"))
    folder.mkdir()
    done, writer = 0, None
    while done < rows:
        if done % _ROWS_PER_FILE == 0:
            if writer is not None:
                writer.close()
            path = folder / f"part-{done // _ROWS_PER_FILE:05d}.parquet"
            writer = pq.ParquetWriter(path, source.schema, compression="zstd")
        start = done % len(source)
        group = source.slice(start, min(ROWS_PER_GROUP, rows - done))
        while len(group) < min(ROWS_PER_GROUP, rows - done):
            group = _joined(group, source.slice(0, min(ROWS_PER_GROUP, rows - done) - len(group)))
        writer.write_table(group, row_group_size=ROWS_PER_GROUP)
        done += len(group)
    writer.close()


def _joined(one: Any, other: Any) -> Any:
    import pyarrow as pa

    return pa.concat_tables([one, other]).combine_chunks()


def _run(way: str, model: Path, inputs: Path, output: Path) -> dict[str, Any] | None:
    """One measurement in a process of its own; None where what it needs is not installed."""
    command = [
        sys.executable,
        "-m",
        "tfelc.experiments.benchmarks.scoring_run",
        way,
        str(model),
        str(inputs),
        str(output),
    ]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode == 3:
        return None
    if answer.returncode:
        raise RuntimeError(f"{way}: {answer.stderr.strip().splitlines()[-1] if answer.stderr else 'failed'}")
    return json.loads(answer.stdout.strip().splitlines()[-1])


def _print(console: Any, result: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table(title=f"scoring, {result['rows']:,} rows, {result['cores']} cores")
    for heading in ("way", "rows/s", "of the floor", "rows/CPU s", "peak memory, MB"):
        table.add_column(heading, justify="left" if heading == "way" else "right")
    floor = result["ways"]["floor"]["rows_per_second"]
    for way, name in {**_WAYS, "large": f"one machine, {result['large_rows']:,} rows"}.items():
        if way not in result["ways"]:
            continue
        found = result["ways"][way]
        if found is None:
            table.add_row(name, "not installed", "", "", "")
            continue
        rate = found["rows_per_second"]
        cpu_rate, peak = found["rows_per_cpu_second"], found["peak_mb"]
        table.add_row(name, f"{rate:,.0f}", f"{rate / floor:.0%}", f"{cpu_rate:,.0f}", f"{peak:,.0f}")
    console.print(table)
