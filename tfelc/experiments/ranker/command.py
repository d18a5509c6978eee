"""Does the cluster module help? Baseline B against B + ELCM over several seeds, with gradient-boosted trees beside."""

import contextlib
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from tfelc.experiments.options import OutOption, SettingsOption, TaskOption


def ranker(
    data: Annotated[Path, typer.Option(help="Prepared dataset, such as KuaiRand-Pure.")],
    config: Annotated[
        list[Path] | None,
        typer.Option(
            help="Settings of B + ELCM, named after the file; may repeat. They differ in model.clusters alone, and B "
            "is the same without clusters. Without it: the defaults."
        ),
    ] = None,
    architecture: Annotated[
        list[str] | None,
        typer.Option(
            help="Also train B with this architecture, of the same units; may repeat, such as aitm or pepnet."
        ),
    ] = None,
    task: TaskOption = "ctr,cvr",
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each model, by seeds 0, 1, ...")] = 5,
    settings: SettingsOption = None,
    runs: Annotated[
        Path | None,
        typer.Option(help="Folder to keep the runs in: what is in it is not trained again. Without it none is kept."),
    ] = None,
    trees: Annotated[bool, typer.Option(help="Also train scikit-learn's HistGradientBoosting, untuned.")] = True,
    tree_trials: Annotated[
        int,
        typer.Option(
            min=0, help="Also tune LightGBM and its LambdaRank on the validation split by so many trials, such as 40."
        ),
    ] = 0,
    out: OutOption = Path("results/ranker.json"),
) -> None:
    """Trains B and each B + ELCM with equal seeds and compares them on the same test rows, paired over users."""
    from tfelc.core.tensorflow_start import load_tensorflow

    load_tensorflow()

    from rich.console import Console

    from tfelc.core.errors import UsageError
    from tfelc.data.dataset import Dataset
    from tfelc.experiments.ranker.figures import compare, describe
    from tfelc.experiments.ranker.runs import RankerRuns
    from tfelc.experiments.ranker.trees import describe_trees
    from tfelc.experiments.ranker.tuned_trees import check_installed
    from tfelc.experiments.ranker.variants import BASELINE, variants, with_seed
    from tfelc.experiments.result_file import publish

    console = Console()
    dataset = Dataset(data)
    if dataset.schema.user_key is None:
        raise UsageError(f"{data}: the models are compared user by user, and its schema has no `user_key`")
    if tree_trials and not trees:
        raise UsageError("--tree-trials puts tuned trees beside those that --no-trees leaves out; take one of the two")
    if tree_trials:
        check_installed()
    configs = variants(config or [], settings or [], architecture or [])
    heads = [name.strip() for name in task.split(",")]
    with contextlib.nullcontext(runs) if runs else tempfile.TemporaryDirectory() as folder:
        plans = {
            name: [(Path(folder) / f"{name}-{seed}", with_seed(one, seed)) for seed in range(seeds)]
            for name, one in configs.items()
        }
        trained = RankerRuns(plans, dataset, heads, console)
        trained.check()
        found = trained.run()
    models = {name: describe(ones) for name, ones in found.items()}
    if trees:
        models |= describe_trees(dataset, found[BASELINE][0].predictions, tree_trials)
    result = {
        "data_hash": dataset.hash,
        "protocol": f"test split, {dataset.rows('test'):,} rows; 95 % intervals by a paired bootstrap over users",
        "loss": next(iter(configs.values())).training.loss,
        "settings": [*(map(str, config or [])), *(settings or [])] or ["defaults"],
        "seeds": list(range(seeds)),
        "tasks": heads,
        "tree_trials": tree_trials,
        "configs": {name: one.to_dict() for name, one in configs.items()},
        "models": models,
        "differences": compare(found),
        "training_seconds": {name: [one.seconds for one in ones] for name, ones in found.items()},
    }
    publish(out, "ranker", result, console)
