"""The page about schemas says of every key what the code says."""

import re
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest
import yaml
from pydantic_core import PydanticUndefined

from tfelc.core.errors import SchemaError
from tfelc.schema.aggregate import Aggregate
from tfelc.schema.column import Column
from tfelc.schema.delay import Delay
from tfelc.schema.embedding_table import EmbeddingTable
from tfelc.schema.list_sequence import ListSequence
from tfelc.schema.schema import Schema
from tfelc.schema.schema_part import SchemaPart
from tfelc.schema.split import Split
from tfelc.schema.task import Task

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "schema.md").read_text(encoding="utf-8")
SECTIONS: dict[str, type[SchemaPart]] = {
    "At the top": Schema,
    "Columns": Column,
    "Embedding tables": EmbeddingTable,
    "Sequences": ListSequence,
    "Tasks": Task,
    "Delays": Delay,
    "Split": Split,
    "Aggregates": Aggregate,
}
# Where a default is no plain value: what the page says instead.
IN_WORDS = {
    ("Schema", "split"): "by row",
    ("Aggregate", "smoothing"): "10",
    ("Aggregate", "prior"): "that of all rows",
    ("Aggregate", "length"): "50",
    ("Column", "type"): "that of the kind",
    ("Column", "table"): "one of its own",
    ("Column", "nullable"): "false",
    ("EmbeddingTable", "trainable"): "true",
}


def _section(name: str) -> str:
    (section,) = re.findall(rf"^## {name}\n(.*?)(?=^## |\Z)", PAGE, flags=re.M | re.S)
    return str(section)


def _keys(section: str) -> dict[str, str]:
    """Key -> what the page says of its default."""
    table = section.split("| key | default | meaning |\n|---|---|---|\n")[1].split("\n\n")[0]
    rows = [re.split(r"(?<!\\)\|", line)[1:3] for line in table.splitlines()]
    return {key.strip(" `"): default.strip().replace("\\|", "|") for key, default in rows}


@pytest.mark.parametrize("name", SECTIONS)
def test_every_key_is_there_with_its_default_and_its_values(name: str) -> None:
    part, section = SECTIONS[name], _section(name)
    told = _keys(section)
    assert list(told) == list(part.model_fields)
    for key, field in part.model_fields.items():
        plain = "required" if field.default is PydanticUndefined else str(field.default).removesuffix(".0")
        plain = {"None": "none", "{}": "none", "()": "none", "": "none"}.get(plain, plain)
        assert told[key] == IN_WORDS.get((part.__name__, key), plain), key
        for annotation in (field.annotation, *get_args(field.annotation)):
            if get_origin(annotation) is Literal:
                assert [value for value in get_args(annotation) if f"`{value}`" not in section] == [], key


def test_the_example_is_a_schema_and_that_of_the_readme() -> None:
    example, sequences, delays, aggregates = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.S)
    schema = Schema.load(yaml.safe_load(example))
    assert list(schema.tasks) == ["ctr", "cvr"] and len(schema.features) == 6
    more = Schema.load({**yaml.safe_load(example), **yaml.safe_load(aggregates)})
    assert len(more.features) == 13 and more.log.columns == schema.columns
    content, watched = yaml.safe_load(example), yaml.safe_load(sequences)
    both = {**content, **watched, **{key: {**content[key], **watched[key]} for key in ("tables", "columns")}}
    assert [one.pooling for one in Schema.load(both).sequences.values()] == ["attention", "transformer"]
    late = yaml.safe_load(delays)
    merged = {**content, "tasks": late["tasks"], "columns": {**content["columns"], **late["columns"]}}
    assert list(Schema.load(merged).delays) == ["order"]
    readme = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.S)
    assert example in readme or not any("columns:" in text for text in readme)


def test_what_the_page_says_of_an_unknown_key_is_what_is_said() -> None:
    example, *_ = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.S)
    content = yaml.safe_load(example)
    content["columns"]["price"]["rol"] = content["columns"]["price"].pop("role")
    with pytest.raises(SchemaError) as error:
        Schema.parse(content, "my_feed.yaml")
    assert f"``{error.value}``" in PAGE
