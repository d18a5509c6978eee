"""KuaiRand-1K and -27K: small files with the published names and columns, with what trips readers of them."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfelc.core.errors import DataError
from tfelc.data.dataset import Dataset
from tfelc.ranker.data import kuairand_full

LOG = (
    "user_id,video_id,date,hourmin,time_ms,is_click,is_like,is_follow,is_comment,is_forward,is_hate,long_view,"
    "play_time_ms,duration_ms,profile_stay_time,comment_stay_time,is_profile_enter,is_rand,tab"
)
USERS = (
    "user_id,user_active_degree,is_lowactive_period,is_live_streamer,is_video_author,follow_user_num,"
    "follow_user_num_range,fans_user_num,fans_user_num_range,friend_user_num,friend_user_num_range,register_days,"
    "register_days_range," + ",".join(f"onehot_feat{number}" for number in range(18))
)
VIDEOS = (
    "video_id,author_id,video_type,upload_dt,upload_type,visible_status,video_duration,server_width,server_height,"
    "music_id,music_type,tag"
)
DAY = 86_400_000
MIDNIGHT = 1_649_347_200_000  # 8 April 2022, 00:00 in Beijing


def seen(user: int, video: int, day: int, second: int = 0, click: int = 0, like: int = 0, long: int = 0) -> str:
    """A line of a log; `day` counts from 8 April."""
    date = f"{pd.Timestamp('2022-04-08') + pd.Timedelta(days=day):%Y%m%d}"
    time = MIDNIGHT + day * DAY + 7 * 3_600_000 + second * 1000
    return f"{user},{video},{date},700,{time},{click},{like},0,0,0,0,{long},900,{1000 * (video % 2)},0,0,0,0,1"


# Before 22 April, and from then on: 25 April is day 17, 4 May is day 26, 6 May is day 28.
EARLY = [seen(7, video, 1, video, like=video % 2) for video in range(60)]
LATE = [
    seen(7, 61, 16, long=1),
    seen(7, 1, 17, click=1, like=1),
    seen(7, 1, 17, long=1),
    seen(8, 1, 17, 5, like=1),
    seen(7, 2, 25, click=1, long=1),
    seen(7, 1, 26),
    seen(8, 2, 28, click=1),
]


def write(home: Path, logs: dict[str, list[str]], version: str = "1k") -> Path:
    folder = home / "data"
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in logs.items():
        (folder / f"log_standard_{name}.csv").write_text("\n".join([LOG, *lines]) + "\n")
    users = [
        '7,full_active,0,-124,1,5,"(0,10]",0,0,0,0,799,730+,' + ",".join(["1.0"] * 17) + ",",
        "8,UNKNOWN,0,0,0,5,0,0,0,0,0,20,15-30," + ",".join(["2"] * 18),
    ]
    (folder / f"user_features_{version}.csv").write_text("\n".join([USERS, *users]) + "\n")
    videos = [
        f'{video},{100 + video},NORMAL,2022-04-0{1 + video % 9},Web,0.0,,720.0,1280.0,{video},4.0,"{video},65"'
        for video in range(61)
    ]
    videos.append("61,161,AD,,Web,0.0,,,,9155697141,,")
    (folder / f"video_features_basic_{version}.csv").write_text("\n".join([VIDEOS, *videos]) + "\n")
    return home


def rows(dataset: Dataset, split: str) -> list[dict]:
    return pa.concat_tables(pq.read_table(path) for path in dataset.files(split)).to_pylist()


ONE_K = {"4_08_to_4_21_1k": EARLY, "4_22_to_5_08_1k": LATE}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    home = tmp_path_factory.mktemp("kuairand")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(kuairand_full.VERSIONS, "1k", (1, len(EARLY) + len(LATE)))
        kuairand_full.prepare("1k", write(home / "raw", ONE_K), home / "out")
    assert sorted(path.name for path in home.iterdir()) == ["out", "raw"]
    return Dataset(home / "out")


def test_the_split_goes_by_date_and_repeats_are_dropped(prepared: Dataset) -> None:
    keys = {
        split: [(row["user_id"], row["video_id"]) for row in rows(prepared, split)] for split in prepared.manifest.rows
    }
    assert keys == {"train": [(7, 1), (8, 1), (7, 2)], "validation": [(7, 1)], "test": [(8, 2)]}


def test_outcomes_and_context(prepared: Dataset) -> None:
    first, second, third = rows(prepared, "train")
    # A like without a click is no engagement of a click.
    assert [(row["is_click"], row["long_view"], row["engaged"]) for row in (first, second, third)] == [
        (1, 0, 1), (0, 0, 0), (1, 1, 0),
    ]  # fmt: skip
    # 25 April 2022 was a Monday; the video came on 2 April; a duration of 0 is none.
    assert (first["hour"], first["weekday"], first["video_age_days"], first["duration_ms"]) == (7, 0, 23, 1000)
    assert third["duration_ms"] is None
    assert (first["author_id"], first["tag"], first["music_id"]) == (101, [1, 65], 1)


def test_the_history_is_what_was_watched_before(prepared: Dataset) -> None:
    user = rows(prepared, "validation")[0]
    assert user["watch_seq"] == [*range(11, 60), 61] and user["history_len"] == 61
    assert user["like_seq"] == list(range(1, 60, 2)) and user["long_watch_seq"] == [61]
    assert user["watch_authors"] == [100 + video for video in user["watch_seq"]]
    # Video 61 has no tag.
    assert user["watch_tags"] == [tag for video in range(11, 60) for tag in (video, 65)]
    assert (user["activity_group"], user["pure_new"], user["is_live_streamer"]) == ("FA", None, None)
    assert user["onehot_feat0"] == 1 and user["onehot_feat17"] is None
    nobody = rows(prepared, "test")[0]
    assert (nobody["watch_seq"], nobody["history_len"], nobody["pure_new"]) == ([], 0, "PN")
    assert nobody["activity_group"] is None


def test_rates_are_those_of_earlier_training_days(prepared: Dataset) -> None:
    test = rows(prepared, "test")[0]
    # Of three training rows two are clicks; video 2 was clicked in the one row that it has.
    assert test["video_click_rate"] == pytest.approx((1 + 10 * 2 / 3) / 11)
    assert test["user_impressions"] == 1 and test["user_click_rate"] == pytest.approx((10 * 2 / 3) / 11)


def test_the_parts_of_27k_are_one_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prepared: Dataset) -> None:
    parts = {
        "4_08_to_4_21_27k_part1": EARLY[:30], "4_08_to_4_21_27k_part2": EARLY[30:],
        "4_22_to_5_08_27k_part1": LATE[3:], "4_22_to_5_08_27k_part2": LATE[:3],
    }  # fmt: skip
    monkeypatch.setitem(kuairand_full.VERSIONS, "27k", (2, len(EARLY) + len(LATE)))
    kuairand_full.prepare("27k", write(tmp_path, parts, "27k") / "data", tmp_path / "out")
    made = Dataset(tmp_path / "out")
    assert all(rows(made, split) == rows(prepared, split) for split in made.manifest.rows)
    assert made.schema.name == "kuairand_27k"


@pytest.mark.parametrize(
    ("logs", "message"),
    [
        (ONE_K, "have 67 rows, but KuaiRand-1K has 11,713,045; unpack the archive again"),
        ({"4_08_to_4_21_1k": EARLY}, "log_standard_4_22_to_5_08_1k.csv: no such file; name the folder"),
        (ONE_K | {"4_22_to_5_08_1k": ["7,1,x"]}, "log_standard_4_22_to_5_08_1k.csv: .*"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, logs: dict[str, list[str]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        kuairand_full.prepare("1k", write(tmp_path, logs), tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (seen(7, 99, 17), "video_features_basic_1k.csv: the log names videos that it lacks"),
        (seen(9, 1, 17), "the log names user 9, whom the file of user features lacks"),
    ],
)
def test_what_the_features_lack_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, message: str
) -> None:
    monkeypatch.setitem(kuairand_full.VERSIONS, "1k", (1, len(EARLY) + len(LATE) + 1))
    with pytest.raises(DataError, match=message):
        kuairand_full.prepare("1k", write(tmp_path, ONE_K | {"4_22_to_5_08_1k": [*LATE, line]}), tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
