from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfelc.core.errors import DataError
from tfelc.next_item.data.interaction_table import read_interactions


def _write(folder: Path, frame: pd.DataFrame, name: str) -> Path:
    path = folder / name
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    return path


def _plain(sequences) -> dict:
    return {
        user: [sequences.catalog[item - 1] for item in sequences.of(row)]
        for row, user in enumerate(sequences.users.tolist())
    }


FRAME = pd.DataFrame(
    {
        "user": [20, 3, 20, 3, 20],
        "item": ["tea", "杯子", "cup", "tea", "杯子"],
        "time": [30, 5, 10, 5, 10],
        "more": [1, 2, 3, 4, 5],
    }
)


@pytest.mark.parametrize("name", ["log.parquet", "log.csv", "log.csv.gz"])
def test_rows_become_sequences_in_time_order(tmp_path: Path, name: str) -> None:
    sequences = read_interactions(_write(tmp_path, FRAME, name), min_user_actions=1, min_item_users=1)
    # User 20's `cup` and `杯子` have the same time and keep the file's order.
    assert _plain(sequences) == {3: ["杯子", "tea"], 20: ["cup", "杯子", "tea"]}
    assert sequences.users.dtype == np.int64 and sequences.catalog.tolist() == ["cup", "tea", "杯子"]
    assert sequences.times.tolist() == [5, 5, 10, 10, 30] and sequences.name == "log"


def test_columns_go_by_their_names(tmp_path: Path) -> None:
    frame = FRAME.rename(columns={"user": "who", "item": "what", "time": "when"})
    path = _write(tmp_path, frame, "log.parquet")
    assert _plain(read_interactions(path, "who", "what", "when", min_user_actions=1, min_item_users=1))[3] == [
        "杯子",
        "tea",
    ]
    with pytest.raises(DataError, match="column `user` is missing; the file has who, what, when, more"):
        read_interactions(path)


def test_filtering_goes_on_until_all_occur_often_enough(tmp_path: Path) -> None:
    # Item 3 occurs once; without it user 3 has one row, and without that item 2 has one, and so on: only a 2-core of
    # users 1 and 2 with items 8 and 9 is left.
    pairs = [(1, 8), (1, 9), (2, 8), (2, 9), (2, 1), (4, 1), (4, 2), (3, 2), (3, 3)]
    frame = pd.DataFrame(pairs, columns=["user", "item"]).assign(time=range(len(pairs)))
    path = _write(tmp_path, frame, "log.parquet")
    assert _plain(read_interactions(path, min_user_actions=2, min_item_users=2)) == {1: [8, 9], 2: [8, 9]}
    assert len(read_interactions(path, min_user_actions=1, min_item_users=1).actions) == 9
    with pytest.raises(
        DataError,
        match="none of the 9 actions is left where a user needs 3 and an item 3; lower the settings split.min_u",
    ):
        read_interactions(path, min_user_actions=3, min_item_users=3)
    assert len(read_interactions(path, min_user_actions=0, min_item_users=0).actions) == 9
    # Users alone: 3 goes with its two rows, and items stay however rare they are.
    only_users = read_interactions(path, min_user_actions=3, min_item_users=0)
    assert _plain(only_users) == {2: [8, 9, 1]}
    found = only_users.filtering
    assert (found.all_users, found.all_items, found.all_actions) == (4, 5, 9)
    assert found.sentence().startswith("left out as too rare: 3 of 4 users (75 %), 2 of 5 items (40 %), 6 of 9 actions")


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=60))
def test_a_core_is_as_large_as_it_can_be(tmp_path_factory, rows) -> None:
    frame = pd.DataFrame(rows, columns=["user", "item", "time"])
    path = _write(tmp_path_factory.mktemp("core"), frame, "log.parquet")
    left = frame
    while True:
        often = (left.groupby("user")["item"].transform("size") >= 3) & (
            left.groupby("item")["user"].transform("nunique") >= 3
        )
        if often.all():
            break
        left = left[often]
    if left.empty:
        with pytest.raises(DataError, match="none of the"):
            read_interactions(path, min_user_actions=3, min_item_users=3)
        return
    expected = left.sort_values(["user", "time"], kind="stable").groupby("user")["item"].apply(list).to_dict()
    assert _plain(read_interactions(path, min_user_actions=3, min_item_users=3)) == expected


