"""What hashing the values of a table costs: values that share all of their rows, and AUC at equal memory."""

import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from tfelc.experiments.benchmarks.harness import Way
from tfelc.experiments.options import ConfigOption, OutOption, SettingsOption
from tfelc.experiments.table import Table

# Table -> the column whose values it holds.
_TABLES = {"user": "user_id", "anchor": "anchor_id"}
_TASKS = ("ctr", "cvr")
_FUNCTIONS = (1, 2, 3)
# Values and rows of the tables that are counted without a training.
_LARGE = (1_000_000, (1_000_000, 100_000))
_VOCABULARY = "vocabulary"
_AUC = "auc "


def hashing(
    rows: Annotated[int, typer.Option(min=1000, help="Rows of each simulated log; a user has 20 of them.")] = 200_000,
    share: Annotated[list[float] | None, typer.Option(help="Rows a value; may repeat. Defaults to .5 and .1.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Logs and runs of each way, by seeds 0, 1, ...")] = 3,
    config: ConfigOption = None,
    settings: SettingsOption = None,
    out: OutOption = Path("results/hashing.json"),
) -> None:
    """Trains rankers whose users and anchors have a vocabulary, or are hashed once, twice or three times."""
    from rich.console import Console

    from tfelc.experiments.result_file import publish
    from tfelc.ranker.data import simulated_log
    from tfelc.ranker.settings import RankerSettings

    console = Console()
    hashed = [(_label(one, each), one, each) for one in share or [0.5, 0.1] for each in _FUNCTIONS]
    kinds: list[tuple[str, float | None, int]] = [(_VOCABULARY, None, 0), *hashed]
    runs: dict[str, list[dict[str, float]]] = {label: [] for label, _, _ in kinds}
    for seed in range(seeds):
        with tempfile.TemporaryDirectory(prefix="tfelc-benchmark-") as folder:
            with console.status(f"simulating {rows:,} rows"):
                simulated_log.prepare(rows, seed, Path(folder) / "data")
            for label, kept, functions in kinds:
                arguments = {
                    "data": Path(folder) / "data",
                    "settings": RankerSettings.load(config, [*(settings or []), f"training.seed={seed}"]).to_dict(),
                    "share": kept,
                    "functions": functions,
                }
                with console.status(f"{label}, seed {seed}"):
                    runs[label].append(Way(label, trained, arguments).run())
    with console.status("counting"):
        large = Way("counting", counted).run()
    said = {"settings": [*([str(config)] if config else []), *(settings or [])] or ["defaults"]}
    protocol = f"simulated logs of {rows:,} rows, one for each seed; tables {' and '.join(_TABLES)} hashed; test split"
    found = {"runs": runs, "large": large}
    publish(out, "hashing", {**said, "protocol": protocol, "seeds": [*range(seeds)], **found}, console)


def trained(data: str, settings: dict[str, Any], share: float | None, functions: int) -> dict[str, float]:
    """AUC by output on the test split, rows of the tables, and the share of their values that another one equals."""
    from rich.console import Console

    from tfelc.data.dataset import Dataset
    from tfelc.experiments.benchmarks.hashed_collisions import expected_share, shared_by_all
    from tfelc.metrics.auc import auc
    from tfelc.ranker.evaluation.predictions import Predictor
    from tfelc.ranker.run import RankerRun
    from tfelc.ranker.settings import RankerSettings
    from tfelc.ranker.training.train import create_training
    from tfelc.schema.embedding_table import EmbeddingTable

    dataset = Dataset(Path(data))
    found, tables = {}, dict(dataset.schema.tables)
    for table, column in _TABLES.items():
        values = sorted({value for rows in dataset.tables("train", [column]) for value in rows[column].to_pylist()})
        buckets = len(values) if share is None else max(1, round(share * len(values)))
        found[f"rows {table}"] = float(buckets)
        found[f"shared {table}"] = 0.0 if share is None else shared_by_all(values, buckets, functions)
        found[f"expected {table}"] = 0.0 if share is None else expected_share(len(values), buckets, functions)
        hashed = EmbeddingTable(hash_buckets=buckets, hash_functions=functions) if share else EmbeddingTable()
        tables[table] = hashed
    schema = dataset.schema.model_copy(update={"tables": tables})
    (Path(data) / "schema.yaml").write_text(schema.dump(), encoding="utf-8")
    dataset, chosen = Dataset(Path(data)), RankerSettings.model_validate(settings)
    with tempfile.TemporaryDirectory() as folder:
        create_training(dataset, _TASKS, chosen, Path(folder) / "run", Console(quiet=True)).train()
        outcomes = Predictor(RankerRun.open(Path(folder) / "run").model(), dataset).predict("test").outcomes
    aucs = {name: auc(each.labels[each.rows], each.probabilities[each.rows]) for name, each in outcomes.items()}
    return {**found, **{f"{_AUC}{name}": value for name, value in aucs.items()}}


def counted() -> list[dict[str, float]]:
    """The values of a large table that another one equals, by rows and functions: counted, and by formula."""
    from tfelc.experiments.benchmarks.hashed_collisions import expected_share, shared_by_all

    values, sizes = _LARGE
    return [
        {
            "values": values,
            "rows": rows,
            "functions": functions,
            "shared": shared_by_all(range(values), rows, functions),
            "expected": expected_share(values, rows, functions),
        }
        for rows in sizes
        for functions in _FUNCTIONS
    ]


def tables(result: Mapping[str, Any]) -> list[Table]:
    """AUC and collisions of each way, and the collisions of a large table."""
    runs = result["runs"]
    outputs = [name for name in runs[_VOCABULARY][0] if name.startswith(_AUC)]
    quality = Table(
        "AUC at equal memory",
        ["users and anchors", *(f"{name.removeprefix(_AUC)} AUC, minus {_VOCABULARY}" for name in outputs)],
        [[label, *(_spread(ones, runs[_VOCABULARY], name) for name in outputs)] for label, ones in runs.items()],
    )
    shared = Table(
        "values that share all of their rows with another one",
        ["way", *(f"{table}: {what}" for table in _TABLES for what in ("rows", "counted", "by formula"))],
        [
            [label, *(_cell(ones[0], what, table) for table in _TABLES for what in ("rows", "shared", "expected"))]
            for label, ones in runs.items()
        ],
    )
    cells = [
        [f"{one['rows']:,}", str(one["functions"]), f"{one['shared']:.4%}", f"{one['expected']:.4%}"]
        for one in result["large"]
    ]
    count = result["large"][0]["values"]
    large = Table(f"the same of {count:,} values", ["rows", "functions", "counted", "by formula"], cells)
    return [quality, shared, large]


def _label(share: float, functions: int) -> str:
    return f"{share:g} rows a value, {functions} function{'s' if functions > 1 else ''}"


def _spread(ones: Sequence[Mapping[str, float]], reference: Sequence[Mapping[str, float]], name: str) -> str:
    values = [one[name] for one in ones]
    # Of the same logs and seeds.
    gains = [one[name] - other[name] for one, other in zip(ones, reference, strict=True)]
    spread = f" ± {statistics.stdev(values):.4f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.4f}{spread} ({statistics.mean(gains):+.4f})"


def _cell(one: Mapping[str, float], what: str, table: str) -> str:
    value = one[f"{what} {table}"]
    return f"{value:,.0f}" if what == "rows" else f"{value:.2%}"
