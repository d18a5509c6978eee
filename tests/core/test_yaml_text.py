"""YAML whose keys must be unique."""

import pytest
import yaml

from tfelc.core.yaml_text import load_yaml


def test_what_safe_load_reads_is_read_alike() -> None:
    text = "a: 1\nb: {c: [1, null, x], 2: 2.5}\nbase: &base {p: 1}\nchild: {<<: *base, q: 2}\n? [1, 2]\n: pair\n"
    with pytest.raises(yaml.YAMLError, match="unhashable"):  # a list as a key, as by safe_load
        load_yaml(text)
    text = text.split("? [")[0]
    assert load_yaml(text) == yaml.safe_load(text)
    assert load_yaml(text)["child"] == {"p": 1, "q": 2}
    assert load_yaml("") is None
    # What overrides a merged key is no second one, however deep the mapping stands that is merged.
    text = "base: &base {p: 1}\na: {b: &more {<<: *base, p: 2}}\nchild: {<<: *more}\n"
    assert load_yaml(text) == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [("a: 1\nb: 2\na: 3\n", "a", 3), ("x:\n  1: a\n  2: b\n  1: c\n", "1", 4), ("x: {k: 1, k: 1}\n", "k", 1)],
)
def test_a_key_that_is_given_twice_is_named_with_its_line(text: str, key: str, line: int) -> None:
    with pytest.raises(yaml.YAMLError, match=rf"(?s)`{key}` is given twice.*line {line},"):
        load_yaml(text)


def test_no_python_object_is_made() -> None:
    with pytest.raises(yaml.YAMLError):
        load_yaml("a: !!python/object/apply:os.getcwd []")
