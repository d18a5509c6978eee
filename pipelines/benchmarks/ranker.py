"""Does the cluster module help? Baseline B against B + ELCM over several seeds, with gradient-boosted trees beside."""

import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer

_OUTPUT_METRICS = ("auc", "gauc")


def ranker(
    data: Annotated[Path, typer.Option(help="Prepared dataset, such as KuaiRand-Pure.")],
    config: Annotated[Path | None, typer.Option(help="Settings of B + ELCM; B is the same without clusters.")] = None,
    task: Annotated[str, typer.Option(help="Tasks, with commas between them.")] = "ctr,cvr",
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each model.")] = 5,
    settings: Annotated[list[str] | None, typer.Option("--set", help="One setting; may repeat.")] = None,
    trees: Annotated[bool, typer.Option(help="Also train scikit-learn's HistGradientBoosting, untuned.")] = True,
    out: Annotated[Path, typer.Option(help="Result file.")] = Path("results/ranker.json"),
) -> None:
    """Trains B and B + ELCM with equal seeds and compares them on the same test rows, paired over users."""
    from tfelc.quiet_tensorflow import load_tensorflow

    load_tensorflow()

    from rich.console import Console

    from pipelines.benchmarks.result_file import write_result
    from tfelc.config import Config
    from tfelc.data.dataset import Dataset

    console = Console()
    dataset = Dataset(data)
    heads = [name.strip() for name in task.split(",")]
    with_clusters = Config.load(config, settings or [])
    variants = {
        "B": Config.load(config, [*(settings or []), "model.clusters.count=0"]),
        f"B+ELCM (k={with_clusters.model.clusters.count})": with_clusters,
    }
    found: dict[str, list[Any]] = {name: [] for name in variants}
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for seed in range(seeds):
        for name, variant in variants.items():
            console.print(f"[bold]{name}[/bold], seed {seed}")
            started = time.perf_counter()
            found[name].append(_test_predictions(dataset, variant, heads, seed, console))
            seconds[name].append(time.perf_counter() - started)
    rows = {name: _summary(predictions) for name, predictions in found.items()}
    if trees:
        with console.status("HistGradientBoosting"):
            rows["boosted trees"] = _trees(dataset, next(iter(found.values()))[0])
    differences, by_group = _differences(*found.values()), _group_differences(*found.values())
    _print(console, rows, differences, seeds)
    _print_groups(console, by_group)
    console.print_json(data=rows[list(variants)[1]]["clusters"])
    write_result(
        out,
        {
            "data_hash": dataset.hash,
            "tasks": heads,
            "seeds": list(range(seeds)),
            "config": with_clusters.model_dump(mode="json"),
            "models": rows,
            "difference": differences,
            "difference_by_group": by_group,
            "seconds": seconds,
        },
    )
    console.print(f"written to {out}", soft_wrap=True)


def _test_predictions(dataset: Any, config: Any, heads: list[str], seed: int, console: Any) -> Any:
    import keras

    from tfelc.evaluation.predictions import Predictor
    from tfelc.training.training import Training

    seeded = config.model_copy(update={"training": config.training.model_copy(update={"seed": seed})})
    with tempfile.TemporaryDirectory() as folder:
        model = Training.start(Path(folder) / "run", dataset, seeded, heads, console).run()
        predictions = Predictor(model, dataset).predict("test")
    keras.backend.clear_session()
    return predictions


def _summary(predictions: list[Any]) -> dict[str, Any]:
    """Mean and standard deviation over the seeds of each metric, over all rows and by group."""
    from tfelc.evaluation.evaluation import evaluate

    results = [evaluate(p, "test") for p in predictions]
    return {
        "tasks": {output: _spread([r["tasks"][output] for r in results]) for output in results[0]["tasks"]},
        "groups": {
            group: {output: _spread([r["groups"][group][output] for r in results]) for output in outputs}
            for group, outputs in results[0]["groups"].items()
        },
        "gate_entropy": {
            task: _mean_and_deviation([r["gates"][task]["entropy"] for r in results]) for task in results[0]["gates"]
        },
        "clusters": _clusters(results, predictions) if results[0]["clusters"] else None,
    }


