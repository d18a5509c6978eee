from tests.support.schema_of import schema_of
from tfelc.features.layout import Layout, ListFeature, Side

SCHEMA = schema_of(
    {
        "price": {"kind": "number", "role": "item"},
        "age": {"kind": "number", "role": "user", "buckets": 3},
        "video": {"kind": "category", "role": "item", "table": "video"},
        "city": {"kind": "category", "role": "user"},
        "liked": {"kind": "list", "role": "user", "table": "video"},
        "seen": {"kind": "list", "role": "activity", "table": "video"},
        "tags": {"kind": "list", "role": "item", "table": "tag"},
        "hour": {"kind": "number", "role": "user"},
        "wanted": {"kind": "list", "role": "context", "table": "tag"},
        "author": {"kind": "category", "role": "item"},
    },
    tables={"video": {}, "tag": {"dim": 4}},
)
ROWS = {"age": 5, "video": 100, "city": 7, "tag": 20, "author": 3}


def test_tables_of_one_width_lie_end_to_end() -> None:
    layout = Layout.of(SCHEMA, ROWS, embedding_dim=8)
    assert layout.offsets == {"age": (8, 0), "video": (8, 5), "city": (8, 105), "tag": (4, 0), "author": (8, 112)}
    assert layout.fused_rows == {8: 115, 4: 20}
    # Where the configuration's width is the schema's own, all is one table.
    assert Layout.of(SCHEMA, ROWS, embedding_dim=4).fused_rows == {4: 135}


def test_each_role_has_its_columns_in_the_schemas_order() -> None:
    sides = Layout.of(SCHEMA, ROWS, embedding_dim=8).sides
    assert list(sides) == ["user", "activity", "item", "context"]
    assert sides["user"] == Side(
        "user", ("age", "hour"), {8: ("age", "city")}, (ListFeature("liked", "user_list_liked", 8, 5),)
    )
    assert sides["item"] == Side(
        "item", ("price",), {8: ("video", "author")}, (ListFeature("tags", "item_list_tags", 4, 0),)
    )
    assert sides["activity"] == Side("activity", (), {}, (ListFeature("seen", "activity_list_seen", 8, 5),))
    assert (sides["item"].numbers_key, sides["item"].ids_key(8)) == ("item_numbers", "item_ids_8")


def test_a_role_without_features_has_no_side() -> None:
    schema = schema_of({"x": {"kind": "number", "role": "context"}, "shop": {"kind": "category", "role": "item"}})
    assert list(Layout.of(schema, {"shop": 3}, 8).sides) == ["item", "context"]


def test_pairs_are_a_history_and_a_candidate_of_one_table() -> None:
    assert Layout.of(SCHEMA, ROWS, 8).pairs == (("liked", "video"), ("seen", "video"), ("wanted", "tags"))
    alone = schema_of(
        {
            "seen": {"kind": "list", "role": "user", "table": "a"},
            "video": {"kind": "category", "role": "item", "table": "b"},
            "others": {"kind": "list", "role": "item", "table": "b"},
            "last": {"kind": "category", "role": "user", "table": "b"},
        },
        tables={"a": {}, "b": {}},
    )
    assert Layout.of(alone, {"a": 2, "b": 2}, 8).pairs == ()
