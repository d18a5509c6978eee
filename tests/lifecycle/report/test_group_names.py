from tests.support.schema_of import schema_of
from tfelc.lifecycle.report.group_names import group_meanings, in_order


def test_usual_groups_by_activity_then_numbers_then_names():
    names = ["b", "HA", "10", "PN", "LA", "a", "9", "N+LA"]
    assert in_order(names) == ["PN", "N+LA", "LA", "HA", "9", "10", "a", "b"]


def test_meanings_are_the_schemas():
    schema = schema_of(
        {
            "x": {"kind": "number", "role": "item"},
            "level": {"kind": "group", "description": "N new"},
            "other": {"kind": "group"},
        }
    )
    assert group_meanings(schema) == "level: N new"
