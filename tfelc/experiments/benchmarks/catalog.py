"""What a next-item model of a large catalog costs, step by step at several sizes, and how it grows."""

import json
import math
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from tfelc.core.errors import UsageError
from tfelc.experiments.benchmarks import catalog_steps as steps
from tfelc.experiments.benchmarks.catalog_table import ACTIONS_OF_USER, write_catalog_table
from tfelc.experiments.benchmarks.harness import Way
from tfelc.experiments.benchmarks.scale import exponent
from tfelc.experiments.options import OutOption
from tfelc.experiments.table import Table

_SIZES = (1_000, 4_000, 16_000)
_FEWEST = 500
_NOTE = (
    "CPU seconds of all threads, and the most memory that the step's process has held until then, Python, TensorFlow "
    "and what the step held before among it. Exponents are least squares of the logarithms over the items; a fixed "
    "start-up makes them smaller."
)
_ANSWERS_NOTE = (
    "NDCG@20 is of the users that are ranked among the whole catalog. The model is at the beginning of its training. "
    "Milliseconds are CPU time of one user's request of 20 items on one core, by the C++ session."
)


def catalog(
    sizes: Annotated[
        list[int] | None,
        typer.Option(min=_FEWEST, help=f"Items; repeat it. Defaults to {', '.join(map(str, _SIZES))}."),
    ] = None,
    actions: Annotated[int, typer.Option(min=2, help="Actions of an item, in the mean.")] = 50,
    training_steps: Annotated[int, typer.Option(min=1, help="Steps of training that are measured.")] = 200,
    out: OutOption = Path("results/catalog.json"),
) -> None:
    """A next-item model of a large catalog: time and memory of each step at each size, and what an answer takes.

    Sizes that the result file holds and that are not measured anew stay in it: a large one may be measured alone.
    """
    from rich.console import Console

    from tfelc.experiments.result_file import publish
    from tfelc.next_item.default_settings import default_settings

    console, measured = Console(), _held(out)
    settings = default_settings("table", steps.SETTINGS).to_dict()
    for size in sorted(set(sizes or _SIZES)):
        measured[str(size)] = of_size = {"steps": training_steps, "parts": {}}
        with tempfile.TemporaryDirectory(prefix="tfelc-benchmark-") as temporary:
            folder = Path(temporary)
            with console.status(f"writing a table of {size:,} items"):
                of_size["actions"] = write_catalog_table(folder / "table.parquet", size, actions)
            for way in _ways(folder, training_steps):
                with console.status(f"{size:,} items: {way.label}"):
                    found = way.run()
                of_size["parts"] |= found
                for name, part in found.items():
                    took = f"{part['cpu_seconds']:,.1f} CPU s, {part['seconds']:,.1f} s, {part['peak_mb']:,.0f} MB"
                    console.print(f"{size:,} items: {name}: {took}", highlight=False, soft_wrap=True)
        measured = dict(sorted(measured.items(), key=lambda pair: int(pair[0])))
        publish(out, "catalog", {"config": settings, "sizes": measured}, console)


def _held(out: Path) -> dict[str, Any]:
    """The sizes of a result file, if there is one."""
    if not out.exists():
        return {}
    try:
        held = json.loads(out.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        held = None
    if not isinstance(held, dict) or held.get("kind") != "catalog":
        raise UsageError(f"`out` {out}: is no result of `tfelc benchmark catalog`; name another file", ["out"])
    return dict(held["sizes"])


def _ways(folder: Path, training_steps: int) -> Iterator[Way]:
    """The steps in their order; each takes up what the ones before have written."""
    table, run, base = folder / "table.parquet", folder / "run", folder / "exports"
    yield Way("reading", steps.read, {"table": table}, needs_tensorflow=False)
    yield Way("item-kNN", steps.item_knn, {"table": table}, needs_tensorflow=False)
    yield Way("training", steps.train, {"table": table, "run": run, "steps": training_steps})
    yield Way("evaluation", steps.evaluate, {"run": run})
    yield Way("export", steps.export, {"run": run, "base": base})
    yield Way("recommendations", steps.recommend, {"base": base})


def tables(result: Mapping[str, Any]) -> list[Table]:
    """Each part of each step at each size with its growth, and the answers."""
    sizes = {int(size): measured for size, measured in result["sizes"].items()}
    names = list(next(iter(sizes.values()))["parts"])
    rows = [_costs(name, {size: measured["parts"][name] for size, measured in sizes.items()}) for name in names]
    headings = ["step", *(f"{size:,} items: {what}" for size in sizes for what in ("CPU s", "MB"))]
    growth = ["time grows by", "memory by"] if len(sizes) > 1 else []
    answers = [_answers(size, measured) for size, measured in sizes.items()]
    answer_headings = [
        "items",
        "taken by somebody",
        "users, about",
        "actions",
        "NDCG@20 of item-kNN",
        "NDCG@20 of the model",
        "users ranked",
    ]
    answer_headings += ["export, MB", "median ms", "95 % ms"]
    return [
        Table("a next-item model by its catalog", [*headings, *growth], rows, _NOTE),
        Table("what is answered", answer_headings, answers, _ANSWERS_NOTE),
    ]


def _costs(name: str, parts: Mapping[int, Mapping[str, float]]) -> list[str]:
    cells = [form for part in parts.values() for form in (f"{part['cpu_seconds']:,.1f}", f"{part['peak_mb']:,.0f}")]
    if len(parts) > 1:
        for figure in ("cpu_seconds", "peak_mb"):
            value = exponent(list(parts), [max(part[figure], 1e-3) for part in parts.values()])
            cells.append("" if math.isnan(value) else f"{value:.2f}")
    return [name, *cells]


def _answers(size: int, measured: Mapping[str, Any]) -> list[str]:
    parts = measured["parts"]
    neighbors, model = parts[steps.KNN_RANKING], parts[steps.RANKING]
    asked, export = parts[steps.ASKING], parts[steps.EXPORT]
    return [
        f"{size:,}",
        f"{export['items']:,.0f}",
        f"{measured['actions'] / ACTIONS_OF_USER:,.0f}",
        f"{measured['actions']:,}",
        f"{neighbors['ndcg@20']:.4f}",
        f"{model['ndcg@20']:.4f}",
        f"{model['users']:,.0f}",
        f"{export['mb']:,.0f}",
        f"{asked['median_ms']:.1f}",
        f"{asked['p95_ms']:.1f}",
    ]
