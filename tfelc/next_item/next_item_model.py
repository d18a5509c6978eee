"""A next-item model as an object: fitted to interactions, it recommends, measures, exports and reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tfelc.core.errors import UsageError
from tfelc.core.tensorflow_start import load_tensorflow
from tfelc.lifecycle.fitted_model import FittedModel
from tfelc.next_item.default_settings import default_settings
from tfelc.next_item.run import NextItemRun
from tfelc.next_item.settings import NextItemSettings

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from tfelc.next_item.export.trained_answers import TrainedRecommender

SettingsInput = NextItemSettings | str | Path | Mapping[str, Any] | None


class NextItemModel(FittedModel[NextItemRun]):
    """Recommends what comes next after a history of items.

    Args:
        model: str. Name of a next-item model, such as `sasrec`; see docs/next_item.md. Defaults to None: the one that
            the settings name, or `elcrec`.
        settings: NextItemSettings, or the path of a YAML file, or a mapping of settings by dotted names, such as
            `{"training.epochs": 5}`, which go over those that are shipped for the data set. Defaults to those; see
            docs/settings.md.

    Raises:
        UsageError: There is no such model, or the settings are those of another one.
        ConfigError: A setting does not exist or has no such value.

    Example:
        >>> model = tfelc.NextItemModel("sasrec").fit(clicks)  # doctest: +SKIP
        >>> model.recommend([["i1", "i2"], []], k=10)  # doctest: +SKIP
    """

    run_class = NextItemRun
    served_name = "recommender"

    def __init__(self, model: str | None = None, settings: SettingsInput = None) -> None:
        super().__init__()
        self._given = settings
        self._asked = {} if model is None else {"model.name": model}
        # Whatever data set it will be: a setting that does not exist is told now.
        self.name = self._settings("default").model.name
        if model not in (None, self.name):
            raise UsageError(f"`settings` are those of {self.name}, not of `{model}`: name one of the two")
        self._recommender: TrainedRecommender | None = None

    @classmethod
    def of_run(cls, run: NextItemRun) -> Self:
        """The model that a run trained."""
        model = cls(settings=run.settings)
        model._run = run
        return model

    def __repr__(self) -> str:
        return f"NextItemModel({self.name}; {self._fitted_as()})"

    def fit(
        self,
        interactions: pd.DataFrame | pa.Table | str | Path,
        run: str | Path | None = None,
        progress: bool = True,
        csv_delimiter: str | None = None,
    ) -> Self:
        """Trains on sequences, and keeps the weights that do best on its validation split.

        Args:
            interactions: DataFrame or Arrow table with the columns `user`, `item` and `time`, what names files of such
                tables (see docs/data.md), or the name of a public data set, such as `beauty`.
            run: str or Path. Folder that keeps the run. Defaults to None: a temporary one that goes with this object;
                see `save`.
            progress: bool. Whether to show a bar and a line for each epoch. Defaults to True.
            csv_delimiter: str. What separates the columns of CSV files. Defaults to None: a comma, and a tab in .tsv
                files.

        Returns:
            The fitted model itself.

        Raises:
            DataError: A column is missing, a value is none of its kind, or too little is left after filtering.
            RunError: The folder is taken, or training diverged.
        """
        load_tensorflow()

        from rich.console import Console

        from tfelc.next_item.data.sources import load_sequences
        from tfelc.next_item.training.train import create_training

        console = Console(quiet=not progress)
        path = self._workspace.new_folder() if run is None else Path(run)
        NextItemRun.refuse_taken(path)
        owns_data = not isinstance(interactions, str | Path)
        source = str(self._written(interactions) if owns_data else interactions)
        settings = self._settings(source)
        limits = settings.split.min_user_actions, settings.split.min_item_users
        sequences = load_sequences(source, console.print, *limits, csv_delimiter)
        training = create_training(sequences, source, settings, path, console, owns_data, csv_delimiter)
        training.train()
        training.test()
        self._run, self._recommender = NextItemRun.open(path), None
        return self

    def recommend(
        self,
        histories: Sequence[Sequence[Any]],
        k: int = 10,
        allow: Sequence[Any] | None = None,
        deny: Sequence[Any] | None = None,
        keep_seen: bool = False,
        where: Any = None,
        at_most: Mapping[str, int] | None = None,
        diversity: float = 0.0,
    ) -> pd.DataFrame:
        """The best items after each history; items of the history itself are left out unless they are kept.

        Args:
            histories: Sequence of sequences of raw item ids, oldest first. An id that is not in the catalog is passed
                over; a history without a known item gets what is popular.
            k: int. Items wanted. Defaults to 10.
            allow: Sequence. Raw item ids to which the answers are restricted, one list for all histories or one for
                each. An empty list leaves nothing; None, for all or in place of one list, does not restrict. Defaults
                to None.
            deny: Sequence. Raw item ids that are not recommended, likewise. Defaults to None: none. Ids that are not in
                the catalog, here and in `allow`, count for nothing, and a warning says how many there are.
            keep_seen: bool. Whether items of the history itself may be recommended; by the setting `repeats` they
                always may, unless `deny` names them. Defaults to False.
            where: Mapping of a category to a value, or to several of which an item must have one, and of a flag to
                True, such as `{"color": ["red", "blue"], "in_stock": True}`; or one for each history. A value that no
                item has counts for nothing, and a warning says so. Defaults to None: any item will do.
            at_most: Mapping. Category -> items of one value in an answer at most. Defaults to None: any number.
            diversity: float. Share, from 0 to 1, of unlikeness to the items before in what the next one is chosen by;
                see `greedy_picks`. Defaults to 0.

        Returns:
            DataFrame with the columns `row` (number of the history), `rank` from 1, `item` and `score`.

        Raises:
            UsageError: There is neither one list of a kind for all histories nor one for each, the model's items have
                no such attribute, or it is not fitted yet.
        """
        load_tensorflow()

        from tfelc.next_item.export.conditions import Conditions
        from tfelc.next_item.scoring.recommendations_frame import recommendations_frame
        from tfelc.next_item.scoring.warn_of_unknown import warn_of_unknown

        trained = self._trained()
        kinds = trained.attributes.kinds
        conditions = Conditions.of(len(histories), allow, deny, keep_seen, where, at_most, diversity, kinds)
        answers, _ = trained.recommend(histories, k, conditions)
        warn_of_unknown(answers)
        return recommendations_frame(answers["ids"], answers["scores"])

    def evaluate(self, split: str = "test", keep_seen: bool = False) -> dict[str, Any]:
        """Ranks the whole catalog for each user of a split.

        Args:
            split: str. `validation` or `test`. Defaults to `test`.
            keep_seen: bool. Whether what a user had before may come again, as by the setting `repeats` it always may.
                Defaults to False.

        Returns:
            What `tfelc evaluate --json` prints.

        Raises:
            UsageError: There is no such split, or the model is not fitted yet.
        """
        load_tensorflow()

        from tfelc.lifecycle.evaluation.with_yardsticks import with_yardsticks
        from tfelc.next_item.evaluation.evaluation import evaluate
        from tfelc.next_item.evaluation.measured import measured

        examples, training = measured(self.run, split)
        repeats = self.run.settings.repeats
        keep_seen = keep_seen or repeats
        found, _ = evaluate(self.run.model(), examples, split, not keep_seen, training=training)
        if keep_seen == repeats:
            found = with_yardsticks(found, self.run, self.run.metadata["data_hash"])
        return found.to_json()

    def ready_requests(self, rows: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Requests with histories of the test split; see `FittedModel.ready_requests`."""
        load_tensorflow()

        from tfelc.next_item.export.ready_requests import ready_requests

        return ready_requests(self.run, rows)

    def _export(self, run: NextItemRun, base: Path, step: Callable[[str], None]) -> Path:
        from tfelc.next_item.export.exporter import export_recommender

        return export_recommender(run, base, progress=step).path

    def _page(self, run: NextItemRun, other: NextItemRun | None, command: str, step: Callable[[str], None]) -> str:
        from tfelc.next_item.report.next_item_report import NextItemReport

        return NextItemReport(run, other).html(command, step)

    def _settings(self, source: str) -> NextItemSettings:
        if isinstance(self._given, NextItemSettings):
            return self._given
        if isinstance(self._given, str | Path):
            return NextItemSettings.load(Path(self._given), self._asked)
        return default_settings(source, {**self._asked, **(self._given or {})})

    def _written(self, interactions: pd.DataFrame | pa.Table) -> Path:
        import pyarrow as pa
        import pyarrow.parquet as pq

        from tfelc.data.log_source import arrow_table
        from tfelc.next_item.run import OWN_DATA

        folder = self._workspace.new_folder()
        folder.mkdir()
        table = interactions if isinstance(interactions, pa.Table) else arrow_table(interactions)
        pq.write_table(table, folder / OWN_DATA)
        return folder / OWN_DATA

    def _trained(self) -> TrainedRecommender:
        from tfelc.next_item.export.exporter import popularity_and_histories
        from tfelc.next_item.export.trained_answers import TrainedRecommender

        if self._recommender is None:
            popularity, _ = popularity_and_histories(self.run, 1)
            self._recommender = TrainedRecommender(
                self.run.model(), self.run.catalog, popularity, self.run.attributes, self.run.settings.repeats
            )
        return self._recommender
