"""MIND, impressions of Microsoft News: the folders of its train and dev archives -> a prepared dataset."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
from numpy.typing import NDArray

from tfelc.core.data_warning import DataWarning
from tfelc.core.errors import DataError, UsageError
from tfelc.data import log_preparation
from tfelc.data.hashed_random import hashed_uniform
from tfelc.data.log_batch import LogBatch
from tfelc.ranker.data.mind_news import MindNews
from tfelc.ranker.data.text_lists import last_of, words
from tfelc.schema.schema import Schema

SCHEMA_FILE = Path(__file__).with_name("mind.yaml")
_COLUMNS = ["impression_id", "user_id", "time", "history", "candidates"]
_TIME = "%m/%d/%Y %I:%M:%S %p"
_BLOCK = 1 << 22
_IMPRESSIONS = 1_024
_STREAM = 103


def prepare(
    train: Path,
    dev: Path,
    out: Path,
    seed: int = 7,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> None:
    """Writes MIND as a prepared dataset: a row for each news shown, streamed.

    Training is the train folder. Of the dev folder one half of the users, drawn by the seed, is validation, and the
    other half test: no impression and no user is in both. The columns of the files were read on 2026-11-28 at
    https://learn.microsoft.com/azure/open-datasets/dataset-microsoft-news, and that a history begins with the oldest
    click, at https://github.com/msnews/msnews.github.io/issues/20.

    Args:
        train: The folder that the train archive unpacks to, with `behaviors.tsv` and `news.tsv`.
        dev: That of the dev archive.
        out: The folder to make.
        seed: Seed of the halves. Defaults to 7.
        progress: Called with the rows written so far and their total, which is not known.

    Raises:
        DataError: A file is missing or not of the published form, or `out` cannot be written.
        UsageError: Both folders are the same.
    """
    if train.resolve() == dev.resolve():
        raise UsageError("`train` and `dev` are the same folder; name one for each archive", ["train", "dev"])
    schema = Schema.load(SCHEMA_FILE)
    log = MindLog(train, dev, schema.columns["history"].max_length, seed)
    log_preparation.prepare(schema, log, out, seed, progress)


class MindLog:
    """The rows of both folders, as `LogSource` has it.

    Args:
        train: The train folder.
        dev: The dev folder.
        max_length: Clicks of a history that are kept, the latest.
        seed: Seed of the halves of the dev folder.

    Raises:
        DataError: A file is missing, or `news.tsv` is not of the published form.
    """

    def __init__(self, train: Path, dev: Path, max_length: int, seed: int) -> None:
        self.name = "MIND, by its train and dev folders"
        self.rows: int | None = None
        self.names = [*Schema.load(SCHEMA_FILE).columns, "split"]
        self._files = [_file_of(folder, "behaviors.tsv") for folder in (train, dev)]
        self._news = [MindNews(_file_of(folder, "news.tsv")) for folder in (train, dev)]
        self._max_length = max_length
        self._seed = seed

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[LogBatch]:
        """Reads columns, batch by batch. Defaults to all."""
        begin, unknown = pd.Timestamp.max, 0
        for file, news, is_train in zip(self._files, self._news, (True, False), strict=True):
            for first_row, impressions in _impressions(file):
                times = _times(impressions["time"], file, first_row)
                if is_train:
                    begin = min(begin, times.min())
                elif times.min() < begin:
                    raise DataError(f"{file}: impressions from before the train folder; are the two folders swapped?")
                split = np.full(len(times), "train") if is_train else self._halves(impressions["user_id"])
                table = self._rows(impressions, times, split, news, file, first_row)
                unknown += table["category"].null_count
                yield LogBatch(str(file), first_row, table.select(list(columns or self.names)), is_text=False)
        if unknown:
            warnings.warn(
                f"{unknown:,} rows of news that news.tsv lacks: they have no category", DataWarning, stacklevel=2
            )

    def _halves(self, users: pa.Array) -> NDArray[np.str_]:
        keys = pd.util.hash_array(users.to_numpy(zero_copy_only=False))
        return np.where(hashed_uniform(keys, self._seed, _STREAM, 1)[:, 0] < 0.5, "validation", "test")

    def _rows(
        self,
        impressions: pa.Table,
        times: pd.Series,
        split: NDArray[np.str_],
        news: MindNews,
        file: Path,
        first_row: int,
    ) -> pa.Table:
        """A row for each candidate of some impressions."""
        impression, shown, clicked = _candidates(impressions["candidates"], file, first_row)
        clicks = words(impressions["history"])
        length = clicks.value_lengths()
        history = last_of(clicks, self._max_length)
        of_impressions = {
            "impression_id": impressions["impression_id"],
            "time": pa.array(times.to_numpy().astype("datetime64[us]")),
            "newcomer": pc.if_else(pc.equal(length, 0), "new", "known"),
            "user_id": impressions["user_id"],
            "history_length": length,
            "history": history,
            "history_categories": news.of_lists(history, "category"),
            "history_subcategories": news.of_lists(history, "subcategory"),
            "hour": pa.array(times.dt.hour.to_numpy()),
            "split": pa.array(split),
        }
        rows = pa.table(of_impressions).take(impression)
        of_candidates = {
            "news_id": shown,
            "click": clicked,
            "category": news.of(shown, "category"),
            "subcategory": news.of(shown, "subcategory"),
        }
        for name, values in of_candidates.items():
            rows = rows.append_column(name, values)
        return rows


def _file_of(folder: Path, name: str) -> Path:
    if not (folder / name).is_file():
        raise DataError(f"{folder}: no {name}; name the folder that one of MIND's archives unpacks to")
    return folder / name


def _impressions(file: Path) -> Iterator[tuple[int, pa.Table]]:
    """The lines of `behaviors.tsv`, some at a time, each with the number of the first."""
    number = 1
    try:
        with csv.open_csv(
            file,
            csv.ReadOptions(column_names=_COLUMNS, block_size=_BLOCK),
            csv.ParseOptions(delimiter="\t", quote_char=False),
            csv.ConvertOptions(column_types=dict.fromkeys(_COLUMNS, pa.string()), strings_can_be_null=False),
        ) as reader:
            for batch in reader:
                for start in range(0, len(batch), _IMPRESSIONS):
                    table = pa.table(batch.slice(start, _IMPRESSIONS)).combine_chunks()
                    yield number, pa.table({name: table[name].chunk(0) for name in _COLUMNS})
                    number += len(table)
    except pa.ArrowException as error:
        raise DataError(f"{file}: not MIND's behaviors.tsv, of 5 columns: {' '.join(str(error).split())}") from None


def _times(texts: pa.ChunkedArray, file: Path, first_row: int) -> pd.Series:
    times = pd.to_datetime(texts.to_pandas(), format=_TIME, errors="coerce")
    if (bad := times.isna()).any():
        row = int(np.argmax(bad))
        received = texts[row].as_py()
        raise DataError(
            f"{file}, row {first_row + row}: the time must be like 11/11/2019 9:05:58 AM. Received: {received!r}"
        )
    return times


def _candidates(texts: pa.ChunkedArray, file: Path, first_row: int) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Of each candidate: its impression's place, its news and whether it was clicked."""
    listed = words(texts)
    each = listed.flatten()
    impression = pc.list_parent_indices(listed)
    parts = pc.extract_regex(each, r"^(?P<news>.+)-(?P<click>[01])$")
    if parts.null_count:
        place = pc.index(parts.is_null(), pa.scalar(True)).as_py()
        where, text = f"{file}, row {first_row + impression[place].as_py()}", each[place].as_py()
        if "-" not in text:
            raise DataError(f"{where}: news without clicks, as in MIND's test archive; only train and dev have them")
        raise DataError(f"{where}: a news shown must be like N1-0 or N1-1. Received: {text!r}")
    if (empty := pc.equal(listed.value_lengths(), 0)).true_count:
        row = first_row + pc.index(empty, pa.scalar(True)).as_py()
        raise DataError(f"{file}, row {row}: no news was shown")
    return impression, parts.field("news"), pc.cast(parts.field("click"), pa.int8())