def _clusters(results: list[dict[str, Any]], predictions: list[Any]) -> dict[str, Any]:
    """The clusters' health over the seeds, and how far two seeds agree on who belongs together."""
    from itertools import combinations

    from tfelc.metrics.assignment_agreement import assignment_agreement

    health = [result["clusters"] for result in results]
    pairs = [assignment_agreement(a.assignment, b.assignment) for a, b in combinations(predictions, 2)]
    return {
        **{name: _mean_and_deviation([h[name] for h in health]) for name in ("in_use", "largest_share", "silhouette")},
        "groups": {column: _spread([h["groups"][column] for h in health]) for column in health[0]["groups"]},
        "agreement_of_seeds": _mean_and_deviation(pairs) if pairs else None,
    }


def _spread(values: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    return {metric: _mean_and_deviation([value[metric] for value in values]) for metric in values[0]}


def _mean_and_deviation(values: list[float]) -> dict[str, float]:
    import numpy as np

    return {"mean": float(np.mean(values)), "std": float(np.std(values, ddof=1)) if len(values) > 1 else 0.0}


def _differences(first: list[Any], second: list[Any]) -> dict[str, Any]:
    """Second minus first, mean over the seeds, with the interval of a paired bootstrap over users."""
    import dataclasses

    import numpy as np

    from tfelc.evaluation.bootstrap import paired_bootstrap

    found: dict[str, Any] = {}
    for output, outcome in first[0].outcomes.items():
        rows = outcome.rows
        scores = [np.stack([p.outcomes[output].probabilities[rows] for p in model]) for model in (first, second)]
        users = first[0].users[rows]
        found[output] = {
            metric: dataclasses.asdict(paired_bootstrap(outcome.labels[rows], *scores, users, metric))
            for metric in _OUTPUT_METRICS
        }
    return found


def _group_differences(first: list[Any], second: list[Any]) -> dict[str, Any]:
    """As `_differences`, AUC alone, on the rows of each user group."""
    import dataclasses

    import numpy as np

    from tfelc.evaluation.bootstrap import paired_bootstrap

    found: dict[str, Any] = {}
    for values in first[0].groups.values():
        for group in sorted({value for value in values if value is not None}):
            found[group] = {}
            for output, outcome in first[0].outcomes.items():
                rows = outcome.rows & (values == group)
                labels = outcome.labels[rows]
                if 0 < labels.sum() < len(labels):
                    scores = [np.stack([p.outcomes[output].probabilities[rows] for p in m]) for m in (first, second)]
                    result = paired_bootstrap(labels, *scores, first[0].users[rows], "auc")
                    found[group][output] = dataclasses.asdict(result)
    return found


def _trees(dataset: Any, predictions: Any) -> dict[str, Any]:
    from pipelines.benchmarks.boosted_trees import boosted_trees
    from tfelc.metrics.summary import task_metrics

    scores = boosted_trees(dataset, list(predictions.outcomes))
    found = {}
    for output, outcome in predictions.outcomes.items():
        rows = outcome.rows
        found[output] = _spread([task_metrics(outcome.labels[rows], scores[output][rows], predictions.users[rows])])
    return {"tasks": found}


def _print(console: Any, rows: dict[str, Any], differences: dict[str, Any], seeds: int) -> None:
    from rich.table import Table

    table = Table(title=f"test split, mean and standard deviation over {seeds} seeds")
    for heading in ("", *rows, "difference", "95 % interval"):
        table.add_column(heading, justify="right" if heading else "left")
    for output, by_metric in differences.items():
        for metric, found in by_metric.items():
            cells = [row["tasks"][output][metric] for row in rows.values()]
            table.add_row(
                f"{output} {metric.upper()}",
                *(f"{cell['mean']:.4f}" + (f" ±{cell['std']:.4f}" if cell["std"] else "") for cell in cells),
                f"{found['difference']:+.4f}",
                f"{found['low']:+.4f} {found['high']:+.4f}",
            )
    console.print(table)


def _print_groups(console: Any, by_group: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table(title="difference in AUC by user group, with its 95 % interval")
    outputs = list(next(iter(by_group.values()), {}))
    for heading in ("", *outputs):
        table.add_column(heading, justify="right" if heading else "left")
    for group, results in by_group.items():
        cells = [results.get(output) for output in outputs]
        table.add_row(
            group, *(f"{c['difference']:+.4f} ({c['low']:+.4f} {c['high']:+.4f})" if c else "" for c in cells)
        )
    if by_group:
        console.print(table)
