"""KuaiRand-Pure: real feed impressions, user and video features and watch histories -> a prepared dataset.

The protocol is fixed so that figures compare: repeated impressions dropped, the split by `date`, five user groups by
activity, every feature known before the impression. The data is CC BY-SA 4.0 (Gao et al., CIKM 2022).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import yaml
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.data.aggregates.aggregation import Aggregation
from tfelc.data.aggregates.state_writer import write_state
from tfelc.data.contract import conform
from tfelc.data.dataset_writer import ROWS_PER_GROUP, DatasetWriter
from tfelc.data.splits import SPLITS
from tfelc.ranker.data.kuairand_users import HISTORIES, arrow_columns, integer_lists, user_table
from tfelc.schema.schema import Schema

SCHEMA_FILE = Path(__file__).with_name("kuairand.yaml")
_FIRST_DATES = {"train": 20220425, "validation": 20220504, "test": 20220506}
_ROWS = {"train": 149_732, "validation": 30_290, "test": 42_422}
_LOG_COLUMNS = ["user_id", "video_id", "time_ms", "date", "hourmin", "tab", "duration_ms", "is_click", "long_view"]
# The time that a video played, and the task that it can be, beside those of the protocol and of the kept results.
_PLAYED, _WATCHED = "play_time_ms", "watch_seconds"
_WATCH = {"label": _WATCHED, "kind": "watch_time", "conditioned_on": "ctr", "joint": "expected_watch"}
_ENGAGEMENTS = ["is_like", "is_follow", "is_comment", "is_forward", "is_profile_enter"]


def watch_time_schema() -> Schema:
    """The protocol's schema, and the seconds watched after a click as the task `watch`."""
    content = yaml.safe_load(SCHEMA_FILE.read_text(encoding="utf-8"))
    content["tasks"]["watch"] = _WATCH
    content["columns"][_WATCHED] = {"kind": "value"}
    return Schema.load(content)


def prepare(
    data_dir: Path,
    out: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
    schema: Schema | None = None,
) -> None:
    """Writes KuaiRand-Pure as a prepared dataset.

    Args:
        data_dir: Folder with the four files of `kuairand-pure`, or the folder above it.
        out: The folder to make.
        progress: Called with the rows written so far and their total.
        schema: A schema with other aggregates, or `watch_time_schema()`. Defaults to None: that of the protocol.

    Raises:
        DataError: A file is missing, broken or not the one of the protocol, or `out` cannot be written.
    """
    folder = data_dir / "kuairand-pure" if (data_dir / "kuairand-pure").is_dir() else data_dir
    schema = schema or Schema.load(SCHEMA_FILE)
    outcomes = [*_ENGAGEMENTS, *([_PLAYED] if _WATCHED in schema.columns else ())]
    log = _read(folder, "log_standard_4_25_to_5_08_pure.csv.gz", [*_LOG_COLUMNS, *outcomes])
    users = _read(folder, "user_features_pure.csv", ["user_id", "user_active_degree"])
    videos = _read(folder, "video_features_basic_pure.csv", ["video_id", "author_id", "upload_dt", "music_id", "tag"])
    history = _read(folder, "user_history_to_4_24.csv.gz", ["user_id", "history_len", "last_time_ms", *HISTORIES])

    log = log.drop_duplicates(["user_id", "video_id", "time_ms"], ignore_index=True)
    split = _split(log, folder)
    tags = integer_lists(videos["tag"], ",")
    user_rows = user_table(users, history, videos, tags)
    video_table = _videos(videos, tags)
    rows = _impressions(log, videos)
    if _PLAYED in outcomes:
        rows = rows.append_column(_WATCHED, pa.array(log[_PLAYED].to_numpy() / 1000))
    user_row = pd.Index(users["user_id"]).get_indexer(log["user_id"])
    video_row = pd.Index(videos["video_id"]).get_indexer(log["video_id"])
    if (user_row < 0).any() or (video_row < 0).any():
        raise DataError(f"{folder}: the log names users or videos that the feature files lack")

    schema = _with_priors(schema, rows.filter(pa.array(split == 0)))
    done = 0
    with (
        DatasetWriter(out, schema, source="KuaiRand-Pure, 25 April to 8 May 2022, split by date", seed=0) as writer,
        Aggregation(schema, out) as aggregation,
    ):
        aggregation.add(conform(rows, schema.only(aggregation.columns), str(folder)), split == 0, days=_days(log))
        rows = aggregation.features().added_to(rows)
        for number, name in enumerate(SPLITS):
            of_split = np.flatnonzero(split == number)
            for start in range(0, len(of_split), ROWS_PER_GROUP):
                chosen = of_split[start : start + ROWS_PER_GROUP]
                table = _joined(
                    rows.take(chosen), user_rows.take(user_row[chosen]), video_table.take(video_row[chosen])
                )
                writer.write(name, table, where=f"KuaiRand {name}", first_row=start)
                done += len(chosen)
                progress(done, len(log))
        write_state(aggregation, writer.folder)


