"""The multi-task ranker as an object: fitted to a log, it scores, measures, exports and reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tfelc.core.errors import UsageError
from tfelc.core.tensorflow_start import load_tensorflow
from tfelc.data.dataset_folder import is_prepared
from tfelc.lifecycle.fitted_model import FittedModel
from tfelc.ranker.run import RankerRun
from tfelc.ranker.settings import RankerSettings
from tfelc.schema.schema import Schema

if TYPE_CHECKING:
    import pandas as pd

    from tfelc.data.log_source import LogInput
    from tfelc.lifecycle.training.training_loop import TrainingLoop
    from tfelc.ranker.models.ranking_model import RankingModel
    from tfelc.ranker.training.ranker_trainable import RankerTrainable

SettingsInput = RankerSettings | str | Path | Mapping[str, Any] | None


class Ranker(FittedModel[RankerRun]):
    """Scores candidates by several outcomes, with learnable clusters of the users (ELCRec, sections 5 and A.3).

    Args:
        schema: Schema, or the path of its YAML file, or its content as a dictionary. What the columns mean.
        tasks: Sequence of str. Names of the schema's tasks, in the order of the outputs. Defaults to all of them.
        settings: RankerSettings, or the path of a YAML file, or a mapping of settings by dotted names, such as
            `{"model.clusters.num_clusters": 20}`. Defaults to the defaults; see docs/settings.md.

    Raises:
        SchemaError: The schema contradicts itself.
        ConfigError: A setting does not exist or has no such value.
        UsageError: A task is none of the schema's.

    Example:
        >>> ranker = tfelc.Ranker("schema.yaml", tasks=["ctr", "cvr"])  # doctest: +SKIP
        >>> ranker.fit(log).predict(candidates)  # doctest: +SKIP
    """

    run_class = RankerRun
    served_name = "ranker"

    def __init__(
        self,
        schema: Schema | str | Path | Mapping[str, Any],
        tasks: Sequence[str] | None = None,
        settings: SettingsInput = None,
    ) -> None:
        from tfelc.schema.task_chain import select_tasks

        super().__init__()
        self.schema = schema if isinstance(schema, Schema) else Schema.load(schema)
        self.tasks = list(self.schema.tasks if tasks is None else tasks)
        self.settings = _settings(settings)
        select_tasks(self.schema, self.tasks, self.settings.tasks)
        self._model: RankingModel | None = None

    @classmethod
    def of_run(cls, run: RankerRun) -> Self:
        """The ranker that a run trained."""
        ranker = cls(run.schema, run.metadata["tasks"], run.settings)
        ranker._run = run
        return ranker

    def __repr__(self) -> str:
        return f"Ranker({', '.join(self.tasks)}; {self._fitted_as()})"

    def fit(
        self,
        data: LogInput,
        validation: LogInput | None = None,
        run: str | Path | None = None,
        seed: int = 0,
        progress: bool = True,
        csv_delimiter: str | None = None,
        warm_start: str | Path | None = None,
    ) -> Self:
        """Prepares a log, trains on it, and keeps the weights that do best on its validation split.

        Args:
            data: pandas DataFrame, Arrow table, files (a path, a folder, a pattern, a URL, a Delta or Iceberg table, or
                a list of those; see docs/data.md), or the folder of a prepared dataset. The rows, split as the schema
                says.
            validation: A log likewise. Rows to validate on; then all of `data` is for training, and these rows are
                the test split, too. Defaults to None: the schema's split.
            run: str or Path. Folder that keeps the run, with the prepared data in it. Defaults to None: a temporary
                one that goes with this object; see `save`.
            seed: int. Of a split by row or by user. Defaults to 0. What training draws is `training.seed`'s.
            progress: bool. Whether to show bars and a line for each epoch. Defaults to True.
            csv_delimiter: str. What separates the columns of CSV files. Defaults to None: a comma, and a tab in .tsv
                files.
            warm_start: str or Path. The folder of a run to start from: its weights are carried over, and its
                vocabularies and statistics go on to these rows; see docs/life.md. Defaults to None: from nothing.

        Returns:
            The fitted ranker itself.

        Raises:
            DataError: The log lacks a column, holds a value that the schema forbids, or leaves a split empty.
            RunError: The folder is taken, or training diverged.
            UsageError: The run to start from does not fit the schema, the tasks or the settings.
        """
        load_tensorflow()

        path = self._workspace.new_folder() if run is None else Path(run)
        RankerRun.refuse_taken(path)
        start = None if warm_start is None else RankerRun.open(Path(warm_start))
        training = self._training(data, validation, path, seed, progress, csv_delimiter, start)
        training.train()
        training.test()
        self._run, self._model = RankerRun.open(path), None
        return self

    def predict(
        self, data: LogInput, csv_delimiter: str | None = None, state: str | Path | None = None
    ) -> pd.DataFrame:
        """Scores rows.

        Args:
            data: DataFrame, Arrow table, or files, with the features of the schema; labels are not needed.
            csv_delimiter: str. What separates the columns of CSV files. Defaults to None: a comma, and a tab in .tsv
                files.
            state: str or Path. Folder `state` of a prepared dataset, which gives the rows the columns of the schema's
                aggregates. Defaults to None: the rows have them.

        Returns:
            DataFrame with one column for each output, and the index of the frame that was given: a probability for
            each binary task and its joint output, a quantity in its label's unit for the others, `score` where the
            schema has one, and `cluster` and `cluster_share` where there are clusters.

        Raises:
            DataError: A feature is missing, or a value is none of its kind.
            UsageError: The ranker is not fitted yet.
        """
        load_tensorflow()

        from tfelc.data.aggregates.state import AggregateState
        from tfelc.data.conformed_log import conformed_tables
        from tfelc.ranker.export.trained_answers import trained_answers
        from tfelc.ranker.scoring.scores_frame import scores_frame

        model = self._trained()
        columns, joined = model.schema.features, None
        if state is not None:
            joined = AggregateState(Path(state), model.schema)
            columns = joined.needed(columns)
        tables = conformed_tables(model.schema, data, list(columns), csv_delimiter)
        whole = (rows if joined is None else joined.added_to(rows) for rows in tables)
        return scores_frame((trained_answers(model, rows)[0] for rows in whole), data)

    def evaluate(
        self, data: LogInput | None = None, split: str = "test", csv_delimiter: str | None = None
    ) -> dict[str, Any]:
        """Measures it.

        Args:
            data: Log with labels, all rows of which are measured, or the folder of a prepared dataset. Defaults to
                None: the data that it was fitted to.
            split: str. `train`, `validation` or `test`, of a prepared dataset. Defaults to `test`.
            csv_delimiter: str. What separates the columns of CSV files. Defaults to None: a comma, and a tab in .tsv
                files.

        Returns:
            What `tfelc evaluate --json` prints: metrics by output and user group, gates and clusters,
            and simple models beside them where training measured those on the same rows.
        """
        load_tensorflow()

        from tfelc.data.split_tables import LogTables, SplitTables
        from tfelc.lifecycle.evaluation.with_yardsticks import with_yardsticks
        from tfelc.ranker.evaluation.evaluation import evaluate
        from tfelc.ranker.evaluation.held_features import held_result
        from tfelc.ranker.evaluation.predictions import Predictor

        model = self._trained()
        rows: SplitTables
        dataset = None
        if data is None or is_prepared(data):
            rows = dataset = self.run.dataset(None if data is None else Path(str(data)))
        else:
            rows, split = LogTables(model.schema, data, csv_delimiter), "data"
        held = held_result(rows, model.schema, split, lambda other: Predictor(model, other).predict(split))
        found = evaluate(Predictor(model, rows).predict(split), split, held=held)
        return (found if dataset is None else with_yardsticks(found, self.run, dataset.hash)).to_json()

    def ready_requests(self, rows: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Requests with rows of the run's data; see `FittedModel.ready_requests`."""
        load_tensorflow()

        from tfelc.ranker.export.ready_requests import ready_requests

        return ready_requests(self.run, rows)

    def _training(
        self,
        data: LogInput,
        validation: LogInput | None,
        run: Path,
        seed: int,
        progress: bool,
        csv_delimiter: str | None,
        start: RankerRun | None,
    ) -> TrainingLoop[RankerTrainable]:
        from rich.console import Console

        from tfelc.data.dataset import Dataset
        from tfelc.ranker.data.prepare_splits import prepare_splits
        from tfelc.ranker.training.train import create_training

        console = Console(quiet=not progress)
        if is_prepared(data):
            if validation is not None:
                raise UsageError("a prepared dataset has a validation split of its own: leave out `validation`")
            dataset = Dataset(Path(str(data)))
            return create_training(dataset, self.tasks, self.settings, run, console, warm_start=start)
        folder = self._workspace.new_folder()
        prepared = prepare_splits(self.schema, data, validation, folder, seed, progress, csv_delimiter)
        return create_training(prepared, self.tasks, self.settings, run, console, owns_data=True, warm_start=start)

    def _export(self, run: RankerRun, base: Path, step: Callable[[str], None]) -> Path:
        from tfelc.ranker.export.exporter import export

        return export(run, base, step).path

    def _page(self, run: RankerRun, other: RankerRun | None, command: str, step: Callable[[str], None]) -> str:
        from tfelc.ranker.report.ranker_report import RankerReport

        return RankerReport(run, other).html(command, step)

    def _trained(self) -> RankingModel:
        if self._model is None:
            self._model = self.run.model()
        return self._model


def _settings(given: SettingsInput) -> RankerSettings:
    if isinstance(given, RankerSettings):
        return given
    if isinstance(given, str | Path):
        return RankerSettings.load(Path(given))
    return RankerSettings.load(None, given or {})
