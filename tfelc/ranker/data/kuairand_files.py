"""The files of KuaiRand-1K and KuaiRand-27K in DuckDB, in bounded memory."""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from tfelc.core.errors import DataError
from tfelc.ranker.data.kuairand_users import HISTORIES

if TYPE_CHECKING:
    pass

_MEMORY = "2GB"
_ROWS = 65_536
_LOG = ["user_id", "video_id", "date", "hourmin", "time_ms", "is_click", "long_view", "tab", "duration_ms"]
_ENGAGEMENTS = ["is_like", "is_follow", "is_comment", "is_forward", "is_profile_enter"]
_VIDEO = {
    "video_id": "BIGINT",
    "author_id": "BIGINT",
    "upload_dt": "DATE",
    "music_id": "DOUBLE",
    "music_type": "DOUBLE",
    "video_type": "VARCHAR",
    "upload_type": "VARCHAR",
    "server_width": "DOUBLE",
    "server_height": "DOUBLE",
    "tag": "VARCHAR",
}
_LAST_DATE_OF_HISTORY = 20220424
_LENGTH = 50
# The columns of kuairand.yaml that belong to the impression and its video.
_COLUMNS = """
    user_id, video_id, author_id, time_ms, is_click, long_view, tab,
    CAST(is_click = 1 AND engaged AS BIGINT) AS engaged,
    hourmin // 100 AS hour, isodow(day) - 1 AS weekday, day - upload_dt AS video_age_days,
    CASE WHEN duration_ms > 0 THEN duration_ms END AS duration_ms,
    nullif(music_id, 0) AS music_id, music_type, video_type, upload_type, server_width, server_height, tag,
    CASE WHEN date < 20220504 THEN 'train' WHEN date < 20220506 THEN 'validation' ELSE 'test' END AS split
"""


