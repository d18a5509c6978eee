"""Schemas under their old names are read as they were meant, with one warning."""

from pathlib import Path

import pytest
import yaml

from tfelc.core.errors import SchemaError
from tfelc.core.renamed_names import RenamedWarning, with_new_names
from tfelc.ranker.data import simulated_log
from tfelc.schema.renames import SPACE_RENAME
from tfelc.schema.schema import Schema
from tfelc.schema.task_settings import TaskSettings

OLD = """
name: shop
columns:
  y: {kind: label}
  x: {kind: number, role: item}
tasks:
  click: {label: y}
  cart: {label: y, given: click, space: entire, joint: both}
  buy: {label: y, given: cart, space: given}
"""
NEW = OLD.replace("given: c", "conditioned_on: c").replace("space: given", "space: conditional")
SHIPPED = sorted(simulated_log.SCHEMA_FILE.parent.glob("*.yaml"))


def test_an_old_schema_is_the_new_one_and_says_once_what_changed(tmp_path: Path) -> None:
    (tmp_path / "new.yaml").write_text(NEW)
    (tmp_path / "old.yaml").write_text(OLD)
    with pytest.warns(RenamedWarning) as told:
        schema = Schema.load(tmp_path / "old.yaml")
        assert Schema.load(tmp_path / "old.yaml") == schema == Schema.load(tmp_path / "new.yaml")
    assert [str(warning.message) for warning in told] == [
        f"{tmp_path / 'old.yaml'}: `tasks.cart.given` is now `tasks.cart.conditioned_on`, "
        "`tasks.buy.space: given` is now `tasks.buy.space: conditional`"
    ]
    assert [(task.conditioned_on, task.space) for task in schema.tasks.values()] == [
        (None, "conditional"),
        ("click", "entire"),
        ("cart", "conditional"),
    ]
    assert list(schema.tasks) == ["click", "cart", "buy"]
    # What is written from now on has the new names alone.
    assert "given" not in schema.dump() and "conditioned_on" in schema.dump()


def test_a_mapping_of_old_names_is_read_too() -> None:
    with pytest.warns(RenamedWarning, match="^schema: `tasks.cart.given` is now"):
        assert Schema.load(yaml.safe_load(OLD)) == Schema.load(yaml.safe_load(NEW))


def test_an_old_and_a_new_name_together_are_an_error() -> None:
    content = yaml.safe_load(NEW)
    content["tasks"]["buy"]["given"] = "cart"
    with pytest.raises(SchemaError, match="^s: `tasks.buy.given` is the old name of `tasks.buy.conditioned_on`"):
        Schema.parse(content, "s")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_schemas_use_the_new_names(path: Path, recwarn: pytest.WarningsRecorder) -> None:
    Schema.load(path)
    assert not recwarn.list


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        (NEW, "c547c58d53f8629e8771d7af70e8fd11a8ae177df9a9faa137f4a739fac83383"),
        (
            (simulated_log.SCHEMA_FILE.parent / "simulated_log.yaml").read_text(),
            "334a9a389a0cd8a585154d37c1ef7072bdd5313fb4da31e2b30be3dc8ee2b6a4",
        ),
        (
            (simulated_log.SCHEMA_FILE.parent / "kuairand.yaml").read_text(),
            "788eb93d7aea896eb919ad5cd82f8c2ce0f5b1d783167577d1c4f8eb49168ad5",
        ),
    ],
)
def test_the_hash_is_the_one_that_was_stored_under_the_old_names(text: str, stored: str) -> None:
    assert Schema.load(yaml.safe_load(text)).hash() == stored


def test_the_old_space_in_a_runs_settings() -> None:
    with pytest.warns(RenamedWarning) as told:
        content = with_new_names({"tasks": {"cvr": {"space": "given"}}}, [SPACE_RENAME], "run.yaml")
    assert TaskSettings.model_validate(content["tasks"]["cvr"]) == TaskSettings(space="conditional")
    assert str(told[0].message) == "run.yaml: `tasks.cvr.space: given` is now `tasks.cvr.space: conditional`"
