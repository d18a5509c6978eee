from pathlib import Path

import pytest

from tfelc.core.errors import DataError, UsageError
from tfelc.next_item.data import movielens
from tfelc.next_item.data.item_table import read_item_table
from tfelc.next_item.data.sources import lasting, load_sequences

RATINGS = "userId,movieId,rating,timestamp\n10,296,5.0,1147880044\n10,306,0.5,1147868817\n2,296,3.5,1147868828\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A set of three ratings, and another one of two."""
    monkeypatch.setitem(movielens.RATINGS, "ml-25m", 3)
    monkeypatch.setitem(movielens.RATINGS, "ml-32m", 2)
    (tmp_path / "ratings.csv").write_text(RATINGS)
    return tmp_path


def test_each_rating_is_an_action_in_the_order_of_its_seconds(folder: Path) -> None:
    found = load_sequences(f"ml-25m:{folder}", min_user_actions=0, min_item_users=0)
    assert found.name == "ml-25m"
    assert found.users.tolist() == [2, 10] and found.catalog.tolist() == [296, 306]
    assert found.actions.tolist() == [1, 2, 1]
    assert found.times is not None and found.times.tolist() == [1147868828, 1147868817, 1147880044]


def test_users_and_items_need_five_unless_told(folder: Path) -> None:
    with pytest.raises(DataError, match="none of the 3 actions is left"):
        load_sequences(f"ml-25m:{folder}")


def test_another_set_and_a_part_are_told_apart(folder: Path) -> None:
    with pytest.raises(DataError, match="3 ratings, but ml-32m has 2; name it ml-25m:"):
        load_sequences(f"ml-32m:{folder}", min_user_actions=0, min_item_users=0)
    (folder / "ratings.csv").write_text(RATINGS + "3,1,1.0,1\n")
    with pytest.raises(DataError, match=r"4 ratings, but ml-25m has 3; unpack ml-25m.zip again"):
        load_sequences(f"ml-25m:{folder}", min_user_actions=0, min_item_users=0)


def test_a_wrong_folder_and_a_wrong_file_are_named(folder: Path) -> None:
    with pytest.raises(DataError, match=r"elsewhere: no ratings.csv; name the folder that ml-25m.zip unpacks to"):
        load_sequences(f"ml-25m:{folder}/elsewhere")
    (folder / "ratings.csv").write_text("1::1193::5::978300760\n1::661::3::978302109\n")
    with pytest.raises(DataError, match="userId"):
        load_sequences(f"ml-25m:{folder}")


def test_a_name_alone_and_a_delimiter_are_errors_of_use(folder: Path) -> None:
    with pytest.raises(UsageError, match="ml-25m is read from a copy of your own; say where it lies: ml-25m:PATH"):
        load_sequences("ml-25m")
    with pytest.raises(UsageError, match="`csv_delimiter` is for tables of your own"):
        load_sequences(f"ml-25m:{folder}", csv_delimiter=";")


def test_a_place_lasts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    assert lasting(f"ml-25m:{folder.name}") == f"ml-25m:{folder}"


def test_the_genres_of_a_movie_are_one_category_and_its_title_may_hold_commas(folder: Path) -> None:
    movies = folder / "movies.csv"
    movies.write_text('movieId,title,genres\n296,"Pulp, Fiction ""1994""",Comedy|Crime\n306,Rouge,(no genres listed)\n')
    found, missing = read_item_table(str(movies), "movieId", {"genres": "category"}).of([306, 296])
    assert missing == 0 and found.columns["genres"].tolist() == ["(no genres listed)", "Comedy|Crime"]
