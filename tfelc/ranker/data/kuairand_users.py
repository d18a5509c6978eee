"""What KuaiRand says of its users, in the columns of kuairand.yaml; alike in all its versions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

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
# What a user watched, liked and watched for long before the log begins.
HISTORIES = ["watch_seq", "like_seq", "long_watch_seq"]
_MISSING = -124
_LOG_BEGINS_MS = 1_650_816_000_000  # 25 April 2022, 00:00 in Beijing


def user_table(users: pd.DataFrame, history: pd.DataFrame, videos: pd.DataFrame, tags: pa.ListArray) -> pa.Table:
    """One row a user: attributes, groups, and what the history says.

    Args:
        users: The file of user features.
        history: `user_id`, `history_len`, `last_time_ms` and `HISTORIES`, ids with spaces between them.
        videos: `video_id` and `author_id`, at least of the videos of the histories.
        tags: The tags of those videos.
    """
    history = users[["user_id"]].merge(history, on="user_id", how="left")
    table = arrow_columns(users.replace(_MISSING, np.nan))
    sequences = {name: integer_lists(history[name], " ") for name in HISTORIES}
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


def arrow_columns(frame: pd.DataFrame) -> dict[str, Any]:
    """The columns of a frame as Arrow arrays, NaN as null."""
    return {str(name): pa.array(frame[name], from_pandas=True) for name in frame}


def integer_lists(texts: pd.Series, separator: str) -> pa.ListArray:
    """`"3 7"` -> [3, 7]; nothing -> []."""
    parts = texts.fillna("").astype(str).str.split(separator)
    lengths = [0 if part == [""] else len(part) for part in parts]
    values = [int(value) for part in parts if part != [""] for value in part]
    return pa.ListArray.from_arrays(pa.array(np.cumsum([0, *lengths]), pa.int32()), pa.array(values, pa.int64()))


def _flattened(offsets: pa.Array, lists: pa.ListArray) -> pa.ListArray:
    """Joins the lists that each of the outer lists holds."""
    inner = np.concatenate([[0], np.cumsum(lists.value_lengths().fill_null(0).to_numpy())])
    return pa.ListArray.from_arrays(pa.array(inner[offsets.to_numpy()], pa.int32()), lists.flatten())
