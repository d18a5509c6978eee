"""KuaiRand-Pure: real feed impressions, user and video features and watch histories -> a prepared dataset.

The protocol is fixed so that figures compare: repeated impressions dropped, the split by `date`, five user groups by
activity, every feature known before the impression. The data is CC BY-SA 4.0 (Gao et al., CIKM 2022).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
from tfelc.schema.schema import Schema

SCHEMA_FILE = Path(__file__).with_name("kuairand.yaml")
_FIRST_DATES = {"train": 20220425, "validation": 20220504, "test": 20220506}
_ROWS = {"train": 149_732, "validation": 30_290, "test": 42_422}
_GROUPS = {
    "day_new": "N",
    "2_14_day_new": "N",
    "low_active": "LA",
    "single_low_active": "LA",
    "30day_retention": "LA",
    "middle_active": "MA",
    "high_active": "HA",
    "full_active": "FA",
}
_LOG_COLUMNS = ["user_id", "video_id", "time_ms", "date", "hourmin", "tab", "duration_ms", "is_click", "long_view"]
# The time that a video played, and the task that it can be, beside those of the protocol and of the kept results.
_PLAYED, _WATCHED = "play_time_ms", "watch_seconds"
_WATCH = {"label": _WATCHED, "kind": "watch_time", "conditioned_on": "ctr", "joint": "expected_watch"}
_ENGAGEMENTS = ["is_like", "is_follow", "is_comment", "is_forward", "is_profile_enter"]
_SEQUENCES = ["watch_seq", "like_seq", "long_watch_seq"]
_MISSING = -124
_LOG_BEGINS_MS = 1_650_816_000_000  # 25 April 2022, 00:00 in Beijing


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
    history = _read(folder, "user_history_to_4_24.csv.gz", ["user_id", "history_len", "last_time_ms", *_SEQUENCES])

    log = log.drop_duplicates(["user_id", "video_id", "time_ms"], ignore_index=True)
    split = _split(log, folder)
    tags = _integers(videos["tag"], ",")
    user_table = _users(users, history, videos, tags)
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
                    rows.take(chosen), user_table.take(user_row[chosen]), video_table.take(video_row[chosen])
                )
                writer.write(name, table, where=f"KuaiRand {name}", first_row=start)
                done += len(chosen)
                progress(done, len(log))
        write_state(aggregation, writer)


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
    return pa.table(_arrow(pd.DataFrame(columns)))


def _users(users: pd.DataFrame, history: pd.DataFrame, videos: pd.DataFrame, tags: pa.ListArray) -> pa.Table:
    """One row a user: attributes, groups, and what the history says."""
    history = users[["user_id"]].merge(history, on="user_id", how="left")
    table = _arrow(users.replace(_MISSING, np.nan))
    sequences = {name: _integers(history[name], " ") for name in _SEQUENCES}
    watched = sequences["watch_seq"]
    length = np.diff(watched.offsets.to_numpy()).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = {name: np.diff(sequences[name].offsets.to_numpy()) / length for name in sequences}
    video_row = pd.Index(videos["video_id"]).get_indexer(watched.values.to_numpy())
    table |= sequences
    table |= {
        "watch_authors": pa.ListArray.from_arrays(
            watched.offsets, pa.array(videos["author_id"].to_numpy()[video_row], mask=video_row < 0)
        ),
        "watch_tags": _flattened(watched.offsets, tags.take(pa.array(video_row, mask=video_row < 0))),
        "activity_group": pa.array(users["user_active_degree"].map(_GROUPS), from_pandas=True),
        "pure_new": pa.array(history["history_len"].isna().map({True: "PN"}), pa.string(), from_pandas=True),
        "history_len": pa.array(history["history_len"].fillna(0)),
        "days_since_last": pa.array((_LOG_BEGINS_MS - history["last_time_ms"]) / 86_400_000, from_pandas=True),
        "history_like_rate": pa.array(shares["like_seq"], from_pandas=True),
        "history_long_view_rate": pa.array(shares["long_watch_seq"], from_pandas=True),
    }
    return pa.table(table)


def _videos(videos: pd.DataFrame, tags: pa.ListArray) -> pa.Table:
    music = videos["music_id"].to_numpy()
    return pa.table(_arrow(videos) | {"music_id": pa.array(music, mask=music == 0), "tag": tags})


def _arrow(frame: pd.DataFrame) -> dict[str, Any]:
    return {str(name): pa.array(frame[name], from_pandas=True) for name in frame}


def _integers(texts: pd.Series, separator: str) -> pa.ListArray:
    """`"3 7"` -> [3, 7]; nothing -> []."""
    parts = texts.fillna("").astype(str).str.split(separator)
    lengths = [0 if part == [""] else len(part) for part in parts]
    values = [int(value) for part in parts if part != [""] for value in part]
    return pa.ListArray.from_arrays(pa.array(np.cumsum([0, *lengths]), pa.int32()), pa.array(values, pa.int64()))


def _flattened(offsets: pa.Array, lists: pa.ListArray) -> pa.ListArray:
    """Joins the lists that each of the outer lists holds."""
    inner = np.concatenate([[0], np.cumsum(lists.value_lengths().fill_null(0).to_numpy())])
    return pa.ListArray.from_arrays(pa.array(inner[offsets.to_numpy()], pa.int32()), lists.flatten())


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
