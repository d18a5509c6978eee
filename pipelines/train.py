"""Trains a ranker: `python pipelines/train.py --task ctr,cvr --data DIR --run RUN`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfelc.cli import run

if TYPE_CHECKING:
    from rich.console import Console

    from tfelc.data.dataset import Dataset
    from tfelc.training.training import Training

app = typer.Typer(add_completion=False)


@app.command()
def train(
    task: Annotated[str, typer.Option(help="Task, or several with commas between them; any the schema declares.")],
    data: Annotated[
        Path | None, typer.Option(help="Prepared dataset. Defaults to a simulated log, made once in the cache.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Settings (YAML).")] = None,
    run_path: Annotated[
        Path | None, typer.Option("--run", help="Run folder to make. Defaults to one under runs/, named by the time.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="One setting, such as model.clusters.count=20; may repeat.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --run from its last checkpoint.")
    ] = False,
) -> None:
    """Trains, keeps the weights that do best on the validation split, and measures them on the test split."""
    from rich.console import Console

    from tfelc.config import Config
    from tfelc.errors import UsageError
    from tfelc.quiet_tensorflow import load_tensorflow

    console = Console()
    heads = [name.strip() for name in task.split(",")]
    if resume and (run_path is None or config is not None or settings):
        raise UsageError("--resume goes on with --run as it was started: name the run, and no --config or --set")
    resolved = Config.load(config, settings or [])
    if run_path is None:
        from datetime import datetime

        run_path = Path("runs") / f"{'-'.join(heads)}-{datetime.now():%Y%m%d-%H%M%S}"

    load_tensorflow()

    from tfelc.data.dataset import Dataset
    from tfelc.training.ranker_run import RankerRun
    from tfelc.training.training import Training

    if resume:
        folder = RankerRun(run_path)
        if (tasks := folder.facts()["tasks"]) != heads:
            raise UsageError(f"--resume: the run in {run_path} trains --task {','.join(map(str, tasks))}")
        training = Training.resume(run_path, folder.dataset(data), console)
    else:
        dataset = Dataset(data) if data else _embedded_default(console)
        training = Training.start(run_path, dataset, resolved, heads, console)
    training.run()
    _report(training, run_path, console)


def _embedded_default(console: "Console") -> "Dataset":
    from tfelc.cache import cache_home
    from tfelc.data import simulated
    from tfelc.data.dataset import Dataset

    path = cache_home() / "simulated-300000"
    if not path.exists():
        with console.status(f"simulating the default log of 300,000 rows in {path} (once)"):
            path.parent.mkdir(parents=True, exist_ok=True)
            simulated.prepare(rows=300_000, seed=7, out=path)
    return Dataset(path)


def _report(training: "Training", run_path: Path, console: "Console") -> None:
    from tfelc.evaluation.tables import gates_table, groups_table, metrics_table

    result = training.test()
    console.print(metrics_table(result, training.dataset.manifest.facts.get("best_possible_auc")))
    console.print(groups_table(result))
    console.print(gates_table(result))
    where = f"run folder: {run_path}\nTensorBoard: tensorboard --logdir {run_path / 'logs'}"
    console.print(where, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    run(app)
