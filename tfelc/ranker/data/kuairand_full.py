"""KuaiRand-1K and KuaiRand-27K -> prepared datasets, with the columns and the days of KuaiRand-Pure's protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import yaml

from tfelc.core.errors import DataError
from tfelc.data import log_preparation
from tfelc.data.log_batch import LogBatch
from tfelc.ranker.data.kuairand import SCHEMA_FILE
from tfelc.ranker.data.kuairand_files import KuaiRandFiles, header_of
from tfelc.ranker.data.kuairand_users import HISTORIES, integer_lists, user_table
from tfelc.ranker.data.text_lists import words
from tfelc.schema.schema import Schema

# Parts of each of the two standard logs, and rows of all of them, which tell the versions apart.
VERSIONS = {"1k": (1, 11_713_045), "27k": (2, 322_278_385)}
_LOGS = ("log_standard_4_08_to_4_21", "log_standard_4_22_to_5_08")


def prepare(
    version: str,
    data_dir: Path,
    out: Path,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> None:
    """Writes KuaiRand-1K or KuaiRand-27K as a prepared dataset.

    The protocol is that of KuaiRand-Pure: the standard logs from 25 April on, repeats dropped, split by `date`, and
    of the days before what each user watched last. The random log is not read, nor the statistics of the videos, which
    are those of the whole month, test days included. Logs and videos go through DuckDB in 2 GB of memory, and what
    does not fit lies beside `out` until it is done. Files, columns and numbers of rows were read on 2026-11-28 at
    https://github.com/chongminggao/KuaiRand.

    Args:
        version: `1k` or `27k`.
        data_dir: The folder that the archive unpacks to, or its folder `data`.
        out: The folder to make.
        progress: Called with the rows written so far and their total.

    Raises:
        DataError: A file is missing, broken or of another version, or `out` cannot be written.
    """
    parts, published = VERSIONS[version]
    folder = data_dir / "data" if (data_dir / "data").is_dir() else data_dir
    endings = [f"{version}.csv"] if parts == 1 else [f"{version}_part{part}.csv" for part in range(1, parts + 1)]
    logs = [folder / f"{log}_{ending}" for log in _LOGS for ending in endings]
    users = _users(folder / f"user_features_{version}.csv")
    with KuaiRandFiles(logs, folder / f"video_features_basic_{version}.csv", out) as files:
        if (found := files.read) != published:
            raise DataError(
                f"{folder}: its standard logs have {found:,} rows, but KuaiRand-{version.upper()} has {published:,}; "
                "unpack the archive again"
            )
        log = KuaiRandLog(version, users, files, str(folder))
        log_preparation.prepare(_schema(version, files), log, out, 0, progress)


class KuaiRandLog:
    """The rows with their users and videos, as `LogSource` has it.

    Args:
        version: `1k` or `27k`.
        users: The file of user features.
        files: The logs and the videos.
        where: The folder, for messages.

    Raises:
        DataError: The log names videos that the file lacks.
    """

    def __init__(self, version: str, users: pd.DataFrame, files: KuaiRandFiles, where: str) -> None:
        self.name = f"KuaiRand-{version.upper()}, 25 April to 8 May 2022, split by date"
        self.rows: int | None = files.join()
        self._files = files
        self._where = where
        self._ids = pd.Index(users["user_id"])
        history = files.histories()
        watched = integer_lists(history[HISTORIES[0]], " ").flatten().unique().to_pylist()
        videos = files.videos(watched)
        self._users = user_table(users, history, videos, integer_lists(videos["tag"], ","))
        schema = Schema.load(SCHEMA_FILE)
        self.names = [*(name for name in schema.columns if name not in schema.aggregates), "split"]

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[LogBatch]:
        """Reads columns, batch by batch. Defaults to all."""
        wanted = list(self.names if columns is None else columns)
        of_users = [name for name in wanted if name in self._users.column_names and name != "user_id"]
        of_rows = [name for name in wanted if name not in of_users]
        done = 0
        for batch in self._files.rows(list(dict.fromkeys([*of_rows, "user_id"]))):
            table = pa.table(batch)
            place = self._ids.get_indexer(table["user_id"].to_numpy())
            if (place < 0).any():
                user = table["user_id"][int(np.argmax(place < 0))]
                raise DataError(f"{self._where}: the log names user {user}, whom the file of user features lacks")
            if "tag" in of_rows:
                tags = words(table["tag"], ",").cast(pa.list_(pa.int64()))
                table = table.set_column(table.column_names.index("tag"), "tag", tags)
            for name, values in zip(of_users, self._users.select(of_users).take(place).columns, strict=True):
                table = table.append_column(name, values)
            yield LogBatch(self._where, done + 1, table.select(wanted), is_text=False)
            done += len(table)


def _users(path: Path) -> pd.DataFrame:
    header_of(path, ["user_id", "user_active_degree"])
    try:
        return pd.read_csv(path)
    except ValueError as error:
        raise DataError(f"{path}: not a readable CSV file: {' '.join(str(error).split())}") from None


def _schema(version: str, files: KuaiRandFiles) -> Schema:
    """Pure's schema, with the mean over the training days as the prior of each rate."""
    content = yaml.safe_load(SCHEMA_FILE.read_text(encoding="utf-8"))
    content |= {"name": f"kuairand_{version}", "split": {"by": "column", "column": "split"}}
    schema = Schema.load(content)
    aggregates = {
        name: aggregate.model_copy(update={"prior": files.rate(aggregate.of)}) if aggregate.needs_prior else aggregate
        for name, aggregate in schema.aggregates.items()
    }
    return schema.model_copy(update={"aggregates": aggregates})
