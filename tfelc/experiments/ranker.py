"""Does the cluster module help? Baseline B against B + ELCM over several seeds, with gradient-boosted trees beside."""

from pathlib import Path
from typing import Annotated

import typer


def ranker(
    data: Annotated[Path, typer.Option(help="Prepared dataset, such as KuaiRand-Pure.")],
    config: Annotated[
        list[Path] | None,
        typer.Option(
            help="Settings of B + ELCM, named after the file; may repeat. They differ in model.clusters alone, and B "
            "is the same without clusters. Without it: the defaults."
        ),
    ] = None,
    task: Annotated[str, typer.Option(help="Tasks, with commas between them.")] = "ctr,cvr",
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each model, by seeds 0, 1, ...")] = 5,
    settings: Annotated[list[str] | None, typer.Option("--set", help="One setting of all; may repeat.")] = None,
    runs: Annotated[
        Path | None,
        typer.Option(help="Folder to keep the runs in: what is in it is not trained again. Without it none is kept."),
    ] = None,
    trees: Annotated[bool, typer.Option(help="Also train scikit-learn's HistGradientBoosting, untuned.")] = True,
    out: Annotated[Path, typer.Option(help="Result file.")] = Path("results/ranker.json"),
) -> None:
    """Trains B and each B + ELCM with equal seeds and compares them on the same test rows, paired over users."""
    from tfelc.core.tensorflow_start import load_tensorflow

    load_tensorflow()

    from rich.console import Console

    from tfelc.core.errors import UsageError
    from tfelc.data.dataset import Dataset
    from tfelc.experiments.ranker_figures import compare, describe, lifts_by_group, tree_figures
    from tfelc.experiments.ranker_runs import RankerRuns
    from tfelc.experiments.ranker_tables import differences_table, metrics_table
    from tfelc.experiments.ranker_variants import TREES, variants
    from tfelc.experiments.result_file import write_result

    console = Console()
    dataset = Dataset(data)
    if dataset.schema.user_key is None:
        raise UsageError(f"{data}: the models are compared user by user, and its schema has no `user_key`")
    configs = variants(config or [], settings or [])
    heads = [name.strip() for name in task.split(",")]
    trained = RankerRuns(dataset, heads, configs, runs, console)
    trained.check(seeds)
    # Seed by seed, so that what is there after an interruption is there for every variant.
    by_seed = [{name: trained.measure(name, seed) for name in configs} for seed in range(seeds)]
    found = {name: [of[name] for of in by_seed] for name in configs}
    models = {name: describe(ones) for name, ones in found.items()}
    if trees:
        with console.status(TREES):
            models[TREES] = tree_figures(dataset, by_seed[0])
    differences = compare(found, console)
    console.print(metrics_table(models, seeds))
    for name, lifts in differences.items():
        console.print(differences_table(name, lifts))
        console.print_json(data=models[name]["clusters"])
    write_result(
        out,
        {
            "data_hash": dataset.hash,
            "tasks": heads,
            "seeds": list(range(seeds)),
            "configs": {name: config.model_dump(mode="json") for name, config in configs.items()},
            "models": models,
            "differences": {name: lifts_by_group(lifts) for name, lifts in differences.items()},
            "training_seconds": {name: [one.seconds for one in ones] for name, ones in found.items()},
        },
    )
    console.print(f"written to {out}", soft_wrap=True)