@pytest.mark.parametrize(
    "times",
    [
        ["2024-03-01 10:00:00", "2024-03-01 09:59:59", "2024-02-29"],
        ["1709287200.5", "1709287200.25", "17"],
        [1709287200.5, 1709287200.25, 17.0],
        [1 << 62, (1 << 62) - 1, 5],
        [pd.Timestamp(text) for text in ("2024-03-01 10:00:00.000001", "2024-03-01 10:00", "2024-02-29")],
    ],
)
def test_times_of_every_kind_order_the_rows(tmp_path: Path, times) -> None:
    frame = pd.DataFrame({"user": 1, "item": [1, 2, 3], "time": times})
    names = ["log.csv", "log.parquet"]
    for name in names:
        sequences = read_interactions(_write(tmp_path, frame, name), min_user_actions=1, min_item_users=1)
        assert sequences.of(0).tolist() == [3, 2, 1]
        assert (np.diff(sequences.times) > 0).all()


def test_ids_of_other_kinds(tmp_path: Path) -> None:
    frame = pd.DataFrame({"user": ["07", "7", "7"], "item": pd.Categorical(["b", "a", "b"]), "time": [1, 2, 3]})
    assert _plain(read_interactions(_write(tmp_path, frame, "log.csv"), min_user_actions=1, min_item_users=1)) == {
        "07": ["b"],
        "7": ["a", "b"],
    }
    assert _plain(read_interactions(_write(tmp_path, frame, "log.parquet"), min_user_actions=1, min_item_users=1)) == {
        "07": ["b"],
        "7": ["a", "b"],
    }
    large = pd.DataFrame({"user": np.array([1, 2**64 - 1], np.uint64), "item": [1, 1], "time": [1, 2]})
    assert _plain(read_interactions(_write(tmp_path, large, "log.parquet"), min_user_actions=1, min_item_users=1)) == {
        "1": [1],
        "18446744073709551615": [1],
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"time": [1.0, np.nan, 3.0]}, "column `time`, row 2: a timestamp must not be null"),
        ({"user": ["a", "b", None]}, "column `user`, row 3: a id must not be null"),
        ({"item": ["a", None, "c"]}, "column `item`, row 2: a id must not be null"),
        ({"time": ["1", "soon", "3"]}, "column `time`, row 2: not a value of kind timestamp .int64.. Received: 'soon'"),
        (
            {"time": ["2024-01-01", "2024-01-02", "never"]},
            "column `time`, row 3: not a value of kind timestamp .*never",
        ),
        (
            {"time": [1.5, float("inf"), 2.0]},
            "column `time`, row 2: not a value of kind timestamp .*inf",
        ),
    ],
)
@pytest.mark.parametrize("name", ["log.csv", "log.parquet"])
def test_a_bad_value_is_named(tmp_path: Path, name: str, changes, message: str) -> None:
    frame = pd.DataFrame({"user": ["a", "b", "c"], "item": ["a", "b", "c"], "time": [1, 2, 3]} | changes)
    with pytest.raises(DataError, match=f"{name}: {message}"):
        read_interactions(_write(tmp_path, frame, name), min_user_actions=1, min_item_users=1)


def test_a_wrong_type_and_an_empty_table_are_named(tmp_path: Path) -> None:
    frame = pd.DataFrame({"user": [1.5], "item": [1], "time": [True]})
    with pytest.raises(DataError, match="column `user`, row 1: not a value of kind id .int64.. Received: 1.5"):
        read_interactions(_write(tmp_path, frame, "log.parquet"), min_user_actions=1, min_item_users=1)
    with pytest.raises(DataError, match="column `time`, row 1: not a value of kind timestamp .*True .bool."):
        read_interactions(_write(tmp_path, frame.assign(user=1), "log.parquet"), min_user_actions=1, min_item_users=1)
    with pytest.raises(DataError, match=r"log.parquet: .*no row"):
        read_interactions(_write(tmp_path, frame[:0], "log.parquet"), min_user_actions=1, min_item_users=1)
    with pytest.raises(DataError, match="no file matches"):
        read_interactions(tmp_path / "none.csv")
    (tmp_path / "bad.parquet").write_bytes(b"no table")
    with pytest.raises(DataError, match="bad.parquet: not a readable Parquet file"):
        read_interactions(tmp_path / "bad.parquet")
