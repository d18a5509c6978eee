from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, roc_auc_score
from sklearn.preprocessing import StandardScaler

from tfelc.core.errors import DataError, UsageError
from tfelc.data.dataset import Dataset
from tfelc.data.splits import SPLITS
from tfelc.ranker.data import simulated_log as simulated
from tfelc.ranker.data.simulated_world import GROUPS, Impressions, SimulatedWorld

ROWS = 131_072


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    out = tmp_path_factory.mktemp("simulated") / "data"
    simulated.prepare(20_000, 7, out)
    return Dataset(out)


@pytest.fixture(scope="module")
def drawn() -> tuple[SimulatedWorld, Impressions]:
    world = SimulatedWorld(seed=7, users=6000)
    return world, world.impressions(0, np.arange(ROWS), ROWS)


@pytest.fixture(scope="module")
def frame(drawn: tuple[SimulatedWorld, Impressions]) -> pd.DataFrame:
    rows = drawn[1].table.to_pandas()
    return rows.assign(p_click=drawn[1].click_probability, p_conversion=drawn[1].conversion_probability)


def read(data: Dataset, split: str) -> pd.DataFrame:
    return pd.concat([pq.read_table(path).to_pandas() for path in data.files(split)])


def clustered(rows: np.ndarray) -> np.ndarray:
    return KMeans(5, n_init=3, random_state=0).fit_predict(rows)


def test_splits_follow_the_time(prepared: Dataset) -> None:
    assert [prepared.rows(split) for split in SPLITS] == [16_000, 2_000, 2_000]
    times = [read(prepared, split)["time"] for split in SPLITS]
    assert times[0].max() <= times[1].min() and times[1].max() <= times[2].min()
    assert prepared.manifest.metadata["users"] == 1000
    assert read(prepared, "train")["user_id"].between(0, 999).all()


def test_equal_arguments_give_equal_files_and_the_seed_matters(prepared: Dataset, tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    simulated.prepare(20_000, 7, tmp_path / "same", progress=lambda done, total: calls.append((done, total)))
    simulated.prepare(20_000, 8, tmp_path / "other")
    assert Dataset(tmp_path / "same").hash == prepared.hash != Dataset(tmp_path / "other").hash
    assert calls[-1] == (20_000, 20_000)


def test_a_log_of_several_blocks_keeps_every_row_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated, "_BLOCK", 700)
    simulated.prepare(5_000, 3, tmp_path / "data", users=50)
    data = Dataset(tmp_path / "data")
    times = np.concatenate([read(data, split)["time"] for split in SPLITS])
    assert len(times) == 5_000 and (np.diff(times) > 0).all()


def test_best_possible_auc_is_that_of_the_true_probabilities(frame: pd.DataFrame, tmp_path: Path) -> None:
    best = simulated._BinnedAuc()
    for piece in (frame[:40_000], frame[40_000:40_001], frame[40_001:]):
        best.add(piece["click"].to_numpy() == 1, piece["p_click"].to_numpy())
    assert best.value == pytest.approx(roc_auc_score(frame["click"], frame["p_click"]), abs=1e-6)
    simulated.prepare(60_000, 7, tmp_path / "data")
    metadata = Dataset(tmp_path / "data").manifest.metadata["best_possible_auc"]
    assert 0.75 < metadata["ctr"] < 0.81 and 0.72 < metadata["cvr"] < 0.80 and set(metadata) == {"ctr", "cvr", "ctcvr"}


def test_labels_follow_the_true_probabilities(frame: pd.DataFrame) -> None:
    for label, probability, rows in (
        ("click", "p_click", frame),
        ("conversion", "p_conversion", frame[frame["click"] == 1]),
    ):
        tenths = pd.qcut(rows[probability], 10)
        observed, expected = rows.groupby(tenths, observed=True)[[label, probability]].mean().to_numpy().T
        np.testing.assert_allclose(observed, expected, atol=0.04)
    assert (frame["conversion"] <= frame["click"]).all()


def test_groups_behave_differently(frame: pd.DataFrame) -> None:
    assert set(frame["user_group"]) == set(GROUPS)
    by_group = {name: rows for name, rows in frame.groupby("user_group")}
    slopes = {name: rows["price_level"].corr(rows["p_click"]) for name, rows in by_group.items()}
    assert slopes["PN"] < -0.2 and slopes["HA"] > 0.2
    place = {name: rows["position"].corr(rows["p_click"]) for name, rows in by_group.items()}
    assert place["PN"] < -0.2 and abs(place["HA"]) < 0.1
    tastes = pd.DataFrame({name: rows.groupby("category")["p_click"].mean() for name, rows in by_group.items()})
    assert np.abs(tastes.corr().to_numpy() - np.eye(5)).mean() < 0.5


def test_the_counters_tell_the_group_together_but_not_alone(drawn: tuple[SimulatedWorld, Impressions]) -> None:
    world = drawn[0]
    ids = np.arange(3000)
    groups = world.groups(ids)
    counters = pd.DataFrame(world.counters(ids))
    logs = StandardScaler().fit_transform(np.log1p(counters.fillna(counters.mean())))
    assert adjusted_rand_score(groups, clustered(logs)) >= 0.8
    alone = {name: adjusted_rand_score(groups, clustered(logs[:, [c]])) for c, name in enumerate(counters) if c % 2}
    assert max(alone.values()) < 0.6, alone
    for kind in ("visits", "watch_minutes", "clicks", "orders"):
        assert not (counters[f"{kind}_1d"] > counters[f"{kind}_7d"]).any()
        assert not (counters[f"{kind}_7d"] > counters[f"{kind}_30d"]).any()


def test_missing_values_and_histories(frame: pd.DataFrame) -> None:
    for name in ("watch_minutes_7d", "city_tier", "device", "category", "price_level"):
        assert 0.005 < frame[name].isna().mean() < 0.08, name
    length = frame["recent_anchors"].map(len)
    assert (length == frame["recent_categories"].map(len)).all()
    assert (length[frame["user_group"] == "PN"] == 0).all() and length.max() == 20
    known = frame.dropna(subset=["category"])
    category_of = dict(zip(known["anchor_id"], known["category"], strict=True))
    pairs = zip(
        np.concatenate(frame["recent_anchors"][:500]), np.concatenate(frame["recent_categories"][:500]), strict=True
    )
    assert all(category_of.get(anchor, category) == category for anchor, category in pairs)
    one = frame[frame["user_id"] == frame["user_id"].mode()[0]]
    assert len(one) > 5 and one["visits_30d"].nunique() == 1 and one["recent_anchors"].map(tuple).nunique() == 1


def test_bad_arguments(tmp_path: Path, prepared: Dataset) -> None:
    with pytest.raises(UsageError, match="`rows` must be at least 100. Received: 5"):
        simulated.prepare(5, 0, tmp_path / "data")
    with pytest.raises(UsageError, match="`users` must be at least 1. Received: 0"):
        simulated.prepare(500, 0, tmp_path / "data", users=0)
    with pytest.raises(DataError, match="exists and is not empty"):
        simulated.prepare(500, 0, prepared.path)
