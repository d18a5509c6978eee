import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tfelc.core.errors import DataError
from tfelc.data.dataset import Dataset
from tfelc.data.splits import SPLITS
from tfelc.ranker.data import kuairand, kuairand_full
from tfelc.schema.schema import Schema


@pytest.fixture(scope="module")
def prepared(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    out = tmp_path_factory.mktemp("kuairand") / "data"
    kuairand.prepare(data_dir, out)
    return Dataset(out)


@pytest.fixture(scope="module")
def frames(prepared: Dataset) -> dict[str, pd.DataFrame]:
    return {
        split: pd.concat([pq.read_table(path).to_pandas() for path in prepared.files(split)], ignore_index=True)
        for split in SPLITS
    }


def test_the_protocol_counts(prepared: Dataset, frames: dict[str, pd.DataFrame]) -> None:
    assert {split: prepared.rows(split) for split in SPLITS} == {"train": 149_732, "validation": 30_290, "test": 42_422}
    every = pd.concat(frames.values())
    assert len(every) == 222_444
    assert every["is_click"].mean() == pytest.approx(0.450, abs=5e-4)
    assert every.loc[every["is_click"] == 1, "long_view"].mean() == pytest.approx(0.702, abs=5e-4)
    assert (every["is_click"] * every["long_view"]).mean() == pytest.approx(0.316, abs=5e-4)
    assert every["engaged"].mean() == pytest.approx(0.034, abs=5e-4)
    assert (every["engaged"] <= every["is_click"]).all()


def test_it_is_the_data_of_the_published_figures(prepared: Dataset) -> None:
    result = json.loads((Path(__file__).parents[3] / "docs/results/ranker_kuairand.json").read_text())
    assert prepared.hash == result["data_hash"]
    # The frozen state of a video is what every test row of it has.
    assert (prepared.path / "state" / "video_id.parquet").exists()


def test_the_watch_time_is_an_outcome_beside_those_of_the_protocol() -> None:
    protocol, watched = Schema.load(kuairand.SCHEMA_FILE), kuairand.watch_time_schema()
    assert watched.features == protocol.features and list(watched.tasks) == [*protocol.tasks, "watch"]
    assert watched.outcomes.keys() - protocol.outcomes.keys() == {"watch_seconds"}
    assert watched.tasks["watch"].kind == "watch_time" and watched.aggregates == protocol.aggregates


def test_sentinels_are_missing(frames: dict[str, pd.DataFrame]) -> None:
    every = pd.concat(frames.values())
    assert not every.select_dtypes("number").eq(-124).any().any()
    assert every["is_live_streamer"].isna().any()
    assert every["onehot_feat4"].isna().any()
    assert set(every["activity_group"].dropna()) == {"N", "LA", "MA", "HA", "FA"}
    assert set(every["pure_new"].dropna()) == {"PN"}
    pure_new = every["pure_new"].eq("PN")
    assert (every.loc[pure_new, "watch_seq"].map(len) == 0).all()
    assert (every.loc[~pure_new, "watch_seq"].map(len) > 0).all()
    assert every.loc[~pure_new, "days_since_last"].between(0, 17).all()


def test_no_outcome_is_a_feature(prepared: Dataset) -> None:
    outcomes = {"is_click", "is_like", "is_follow", "is_comment", "is_forward", "is_hate", "long_view", "play_time_ms",
                "profile_stay_time", "comment_stay_time", "is_profile_enter", "engaged"}  # fmt: skip
    assert not outcomes & set(prepared.schema.features)


def test_lists_and_joins_agree_with_the_raw_files(data_dir: Path, frames: dict[str, pd.DataFrame]) -> None:
    folder = data_dir / "kuairand-pure"
    videos = pd.read_csv(folder / "video_features_basic_pure.csv", dtype={"tag": "str"}).set_index("video_id")
    history = pd.read_csv(folder / "user_history_to_4_24.csv.gz").set_index("user_id")
    for row in frames["test"].sample(30, random_state=1).itertuples():
        video = videos.loc[row.video_id]
        assert row.author_id == video["author_id"]
        assert list(row.tag) == ([int(t) for t in video["tag"].split(",")] if isinstance(video["tag"], str) else [])
        if row.user_id not in history.index:
            assert row.pure_new == "PN"
            continue
        watched = [int(v) for v in history.loc[row.user_id, "watch_seq"].split()]
        assert list(row.watch_seq) == watched
        assert list(row.watch_authors) == videos.loc[watched, "author_id"].tolist()
        tags = videos.loc[watched, "tag"].dropna()
        assert list(row.watch_tags) == [int(t) for text in tags for t in text.split(",")]


def test_rates_come_from_earlier_training_days(frames: dict[str, pd.DataFrame]) -> None:
    train, test = frames["train"], frames["test"]
    clicks = train.groupby("video_id")["is_click"].agg(["sum", "count"])
    sample = test[test["video_id"].isin(clicks.index)].sample(50, random_state=2)
    known = clicks.loc[sample["video_id"]]
    expected = (known["sum"] + 10 * train["is_click"].mean()) / (known["count"] + 10)
    np.testing.assert_allclose(sample["video_click_rate"], expected, rtol=1e-5)
    np.testing.assert_array_equal(sample["video_impressions"], known["count"])
    # On the first day nothing is known yet.
    first = train[train["time_ms"] < 1_650_880_000_000]
    assert (first["user_impressions"] == 0).all() and (first["video_click_rate"].nunique() == 1)


def test_the_command_writes_the_same_dataset(data_dir: Path, prepared: Dataset, tmp_path: Path) -> None:
    from tfelc.commands.prepare import app

    result = CliRunner().invoke(app, ["kuairand", "--data-dir", str(data_dir), "--out", str(tmp_path / "again")])
    assert all(count in result.output for count in ("149,732", "30,290", "42,422", "0.4518"))
    assert Dataset(tmp_path / "again").hash == prepared.hash


def test_another_log_is_refused(data_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    folder.mkdir()
    for path in (data_dir / "kuairand-pure").glob("*.csv*"):
        (folder / path.name).symlink_to(path)
    log = folder / "log_standard_4_25_to_5_08_pure.csv.gz"
    lines = gzip.open(log).read().splitlines(keepends=True)
    log.unlink()
    log.write_bytes(gzip.compress(b"".join(lines[:1000]), 1))
    with pytest.raises(DataError, match="not the log of the protocol"):
        kuairand.prepare(folder, tmp_path / "out")
    log.write_bytes(gzip.compress(b"".join(lines[:1000]), 1)[:-500])
    with pytest.raises(DataError, match="log_standard.*not a readable CSV file"):
        kuairand.prepare(folder, tmp_path / "out")
    log.write_bytes(gzip.compress(b"user_id,video_id\n1,2\n"))
    with pytest.raises(DataError, match="log_standard.*: column `time_ms` is missing"):
        kuairand.prepare(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="log_standard_4_25_to_5_08_pure.csv.gz: no such file"):
        kuairand.prepare(tmp_path, tmp_path / "out")


def test_the_larger_versions_are_read_alike(
    data_dir: Path, frames: dict[str, pd.DataFrame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part of Pure's log under the names of KuaiRand-1K comes to the same rows, but for histories and aggregates."""
    folder = tmp_path / "raw"
    folder.mkdir()
    for name in ("user_features", "video_features_basic"):
        (folder / f"{name}_1k.csv").symlink_to(data_dir / "kuairand-pure" / f"{name}_pure.csv")
    with gzip.open(data_dir / "kuairand-pure" / "log_standard_4_25_to_5_08_pure.csv.gz") as file:
        log = file.readlines()
    kept = [line for line in log[1:] if line.split(b",", 2)[1].endswith(b"7")]
    (folder / "log_standard_4_08_to_4_21_1k.csv").write_bytes(log[0])
    (folder / "log_standard_4_22_to_5_08_1k.csv").write_bytes(b"".join([log[0], *kept]))
    monkeypatch.setitem(kuairand_full.VERSIONS, "1k", (1, len(kept)))
    kuairand_full.prepare("1k", folder, tmp_path / "out")
    made = Dataset(tmp_path / "out")
    keys = ["user_id", "video_id", "time_ms"]
    same = ["is_click", "long_view", "engaged", "tab", "hour", "weekday", "video_age_days", "duration_ms", "author_id",
            "music_id", "music_type", "server_width", "upload_type", "activity_group", "user_active_degree",
            "onehot_feat4", "tag"]  # fmt: skip
    for split in SPLITS:
        found = pd.concat([pq.read_table(path).to_pandas() for path in made.files(split)], ignore_index=True)
        expected = found[keys].merge(frames[split], on=keys, how="left")
        assert len(found) == len(expected) > 0
        for frame in (found, expected):
            frame["tag"] = frame["tag"].map(tuple)
        pd.testing.assert_frame_equal(found[same], expected[same])
