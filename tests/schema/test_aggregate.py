"""The section `aggregates` of a schema: its columns, and its faults in one line each."""

from typing import Any

import pytest
import yaml

from tests.support.schema_of import schema_of
from tfelc.core.errors import SchemaError
from tfelc.schema.schema import Schema

_COLUMNS: dict[str, Any] = {
    "user": {"kind": "id"},
    "item": {"kind": "category", "role": "item", "type": "integer", "table": "items"},
    "tab": {"kind": "category", "role": "context"},
    "price": {"kind": "number", "role": "item"},
    "time": {"kind": "timestamp"},
}
_DAYS = "must be a whole number of days, such as 7, or `all`"


def _schema(columns: dict[str, Any] | None = None, **aggregates: Any) -> Schema:
    return schema_of({**_COLUMNS, **(columns or {})}, user_key="user", tables={"items": {}}, aggregates=aggregates)


def test_each_becomes_a_feature() -> None:
    schema = _schema(
        clicks={"by": "user", "compute": "count", "where": "y"},
        rate={"by": "item", "compute": "rate", "of": "y"},
        both={"by": ["user", "item"], "compute": "since"},
        by_tab={"by": "tab", "compute": "count"},
        seen={"by": "user", "compute": "last", "of": "item", "length": 7},
    )
    made = {name: column for name, column in schema.features.items() if name in schema.aggregates}
    assert [(column.kind, column.role) for column in made.values()] == [
        ("number", "activity"), ("number", "item"), ("number", "item"), ("number", "context"), ("list", "user")
    ]  # fmt: skip
    assert (made["clicks"].transform, made["rate"].transform) == ("log", "standardize")
    seen = made["seen"]
    assert (seen.value_type, seen.table, seen.max_length) == ("integer", "items", 7)
    assert list(schema.log.columns) == ["y", *_COLUMNS]
    assert Schema.parse(yaml.safe_load(schema.dump()), "again") == schema


def test_a_declared_column_says_what_becomes_of_it_and_where_it_stands() -> None:
    column = {"kind": "number", "role": "user", "buckets": 9}
    schema = schema_of(
        {"clicks": column, **_COLUMNS}, tables={"items": {}}, aggregates={"clicks": {"by": "user", "compute": "count"}}
    )
    assert list(schema.columns)[:2] == ["y", "clicks"] and schema.columns["clicks"].buckets == 9


def test_a_schema_without_them_has_the_hash_it_had() -> None:
    plain = schema_of(_COLUMNS, tables={"items": {}})
    assert plain.hash() == "168af37d79a9f354c2e4cb4b9465ea1c3a777c6e60d65b761008550beb56349b"
    assert schema_of(_COLUMNS, tables={"items": {}}, timezone="Asia/Shanghai").hash() != plain.hash()


@pytest.mark.parametrize(
    ("aggregate", "fault"),
    [
        ({"by": "usr"}, "aggregate `a`: `by: usr` is not a column; did you mean `user`?"),
        ({"by": "y"}, "aggregate `a`: `by: y` is of kind `label`; it takes one of `id` or `category` or `group`"),
        ({"by": "a"}, "aggregate `a`: `by: a` is not a column"),
        ({"by": []}, "`aggregates.a.by`: must be a list of at least 1"),
        ({"by": ["user", "user"]}, "`aggregates.a`: `by` names a column twice"),
        ({"where": "item"}, "aggregate `a`: `where: item` is of kind `category`; it takes one of `label`"),
        ({"compute": "rate", "of": "price"}, "aggregate `a`: `of: price` is of kind `number`; it takes one of `label`"),
        (
            {"compute": "distinct", "of": "price"},
            "aggregate `a`: `of: price` is of kind `number`; it takes one of `id`",
        ),
        ({"compute": "rate"}, "`aggregates.a`: `compute: rate` needs `of`, the label whose share it is"),
        ({"compute": "last"}, "`aggregates.a`: `compute: last` needs `of`, the column whose values are taken"),
        ({"of": "y"}, "`aggregates.a`: `compute: count` takes no `of`; an outcome goes to `where`"),
        ({"smoothing": 3}, "`aggregates.a`: `compute: count` takes no `smoothing`"),
        ({"length": 3}, "`aggregates.a`: `compute: count` takes no `length`"),
        ({"compute": "mean"}, "`aggregates.a.compute`: must be one of count, rate, distinct, since, last."),
        (
            {"window": "week"},
            "`aggregates.a.window`: must be a whole number of days, such as 7, or `all`. Received: 'week'",
        ),
        ({"window": 0}, "`aggregates.a.window`: must be a whole number of days, such as 7, or `all`. Received: 0"),
        ({"window": 1.5}, "`aggregates.a.window`: must be a whole number of days"),
        ({"delay": "hour"}, "`aggregates.a.delay`: must be a whole number of minutes, such as 5, or `day`."),
        ({"delay": True}, "`aggregates.a.delay`: must be a whole number of minutes, such as 5, or `day`."),
        ({"rows": "test"}, "`aggregates.a.rows`: must be one of all, train. Received: 'test'"),
        ({"windw": 7}, "`aggregates.a.windw`: no such key; did you mean `window`?"),
    ],
)
def test_faults(aggregate: dict[str, Any], fault: str) -> None:
    with pytest.raises(SchemaError) as error:
        _schema(a={"by": "user", "compute": "count", **aggregate})
    assert str(error.value).startswith(f"test: {fault}") and "\n" not in str(error.value)


def test_faults_of_the_schema_around_them() -> None:
    count = {"by": "user", "compute": "count"}
    with pytest.raises(
        SchemaError, match="column `a` is an aggregate of kind number and type float. Received: category"
    ):
        _schema({"a": {"kind": "category", "role": "user"}}, a=count)
    with pytest.raises(SchemaError, match="`aggregates` look at earlier rows: a column of kind `timestamp` is needed"):
        schema_of({"user": {"kind": "id"}}, aggregates={"a": count})
    with pytest.raises(SchemaError, match="no time zone `Beijing`; use a name such as Europe/Berlin"):
        schema_of(_COLUMNS, tables={"items": {}}, timezone="Beijing")


@pytest.mark.parametrize(
    ("key", "fault"),
    [
        ("tba", "`request_key: tba` is not a column; did you mean `tab`?"),
        ("zzz", "`request_key: zzz` is not a column; use a column, or `user_and_day`"),
        ("price", "`request_key: price` is not a column of kind id, category, group"),
        ("user_and_day", "`request_key: user_and_day` needs `user_key` and a column of kind `timestamp`"),
    ],
)
def test_request_keys_that_tell_nothing_apart(key: str, fault: str) -> None:
    with pytest.raises(SchemaError) as error:
        schema_of(_COLUMNS, tables={"items": {}}, request_key=key)
    assert fault in str(error.value)