class KuaiRandFiles:
    """Reads the logs and the videos into a database beside `out`, which is removed in the end; a context manager.

    Args:
        logs: The files of the standard log.
        videos: The file of video features.
        out: The dataset that is being made.

    Raises:
        DataError: A file is missing or broken, a column is missing, or the disk is full.
    """

    def __init__(self, logs: Sequence[Path], videos: Path, out: Path) -> None:
        self._logs = logs
        self._videos = videos
        self._out = out

    def __enter__(self) -> Self:
        import duckdb

        parent = self._out.absolute().parent
        headers = {path: header_of(path, [*_LOG, *_ENGAGEMENTS]) for path in self._logs}
        headers[self._videos] = header_of(self._videos, list(_VIDEO))
        try:
            parent.mkdir(parents=True, exist_ok=True)
            self._scratch = Path(tempfile.mkdtemp(prefix=f".{self._out.name}.", suffix=".kuairand", dir=parent))
        except OSError as error:
            raise DataError(f"{self._out}: cannot be written: {error.strerror}") from error
        config: dict[str, Any] = {"memory_limit": _MEMORY, "temp_directory": str(self._scratch / "spill")}
        try:
            self._connection = duckdb.connect(str(self._scratch / "log.duckdb"), config=config)
            # DuckDB 2.0 draws a bar of its own, on any output, for what takes more than 2 seconds.
            self._connection.execute("SET enable_progress_bar = false")
            self._load(headers)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if hasattr(self, "_connection"):
            self._connection.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    @property
    def read(self) -> int:
        """Rows of the logs, before repeats are dropped."""
        return self._number("SELECT count(*) FROM log")

    def join(self) -> int:
        """Puts the rows of 25 April to 8 May in the order of time, repeats dropped, beside their videos.

        Returns:
            How many there are.

        Raises:
            DataError: The log names videos that the file lacks, or the disk is full.
        """
        # Repeats may differ in their outcomes: the first stays, and DuckDB numbers the rows as they were put in.
        repeats = "PARTITION BY user_id, video_id, time_ms ORDER BY rowid"
        with self._reported(self._out):
            self._connection.execute(
                f"CREATE TABLE impression AS SELECT {_COLUMNS}, known FROM ("
                "  SELECT *, strptime(CAST(date AS VARCHAR), '%Y%m%d')::DATE AS day FROM log"
                f"  WHERE date > {_LAST_DATE_OF_HISTORY}"
                f"  QUALIFY row_number() OVER ({repeats}) = 1"
                ") LEFT JOIN (SELECT *, true AS known FROM video) USING (video_id)"
                " ORDER BY time_ms, user_id, video_id"
            )
        if self._number("SELECT count(*) FROM impression WHERE known IS NULL"):
            raise DataError(f"{self._videos}: the log names videos that it lacks")
        return self._number("SELECT count(*) FROM impression")

    def histories(self) -> pd.DataFrame:
        """The latest 50 videos that each user watched, liked and watched for long from 8 to 24 April."""
        conditions = dict(zip(HISTORIES, ("true", "is_like = 1", "long_view = 1"), strict=True))
        latest = "max({'time': time_ms, 'video': video_id}, " + f"{_LENGTH})"
        chosen = {name: f"list_reverse({latest} FILTER (WHERE {condition}))" for name, condition in conditions.items()}
        lists = ", ".join(
            f"array_to_string(list_transform({videos}, lambda x: x.video), ' ') AS {name}"
            for name, videos in chosen.items()
        )
        with self._reported(self._out):
            return self._connection.sql(
                f"SELECT user_id, count(*) AS history_len, max(time_ms) AS last_time_ms, {lists} FROM log"
                f" WHERE date <= {_LAST_DATE_OF_HISTORY} GROUP BY user_id ORDER BY user_id"
            ).df()

    def videos(self, ids: Sequence[int]) -> pd.DataFrame:
        """`video_id`, `author_id` and `tag` of some videos."""
        wanted = pd.DataFrame({"video_id": pd.Series(ids, dtype="int64")})
        with self._reported(self._out):
            self._connection.register("wanted", wanted)
            return self._connection.sql(
                "SELECT video_id, author_id, tag FROM video SEMI JOIN wanted USING (video_id) ORDER BY video_id"
            ).df()

    def rate(self, labels: Sequence[str]) -> float:
        """The share of the training rows in which all labels are 1."""
        all_of = " AND ".join(f"{label} = 1" for label in labels)
        return float(self._number(f"SELECT avg(CAST({all_of} AS INTEGER)) FROM impression WHERE split = 'train'"))

    def rows(self, columns: Sequence[str]) -> Iterator[Any]:
        """Record batches of columns of the joined rows, in their order."""
        # A cursor of its own: DuckDB 2.0 refuses other work on a connection while a result is read.
        with self._reported(self._out), self._connection.cursor() as cursor:
            yield from cursor.sql(f"SELECT {', '.join(columns)} FROM impression").to_arrow_reader(_ROWS)

    def _load(self, headers: dict[Path, list[str]]) -> None:
        engaged = " + ".join(_ENGAGEMENTS)
        types = dict.fromkeys([*_LOG, *_ENGAGEMENTS], "BIGINT")
        self._connection.execute(
            f"CREATE TABLE log ({', '.join(f'{name} BIGINT' for name in [*_LOG, 'is_like'])}, engaged BOOLEAN)"
        )
        for path in self._logs:
            self._insert(
                f"INSERT INTO log SELECT {', '.join(_LOG)}, is_like, {engaged} > 0", path, headers[path], types
            )
        self._insert(f"CREATE TABLE video AS SELECT {', '.join(_VIDEO)}", self._videos, headers[self._videos], _VIDEO)

    def _insert(self, what: str, path: Path, header: Sequence[str], types: dict[str, str]) -> None:
        columns = {name: types.get(name, "VARCHAR") for name in header}
        read = f"read_csv(?, header = true, auto_detect = false, delim = ',', quote = '\"', columns = {columns!r})"
        with self._reported(path):
            self._connection.execute(f"{what} FROM {read}", [str(path)])

    def _number(self, query: str) -> Any:
        with self._reported(self._out):
            return self._connection.execute(query).fetchall()[0][0]

    @contextmanager
    def _reported(self, place: Path) -> Iterator[None]:
        """Turns what DuckDB says of a broken file or a full disk into one line."""
        import duckdb

        try:
            yield
        except duckdb.Error as error:
            raise DataError(f"{place}: {str(error).strip().splitlines()[0]}") from None


def header_of(path: Path, needed: Sequence[str]) -> list[str]:
    """The names of a CSV file's columns.

    Args:
        path: The file.
        needed: Columns that it must have.

    Raises:
        DataError: The file or a column is missing.
    """
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            header = next(csv.reader(lines), [])
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; name the folder that KuaiRand's archive unpacks to") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a readable CSV file: {error}") from None
    for column in needed:
        if column not in header:
            raise DataError(f"{path}: column `{column}` is missing")
    return header
