"""Variants x seeds: the runs of an experiment, trained or taken up where they were left."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from rich.console import Console

from tfelc.core.errors import RunError
from tfelc.core.settings import Settings

SettingsT = TypeVar("SettingsT", bound=Settings)
Measured = TypeVar("Measured")
# Variant -> the folder of each of its runs, one a seed, and their settings.
Plans = Mapping[str, Sequence[tuple[Path, SettingsT]]]


class Runs(ABC, Generic[SettingsT, Measured]):
    """Makes each run once: one that has ended is read, one that was stopped goes on, and a foreign one is refused.

    Args:
        plans: Variant -> the folder and the settings of each of its runs, seed by seed.
        console: Where progress goes.

    Attributes:
        last_file: What a run's folder holds once the run has ended.
        identity: What a run must agree in to be taken for the one asked for.
    """

    last_file: ClassVar[str]
    identity: ClassVar[str] = "settings or data"

    def __init__(self, plans: Plans[SettingsT], console: Console) -> None:
        self.plans = plans
        self.console = console

    @abstractmethod
    def is_same(self, name: str, path: Path, settings: SettingsT) -> bool:
        """Whether the run in a folder is of these settings, and of the data that is asked for."""

    @abstractmethod
    def train(self, name: str, path: Path, settings: SettingsT) -> None:
        """Trains one run to its end, from its start or from where it was left."""

    @abstractmethod
    def measure(self, path: Path) -> Measured:
        """Reads or measures a run that has ended."""

    def check(self) -> None:
        """Raises RunError where a folder holds another run than the one asked for, before anything is trained."""
        for name, plan in self.plans.items():
            for path, settings in plan:
                begun = (path / "run.json").exists() or (path / self.last_file).exists()
                if begun and not self.is_same(name, path, settings):
                    raise RunError(
                        f"{path}: was made with other {self.identity} than are asked for; name another --runs"
                    )

    def run(self) -> dict[str, list[Measured]]:
        """Trains what is not there yet, and measures it: variant -> its seeds."""
        import keras

        found: dict[str, list[Measured]] = {name: [] for name in self.plans}
        # Seed by seed, so that what is there after an interruption is there for every variant.
        for by_variant in zip_longest(*self.plans.values()):
            for name, plan in zip(self.plans, by_variant, strict=True):
                if plan is None:
                    continue
                path, settings = plan
                if not (path / self.last_file).exists():
                    self.console.print(f"[bold]{path.name}[/bold]")
                    path.parent.mkdir(parents=True, exist_ok=True)
                    self.train(name, path, settings)
                found[name].append(self.measure(path))
                keras.backend.clear_session()
        return found