def _joined(rows: pa.Table, *sides: pa.Table) -> pa.Table:
    """Rows with the columns of other tables of as many rows; what a table has already is kept."""
    for side in sides:
        for column in set(side.column_names) - set(rows.column_names):
            rows = rows.append_column(column, side[column])
    return rows


def _split(log: pd.DataFrame, folder: Path) -> NDArray[np.int64]:
    """The split of each row, as an index into `SPLITS`; raises DataError where the rows are not the protocol's."""
    split: NDArray[np.int64] = np.searchsorted(list(_FIRST_DATES.values()), log["date"], side="right") - 1
    found = dict(zip(SPLITS, np.bincount(split[split >= 0], minlength=3).tolist(), strict=True))
    if found != _ROWS or len(log) != sum(_ROWS.values()):
        raise DataError(f"{folder}: not the log of the protocol: it has {found} rows by split, not {_ROWS}")
    return split


def _with_priors(schema: Schema, train: pa.Table) -> Schema:
    """The schema with the mean over the training days as the prior of each rate."""
    aggregates = {}
    for name, aggregate in schema.aggregates.items():
        if aggregate.needs_prior:
            happened = np.all([train[label].to_numpy() == 1 for label in aggregate.of], axis=0)
            aggregate = aggregate.model_copy(update={"prior": float(happened.mean())})
        aggregates[name] = aggregate
    return schema.model_copy(update={"aggregates": aggregates})


def _days(log: pd.DataFrame) -> NDArray[np.int64]:
    """The log's own days, which now and then begin an hour before midnight."""
    return pd.to_datetime(log["date"].astype(str)).to_numpy().astype("datetime64[D]").astype(np.int64)


def _impressions(log: pd.DataFrame, videos: pd.DataFrame) -> pa.Table:
    """What belongs to the impression itself: keys, outcomes and context."""
    clicked = log["is_click"].to_numpy(np.int64)
    day = pd.to_datetime(log["date"].astype(str))
    video = log[["video_id"]].merge(videos[["video_id", "author_id", "upload_dt"]], on="video_id", how="left")
    columns = {
        "user_id": log["user_id"],
        "video_id": log["video_id"],
        "author_id": video["author_id"],
        "time_ms": log["time_ms"],
        "is_click": clicked,
        "long_view": log["long_view"],
        "engaged": clicked * log[_ENGAGEMENTS].any(axis=1).to_numpy(np.int64),
        "tab": log["tab"],
        "hour": log["hourmin"] // 100,
        "weekday": day.dt.dayofweek,
        "video_age_days": (day - pd.to_datetime(video["upload_dt"])).dt.days,
        "duration_ms": log["duration_ms"].where(log["duration_ms"] > 0),
    }
    return pa.table(arrow_columns(pd.DataFrame(columns)))


def _videos(videos: pd.DataFrame, tags: pa.ListArray) -> pa.Table:
    music = videos["music_id"].to_numpy()
    return pa.table(arrow_columns(videos) | {"music_id": pa.array(music, mask=music == 0), "tag": tags})


def _read(folder: Path, name: str, needed: list[str]) -> pd.DataFrame:
    path = folder / name
    try:
        frame = pd.read_csv(path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; it takes the folder of KuaiRand-Pure's files") from None
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DataError(f"{path}: not a readable CSV file: {' '.join(str(error).split())}") from None
    for column in needed:
        if column not in frame:
            raise DataError(f"{path}: column `{column}` is missing")
    return frame
