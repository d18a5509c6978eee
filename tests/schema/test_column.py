from tests.support.every_kind import every_kind_schema


def test_what_a_column_defaults_to() -> None:
    columns = every_kind_schema().columns
    assert [columns[name].missing for name in ("city", "history", "level", "tags")] == ["nowhere", "", 0, -1]
    types = {
        name: columns[name].value_type for name in ("impression", "clicked", "history", "tags", "days_away", "hour")
    }
    assert types == {
        "impression": "integer",
        "clicked": "float",
        "history": "string",
        "tags": "integer",
        "days_away": "integer",
        "hour": "float",
    }
