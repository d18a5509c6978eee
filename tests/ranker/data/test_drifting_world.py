"""The simulated world, day by day."""

from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from tfelc.data.dataset import Dataset
from tfelc.ranker.data.drifting_world import DriftingWorld, prepare_days

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
    assert again.rows(500).equals(other.rows(500))
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
