import gzip
import json
from pathlib import Path

import pytest

from tfelc.core.errors import DataError
from tfelc.next_item.data.sources import load_sequences

ROWS_2018 = [("0205616461", "A39HTATAQ9V7YF", 1369699200), ("B00LIBEPDS", "A39HTATAQ9V7YF", 1300000000)]
CSV_2018 = "".join(f"{item},{user},5.0,{time}\n" for item, user, time in ROWS_2018)
HEADING = "user_id,parent_asin,rating,timestamp"


def _read(name: str, path: Path, content: str) -> tuple[str, list[list[str]], list[int]]:
    path.write_bytes(gzip.compress(content.encode()) if path.suffix == ".gz" else content.encode())
    found = load_sequences(f"{name}:{path}", min_user_actions=0, min_item_users=0)
    assert found.times is not None
    lists = [[found.catalog[item - 1] for item in found.of(row)] for row in range(found.num_users)]
    return found.name, lists, found.times.tolist()


def _json_2018(**more: object) -> str:
    rows = [
        {"overall": 5.0, "vote": "1,003", "reviewerID": user, "asin": item, "unixReviewTime": time, **more}
        for item, user, time in ROWS_2018
    ]
    return "\n".join(map(json.dumps, rows)) + "\n"


def test_ratings_of_2018_have_the_item_first_and_no_heading(tmp_path: Path) -> None:
    lists = [["B00LIBEPDS", "0205616461"]]
    times = [1300000000, 1369699200]
    assert _read("amazon-2018", tmp_path / "Beauty.csv", CSV_2018) == ("amazon-2018-Beauty", lists, times)
    reviews = _json_2018(style={"Size:": " L"}, reviewText="a\nb")
    assert _read("amazon-2018", tmp_path / "Beauty_5.json.gz", reviews) == ("amazon-2018-Beauty_5", lists, times)


def test_the_earliest_review_of_an_item_counts(tmp_path: Path) -> None:
    again = CSV_2018 + "0205616461,A39HTATAQ9V7YF,1.0,1200000000\n" + "0205616461,A39HTATAQ9V7YF,1.0,1200000000\n"
    assert _read("amazon-2018", tmp_path / "a.csv", again)[1:] == (
        [["0205616461", "B00LIBEPDS"]],
        [1200000000, 1300000000],
    )


@pytest.mark.parametrize("name", ["All_Beauty.csv", "All_Beauty.csv.gz", "All_Beauty.jsonl", "All_Beauty.jsonl.gz"])
def test_files_of_2023(tmp_path: Path, name: str) -> None:
    rows = [("AGK", "B006GBITXC", 1452647382001), ("AGK", "B00TLEMSVK", 1452647382000)]
    if ".jsonl" in name:
        keys = ("user_id", "parent_asin", "timestamp")
        text = "".join(json.dumps(dict(zip(keys, row, strict=True)) | {"asin": "B1"}) + "\n" for row in rows)
    else:
        text = f"{HEADING},history\n" + "".join(f"{user},{item},3.0,{time},B1 B2\n" for user, item, time in rows)
    expected = ("amazon-2023-All_Beauty", [["B00TLEMSVK", "B006GBITXC"]], [1452647382000, 1452647382001])
    assert _read("amazon-2023", tmp_path / name, text) == expected


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("amazon-2023", CSV_2018, "of Amazon Reviews 2018, not of amazon-2023; name it amazon-2018:"),
        ("amazon-2018", f"{HEADING}\nAGK,B006GBITXC,3.0,1452647382000\n", "Reviews 2023, not of amazon-2018"),
        (
            "amazon-2018",
            "A39HTATAQ9V7YF,0205616461,5.0,1369699200\n",
            "first column holds users, as in 2014",
        ),
        ("amazon-2018", _json_2018(helpful=[1, 2]), "Reviews 2014, not of amazon-2018; that year's form is not read"),
        ("amazon-2018", "0205616461,A39HTATAQ9V7YF,5.0,1369699200000\n", "1 times are not in seconds"),
        ("amazon-2023", f"{HEADING}\nAGK,B006GBITXC,3.0,1452647382\n", "1 times are not in milliseconds"),
        ("amazon-2018", "user,item\n", "no file of reviews or ratings; its first line is 'user,item'"),
        (
            "amazon-2018",
            '{"asin": "B1", "title": "x"}\n',
            "its first line has the keys asin, title",
        ),
        ("amazon-2018", CSV_2018 + ",A1,5.0,3\n", "a row without item, user or time"),
    ],
)
def test_another_year_order_or_unit_is_an_error(tmp_path: Path, name: str, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        _read(name, tmp_path / "file.csv", content)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file; name the file of one category, as amazon-2018:PATH"):
        load_sequences(f"amazon-2018:{tmp_path}/none.csv")
