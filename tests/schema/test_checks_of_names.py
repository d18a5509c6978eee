import pytest

from tfelc.core.errors import SchemaError
from tfelc.schema.schema import Schema


def parse(columns=None, tasks=None):
    columns = {"clicked": {"kind": "label"}, "age": {"kind": "number", "role": "user"}} | (columns or {})
    return Schema.parse({"name": "s", "columns": columns, "tasks": tasks or {"ctr": {"label": "clicked"}}}, "s.yaml")


FEATURE = {"kind": "number", "role": "item"}


@pytest.mark.parametrize("name", ["_age", "2nd", "a-b", "a b", "\u00e4ge", ""])
def test_a_name_that_no_signature_takes_is_refused(name):
    with pytest.raises(SchemaError, match=f"s.yaml: `{name}` is no name"):
        parse({name: FEATURE})


@pytest.mark.parametrize("name", ["class", "from", "self", "None"])
def test_a_feature_named_by_a_word_of_python_is_refused(name):
    with pytest.raises(SchemaError, match=f"column `{name}`"):
        parse({name: FEATURE})
    assert name in parse({name: {"kind": "id"}}).columns


def test_features_that_differ_by_case_alone_are_refused():
    with pytest.raises(SchemaError, match="`age` and `Age`"):
        parse({"Age": FEATURE})


@pytest.mark.parametrize(
    ("tasks", "output"),
    [
        ({"cluster": {"label": "clicked"}}, "cluster"),
        ({"ctr": {"label": "clicked"}, "cvr": {"label": "clicked", "conditioned_on": "ctr", "joint": "ctr"}}, "ctr"),
        (
            {"a": {"label": "clicked"}, "b": {"label": "clicked", "conditioned_on": "a"}, "a_b": {"label": "clicked"}},
            "a_b",
        ),
    ],
)
def test_an_output_cannot_stand_for_two_things(tasks, output):
    with pytest.raises(SchemaError, match=f"output `{output}`"):
        parse(tasks=tasks)
