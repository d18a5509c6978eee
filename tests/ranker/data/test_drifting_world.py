"""The simulated world, day by day."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from tfelc.data.dataset import Dataset
from tfelc.data.log_preparation import prepare
from tfelc.ranker.data.drifting_world import DriftingWorld, prepare_days
from tfelc.ranker.data.simulated_log import SCHEMA_FILE
from tfelc.schema.schema import Schema

DAY = 86_400
BEGIN = 1_704_067_200


def test_each_day_has_its_times_and_a_few_new_anchors() -> None:
    first, third = (DriftingWorld(7, 50, day) for day in (1, 3))
    tables = [world.rows(4000) for world in (first, third)]
    for day, table in zip((1, 3), tables, strict=True):
        times = table["time"].to_numpy()
        assert BEGIN + (day - 1) * DAY <= times.min() and times.max() < BEGIN + day * DAY
        assert (np.diff(times) >= 0).all()
        assert pc.min(table["anchor_age_days"]).as_py() >= 0
    names = [set(table["anchor_id"].to_pylist()) for table in tables]
    new = {name for name in names[1] if "since" in name}
    assert not [name for name in names[0] if "since" in name]
    # Two nights of 4 %.
    assert 0.04 < len(new) / len(names[1]) < 0.12
    assert {name.rpartition("_")[2] for name in new} == {"2", "3"}


def test_days_of_one_seed_are_one_world() -> None:
    again, other = DriftingWorld(7, 50, 3), DriftingWorld(7, 50, 3)
    assert again.rows(500).to_pandas().equals(other.rows(500).to_pandas())  # NaN where Arrow would not
    before = DriftingWorld(7, 50, 2)
    correlation = np.corrcoef(before._quality, again._quality)[0, 1]
    assert 0.8 < correlation < 0.99  # it drifts, and is the same world
    assert 0.9 < np.std(again._quality) / np.std(before._quality) < 1.1


def test_a_dataset_of_days_is_judged_on_the_day_after(tmp_path: Path) -> None:
    prepare_days(tmp_path / "data", range(2, 4), rows=1000, users=50, seed=7)
    dataset = Dataset(tmp_path / "data")
    assert [dataset.rows(split) for split in ("train", "validation", "test")] == [1800, 100, 1000]

    def days(split: str) -> set[int]:
        times = np.concatenate([table["time"].to_numpy() for table in dataset.tables(split, ["time"])])
        return set(((times - BEGIN) // DAY + 1).tolist())

    assert (days("train"), days("validation"), days("test")) == ({2, 3}, {3}, {4})


def test_its_users_are_split_whatever_their_group(tmp_path: Path) -> None:
    """Who prepares its rows anew, by user and with its own seed, finds each group in each split."""
    rows = DriftingWorld(seed=7, users=3_000, day=2).rows(4_000)
    pq.write_table(rows, tmp_path / "rows.parquet")
    schema = Schema.load({**yaml.safe_load(SCHEMA_FILE.read_text()), "split": {"by": "user"}})
    prepare(schema, [str(tmp_path / "rows.parquet")], tmp_path / "data", seed=7)
    data = Dataset(tmp_path / "data")
    for split in ("validation", "test"):
        groups = pa.concat_tables(data.tables(split, ["user_group"]))["user_group"].to_pylist()
        shares = {group: groups.count(group) / len(groups) for group in set(groups)}
        assert set(shares) == {"PN", "N", "LA", "MA", "HA"} and max(shares.values()) < 0.6
