from pathlib import Path

import pytest

from tests.support.schema_of import schema_of
from tfelc.core.errors import RunError
from tfelc.features.fitted import FittedFeatures, NumberStatistics

FITTED = FittedFeatures(
    vocabularies={"video": [2**62, -5, 0], "city": ["Zürich", "1", "", "Oslo", 'a "b"\n']},
    numbers={
        "age": NumberStatistics(mean=1 / 3, variance=1e-300, missing=True, boundaries=(0.1, 1e9)),
        "price": NumberStatistics(mean=0, variance=1, missing=False),
    },
)


def test_comes_back_from_its_file_to_the_last_bit(tmp_path: Path) -> None:
    (tmp_path / "fitted.json").write_text(FITTED.dump())
    again = FittedFeatures.load(tmp_path / "fitted.json")
    assert again == FITTED
    assert [type(value) for value in again.vocabularies["city"]] == [str] * 5
    assert [path.name for path in tmp_path.iterdir()] == ["fitted.json"]


def test_a_missing_or_damaged_file_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "fitted.json"
    with pytest.raises(RunError, match=r"fitted\.json: missing"):
        FittedFeatures.load(path)
    path.write_text(FITTED.dump())
    whole = path.read_bytes()
    for content in (whole[:-10], b"", b"\xff\xfe", b"[]", whole.replace(b"variance", b"variants")):
        path.write_bytes(content)
        with pytest.raises(RunError, match=r"fitted\.json: damaged") as error:
            FittedFeatures.load(path)
        assert "\n" not in str(error.value)
    path.unlink()
    path.mkdir()
    with pytest.raises(RunError, match="damaged"):
        FittedFeatures.load(path)


def test_rows_of_the_tables() -> None:
    schema = schema_of(
        {
            "price": {"kind": "number", "role": "item"},
            "age": {"kind": "number", "role": "user", "buckets": 8},
            "seen": {"kind": "list", "role": "user", "type": "integer", "table": "video"},
            "city": {"kind": "category", "role": "user"},
            "user": {"kind": "category", "role": "user", "table": "users"},
            "video": {"kind": "category", "role": "item", "type": "integer", "table": "video"},
        },
        tables={"video": {}, "users": {"hash_buckets": 10}},
    )
    # Three values, the missing one and the unknown one; three buckets and the missing one; ten and the missing one.
    rows = FITTED.table_rows(schema)
    assert rows == {"age": 4, "video": 5, "city": 7, "users": 11}
    assert list(rows) == ["age", "video", "city", "users"]
