"""The datasets and runs of each day."""

from pathlib import Path

import keras
from rich.console import Console

from tfelc.core.errors import RunError
from tfelc.data.dataset import Dataset
from tfelc.ranker.data.drifting_world import prepare_days
from tfelc.ranker.run import RankerRun
from tfelc.ranker.settings import RankerSettings
from tfelc.ranker.training.train import create_training, resume_training
from tfelc.ranker.warm_start.begin import settings_of
from tfelc.ranker.warm_start.best_hash import best_hash

INCREMENTAL, RETRAINED, YESTERDAY = "day by day", "all days anew", "yesterday's"
_DONE = "benchmark.json"


class Days:
    """Makes each dataset and run once: what is there is read, what was stopped goes on.

    Args:
        folder: Where they lie.
        rows: Rows of a day.
        days: How many days there are.
        seed: Seed of the log.
        tasks: The tasks.
        settings: Of a training that starts from nothing.
        day_settings: Of one that starts from the day before.
        console: Where progress goes.
    """

    def __init__(
        self,
        folder: Path,
        rows: int,
        days: int,
        seed: int,
        tasks: list[str],
        settings: RankerSettings,
        day_settings: RankerSettings,
        console: Console,
    ) -> None:
        self._folder = folder
        self._rows = rows
        self._users = max(rows * days // 20, 1)
        self._seed = seed
        self._tasks = tasks
        self._settings = settings
        self._day_settings = day_settings
        self._console = console

    def dataset(self, first: int, day: int) -> Dataset:
        """The days from the first on, judged on the day after `day`."""
        path = self._folder / "data" / f"{first}-{day}-of-{self._rows}-seed-{self._seed}"
        if not path.exists():
            with self._console.status(f"simulating days {first} to {day}"):
                prepare_days(path, range(first, day + 1), self._rows, self._users, self._seed)
        return Dataset(path)

    def retrained(self, day: int) -> RankerRun:
        """A ranker of all days so far, trained anew."""
        return self._trained(f"anew-{day}", self.dataset(1, day), self._settings, None)

    def incremental(self, day: int) -> RankerRun:
        """The ranker of the day before, gone on with this one; on the first day, that of the day alone."""
        if day == 1:
            return self.retrained(1)
        return self._trained(f"on-{day}", self.dataset(day, day), self._day_settings, self.incremental(day - 1))

    def _trained(self, name: str, dataset: Dataset, settings: RankerSettings, start: RankerRun | None) -> RankerRun:
        path = self._folder / name
        if (path / "run.json").exists():
            run = RankerRun.open(path)
            origin = run.metadata.get("warm_start", {}).get("best_sha256")
            made_of = run.metadata["data_hash"], run.metadata["tasks"], run.settings, origin
            asked = settings_of(run, settings)[0], None if start is None else best_hash(start)
            if made_of != (dataset.hash, self._tasks, *asked):
                raise RunError(f"{path}: was made with other settings, tasks or data; name another --runs")
            if (path / _DONE).exists():
                return run
            loop = resume_training(run, self._console, dataset)
        else:
            self._console.print(f"[bold]{name}[/bold]")
            loop = create_training(dataset, self._tasks, settings, path, self._console, warm_start=start)
        loop.train()
        loop.run.write_json(_DONE, {"seconds": loop.history.seconds})
        keras.backend.clear_session()
        return RankerRun.open(path)
