"""The table of the next-item benchmark."""

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

# Every other row is compared with this one, user by user.
_BASELINE = "sasrec"
_PROTOCOLS = {"leave_one_out": "Leave-one-out", "global_time": "Split by time"}


def summary(folders: dict[str, list[Path]]) -> dict[str, Any]:
    """Mean and deviation of every metric of each model, and its gain over SASRec with the same loss.

    Args:
        folders: Model -> its run folders, one a seed.
    """
    import numpy as np

    from tfelc.lifecycle.evaluation.result import EvaluationResult
    from tfelc.next_item.evaluation.bootstrap import paired_ranking_bootstrap
    from tfelc.next_item.run import NextItemRun
    from tfelc.next_item.settings import NEXT_ITEM

    ranks = {name: np.stack([NextItemRun(folder).ranks()[1] for folder in runs]) for name, runs in folders.items()}
    found: dict[str, Any] = {}
    for name, runs in folders.items():
        contents = [json.loads((folder / "metrics.json").read_text()) for folder in runs]
        results = [EvaluationResult.from_json(content) for content in contents]
        metrics = [result.metrics[NEXT_ITEM] for result in results]
        baseline = f"paper_{_BASELINE}" if name.startswith("paper_") else _BASELINE
        found[name] = {
            "seeds": len(runs),
            "metrics": {
                metric: {
                    "mean": float(np.mean([values[metric] for values in metrics])),
                    "std": float(np.std([values[metric] for values in metrics], ddof=min(1, len(runs) - 1))),
                }
                for metric in metrics[0]
            },
            "clusters": [result.clusters.to_json() if result.clusters else {} for result in results],
            **_training(runs),
        }
        if baseline in ranks and name != baseline:
            gain = paired_ranking_bootstrap(ranks[baseline], ranks[name], "ndcg@20")
            found[name]["ndcg@20 over SASRec"] = dataclasses.asdict(gain)
    return found


def _training(runs: list[Path]) -> dict[str, Any]:
    """Loss, epochs and wall time of the runs that were trained."""
    import numpy as np

    from tfelc.next_item.run import NextItemRun

    if not (runs[0] / "run.json").exists():
        return {"loss": None}
    histories = [json.loads((folder / "history.json").read_text()) for folder in runs]
    next_item = NextItemRun(runs[0]).settings.model.next_item
    return {
        "loss": next_item.loss,
        "best_epoch": [history["best_epoch"] for history in histories],
        "seconds": float(np.mean([history["seconds"] for history in histories])),
        "config": NextItemRun(runs[0]).settings.model_dump(mode="json"),
    }


def write_markdown(path: Path, datasets: dict[str, Any], protocol: str, seeds: int) -> None:
    """Writes the table as Markdown; `protocol` is that of `SplitSettings`."""
    from tfelc.core.atomic_files import write_text

    lines = [
        f"{_PROTOCOLS[protocol]}, whole catalog, seen items removed; mean ± standard deviation over {seeds} seeds. "
        "The last column is the gain in NDCG@20 over SASRec with the same settings, and its 95 % interval by a paired "
        "bootstrap over users.",
        "",
    ]
    for source, found in datasets.items():
        headings, rows = _cells(found["models"])
        lines += [f"### {source}", "", f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}"]
        lines += [*(f"| {' | '.join(row)} |" for row in rows), ""]
    write_text(path, "\n".join(lines))


def print_table(console: "Console", datasets: dict[str, Any]) -> None:
    """Prints the means of each data set; deviations and intervals stand in the Markdown."""
    from rich.box import SIMPLE
    from rich.table import Table

    for source, found in datasets.items():
        metrics = list(next(iter(found["models"].values()))["metrics"])
        table = Table("model", *(metric.upper() for metric in metrics), "over SASRec", title=source, box=SIMPLE)
        for name, one in found["models"].items():
            gain = one.get("ndcg@20 over SASRec")
            figures = [f"{one['metrics'][metric]['mean']:.4f}" for metric in metrics]
            table.add_row(name, *figures, f"{gain['difference']:+.4f}" if gain else "")
        console.print(table)


def _cells(models: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    metrics = list(next(iter(models.values()))["metrics"])
    rows = []
    for name, found in models.items():
        figures = [_figure(found["metrics"][metric]) for metric in metrics]
        in_use = [clusters["in_use"] for clusters in found["clusters"] if clusters]
        gain = found.get("ndcg@20 over SASRec")
        rows.append(
            [
                name,
                found["loss"] or "",
                *figures,
                f"{sum(in_use) / len(in_use):.0f}" if in_use else "",
                f"{found['seconds']:.0f} s" if "seconds" in found else "",
                f"{gain['difference']:+.4f} ({gain['low']:+.4f}, {gain['high']:+.4f})" if gain else "",
            ]
        )
    headings = [metric.upper() for metric in metrics]
    return ["model", "loss", *headings, "clusters in use", "training", "over SASRec"], rows


def _figure(value: dict[str, float]) -> str:
    return f"{value['mean']:.4f}".lstrip("0") + (f" ± {value['std']:.4f}".replace("0.", ".") if value["std"] else "")
