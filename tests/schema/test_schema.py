"""Schemas as files: read, written, compared."""

from pathlib import Path

import pytest
import yaml

from tests.support.every_kind import SCHEMA, every_kind_schema
from tfelc.core.errors import SchemaError
from tfelc.ranker.data.simulated_log import SCHEMA_FILE as SHIPPED
from tfelc.schema.embedding_table import EmbeddingTable
from tfelc.schema.schema import Schema

_SHIPPED = [path.read_text() for path in sorted(SHIPPED.parent.glob("*.yaml"))]
_AWKWARD = """
name: "caf\\u00e9: a # b"
columns:
  y: {kind: label, description: "multi\\nline, 'quotes' and \\u96ea"}
  answer: {kind: category, role: user, table: answers, default: "null"}
  day: {kind: category, role: user, type: integer, table: days, default: 0}
  x: {kind: number, role: item, default: 1.0e-30, transform: log, buckets: 7}
  fold: {kind: group}
tables:
  answers: {values: ["yes", "no", "on", "1", "1e3", "", " ", "~", "2020-01-01", "\\u96ea"], dim: 3}
  days: {values: [9223372036854775807, -9223372036854775807, 7]}
tasks:
  t: {label: y, weight: 0.1}
split: {by: column, column: fold, test: 0.25}
"""


@pytest.mark.parametrize("text", [SCHEMA, _AWKWARD, *_SHIPPED])
def test_a_dump_reads_back_as_the_same(text: str, tmp_path: Path) -> None:
    schema = Schema.parse(yaml.safe_load(text), "text")
    path = tmp_path / "schema.yaml"
    path.write_text(schema.dump(), encoding="utf-8")
    again = Schema.load(path)
    assert again == schema and again.dump() == schema.dump() and again.hash() == schema.hash()
    assert list(again.columns) == list(schema.columns)
    # A dump with every default, as a saved model holds it.
    assert Schema.model_validate(schema.model_dump(mode="json")) == schema


def test_a_dump_holds_no_defaults() -> None:
    assert yaml.safe_load(every_kind_schema().dump()) == yaml.safe_load(SCHEMA)


def test_the_hash_is_of_the_meaning() -> None:
    content = yaml.safe_load(SCHEMA)
    before = Schema.parse(content, "s").hash()
    content["columns"]["hour"]["transform"] = "standardize"
    assert Schema.parse(content, "s").hash() == before
    content["columns"]["hour"]["transform"] = "none"
    assert Schema.parse(content, "s").hash() != before


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "schema.yaml"
    with pytest.raises(SchemaError, match=r"schema\.yaml: no such schema file"):
        Schema.load(path)
    for content in (b"columns: {a: [", b"\xff\xfe\x00", b"a: b: c", b"!!python/object:os.system {}"):
        path.write_bytes(content)
        with pytest.raises(SchemaError, match=r"schema\.yaml: not a readable YAML file: [^\n]*$"):
            Schema.load(path)
    with pytest.raises(SchemaError, match="not a readable YAML file"):
        Schema.load(tmp_path)
    for content in (b"", b"# nothing\n", b"---\n"):
        path.write_bytes(content)
        with pytest.raises(
            SchemaError, match=r"schema\.yaml: is empty; a schema is a mapping with `name`, `columns` and `tasks`$"
        ):
            Schema.load(path)
    for content, received in ((b"- a\n- b\n", r"\['a', 'b'\]"), (b"columns\n", "'columns'"), (b"3", "3")):
        path.write_bytes(content)
        with pytest.raises(
            SchemaError,
            match=rf"schema\.yaml: a schema is a mapping with `name`, `columns` and `tasks`. Received: {received}$",
        ):
            Schema.load(path)


def test_a_path_may_be_text_and_a_mapping_does_as_well(tmp_path: Path) -> None:
    path = tmp_path / "schema.yaml"
    path.write_text(SCHEMA, encoding="utf-8")
    content = yaml.safe_load(SCHEMA)
    assert Schema.load(str(path)) == Schema.load(path) == Schema.load(content) == every_kind_schema()
    assert content == yaml.safe_load(SCHEMA)
    content["columns"]["hour"]["rol"] = "context"
    with pytest.raises(SchemaError, match=r"^schema: `columns\.hour\.rol`: no such key; did you mean `role`\?$"):
        Schema.load(content)
    with pytest.raises(SchemaError, match=r"^schema: `name`: is missing$"):
        Schema.load({})


def test_the_table_of_a_column() -> None:
    schema = every_kind_schema()
    assert schema.table_of("history") == schema.table_of("product_id") == ("product", EmbeddingTable(min_count=2))
    assert schema.table_of("city") == ("city", EmbeddingTable())
