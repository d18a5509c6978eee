"""What the models of the front door share: the run that trained them, and what is done with it."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

from tfelc.core.atomic_files import write_text
from tfelc.core.errors import UsageError
from tfelc.core.step_status import step_status
from tfelc.core.tensorflow_start import load_tensorflow
from tfelc.core.workspace import Workspace
from tfelc.lifecycle.run import Run

RunT = TypeVar("RunT", bound=Run[Any])


class FittedModel(ABC, Generic[RunT]):
    """A model as an object, once it is fitted; a kind of model is a subclass, which `MODELS` names.

    Attributes:
        run_class: The runs of its kind.
        served_name: The name that it is served under by default.
    """

    run_class: ClassVar[type[Run[Any]]]
    served_name: ClassVar[str]

    def __init__(self) -> None:
        self._run: RunT | None = None
        self._workspace = Workspace()

    @classmethod
    @abstractmethod
    def of_run(cls, run: RunT) -> Self:
        """The model that a run trained."""

    @property
    def run(self) -> RunT:
        """The run that trained it; raises UsageError before `fit`."""
        if self._run is None:
            raise UsageError("the model is not fitted yet: call `fit`, or `tfelc.load` a run")
        return self._run

    def export(self, base: str | Path, progress: bool = True) -> Path:
        """Writes the next version for TensorFlow Serving, verified before it appears.

        Args:
            base: str or Path. The model's base folder.
            progress: bool. Whether to show the steps. Defaults to True.

        Returns:
            The version's folder.

        Raises:
            ExportError: An answer of the export differs from the trained model's, or `base` cannot be written to.
            UsageError: The model is not fitted yet.
        """
        run = self.run
        load_tensorflow()
        with step_status(progress) as step:
            return self._export(run, Path(base), step)

    def report(self, path: str | Path, against: str | Path | None = None, progress: bool = True) -> Path:
        """Writes the run's page: pictures, tables and plain words.

        Args:
            path: str or Path. The HTML file.
            against: str or Path. A run on the same data to compare with. Defaults to None.
            progress: bool. Whether to show the steps. Defaults to True.

        Returns:
            The file.

        Raises:
            UsageError: The model is not fitted yet, or the other run was trained on other data.
        """
        run, other = self.run, None if against is None else self.run_class.open(Path(against))
        load_tensorflow()
        with step_status(progress) as step:
            write_text(Path(path), self._page(run, other, f"tfelc.{type(self).__name__}.report", step))
        return Path(path)

    def save(self, path: str | Path) -> None:
        """Copies the run to a folder that stays; `tfelc.load` opens it.

        Raises:
            RunError: The folder is taken.
            UsageError: The model is not fitted yet.
        """
        run = self.run
        self.run_class.refuse_taken(Path(path))
        shutil.copytree(run.path, path, dirs_exist_ok=True)

    @abstractmethod
    def ready_requests(self, rows: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Requests to try on the served model, with real rows: title, signature and inputs of each.

        Args:
            rows: int. Rows, or histories, of each request.
        """

    @abstractmethod
    def _export(self, run: RunT, base: Path, step: Callable[[str], None]) -> Path:
        """Exports a run; returns the version's folder."""

    @abstractmethod
    def _page(self, run: RunT, other: Any, command: str, step: Callable[[str], None]) -> str:
        """The page of a run, beside another one of its kind or None."""

    def _fitted_as(self) -> str:
        return "not fitted" if self._run is None else str(self._run.path)
