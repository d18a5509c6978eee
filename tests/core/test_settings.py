"""What every group of settings does; parts are in `test_part_settings`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tfelc.core.errors import ConfigError, UsageError
from tfelc.core.renamed_names import Rename, with_new_names
from tfelc.core.settings import Settings, nested


class Optimizer(Settings):
    name: str = "adam"
    rate: float = 0.1


class Task(Settings):
    weight: float = 1.0
    space: str = "whole"


class Experiment(Settings):
    plugins: tuple[str, ...] = ()
    optimizer: Optimizer = Optimizer()
    tasks: dict[str, Task] = {}
    sizes: tuple[int, ...] = (1,)


def test_a_group_that_happens_to_have_a_name_is_no_part() -> None:
    """Another optimizer is another value of one setting: the others stay."""
    found = Experiment.load({"optimizer": {"name": "sgd", "rate": 0.5}}, ["optimizer.name=adagrad"])
    assert found.optimizer == Optimizer(name="adagrad", rate=0.5)


def test_overrides_go_over_the_source_key_by_key() -> None:
    source = {"tasks": {"a": {"weight": 2, "space": "half"}, "b": {}}, "sizes": [1, 2, 3]}
    found = Experiment.load(source, {"tasks.a": {"weight": 3}, "tasks.c.weight": 4, "sizes": (7,)})
    assert found.tasks == {"a": Task(weight=3, space="half"), "b": Task(), "c": Task(weight=4)}
    assert found.sizes == (7,)


def test_neither_the_source_nor_the_overrides_are_changed() -> None:
    source, overrides = {"tasks": {"a": {"weight": 2}}}, {"tasks.b": {"weight": 1}, "tasks.b.space": "half"}
    Experiment.load(source, overrides)
    assert source == {"tasks": {"a": {"weight": 2}}}
    assert overrides == {"tasks.b": {"weight": 1}, "tasks.b.space": "half"}


@pytest.mark.parametrize(
    ("overrides", "found"),
    [
        (["a.b=1", "a.c=x", "a.b=2"], {"a": {"b": 2, "c": "x"}}),
        (["part=one", "part.size=2"], {"part": {"name": "one", "size": 2}}),
        (["part.size=2", "part=one"], {"part": {"size": 2, "name": "one"}}),
        (["part={name: one, size: 3}", "part.size=2"], {"part": {"name": "one", "size": 2}}),
        ({"part": "one", "part.size": 2}, {"part": {"name": "one", "size": 2}}),
        ([], {}),
    ],
)
def test_dotted_keys_become_groups(overrides: Any, found: dict[str, Any]) -> None:
    assert nested(overrides) == found


@pytest.mark.parametrize(
    ("source", "overrides", "message"),
    [
        ({"sizes": [1, "x"]}, [], "settings: `sizes.1`: must be a whole number. Received: 'x'"),
        ({"tasks": {"a": {"wieght": 1}}}, [], "settings: `tasks.a.wieght`: no such setting; did you mean `weight`?"),
        ({}, ["optimizer=sgd"], "settings: `optimizer`: must be a mapping of names to values. Received: 'sgd'"),
        ({}, ["plugins=none"], "settings: `plugins`: must be a list. Received: 'none'"),
    ],
)
def test_a_fault_is_one_line_that_names_the_setting(source: Any, overrides: Any, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        Experiment.load(source, overrides)
    assert str(error.value) == message


def test_the_source_that_holds_the_fault_is_named(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("optimizer: {rate: fast}\ntasks: {a: {weight: 1}}\n")
    with pytest.raises(ConfigError, match="own.yaml: `optimizer.rate`: must be a number"):
        Experiment.load(path, ["tasks.a.weight=2"])
    with pytest.raises(ConfigError, match="^settings: `tasks.a.weight`: must be a number"):
        Experiment.load(path, ["tasks.a.weight=heavy", "optimizer.rate=1"])


def test_a_plug_in_is_imported_before_the_settings_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "settings_plugin_one.py").write_text("")
    for source, overrides in (
        ({"plugins": ["settings_plugin_one"]}, []),
        ({"plugins": ["no.such.plugin"]}, ["plugins=[settings_plugin_one]"]),
    ):
        assert Experiment.load(source, overrides).plugins == ("settings_plugin_one",)
    with pytest.raises(UsageError, match="^plugins: `no.such.plugin` cannot be imported"):
        Experiment.load({}, ["plugins=[no.such.plugin]"])


class Renamed(Experiment):
    with_new_names = staticmethod(
        lambda content, where, below=None, above=None: with_new_names(
            content, [Rename("optimizer.speed", "optimizer.rate")], where
        )
    )


def test_each_source_is_renamed_before_they_are_merged(tmp_path: Path) -> None:
    path = tmp_path / "settings_renamed.yaml"
    path.write_text("optimizer: {speed: 2}\n")
    with pytest.warns() as told:
        assert Renamed.load(path, ["optimizer.rate=3"]).optimizer.rate == 3
        assert Renamed.load({"optimizer": {"rate": 2}}, ["optimizer.speed=3"]).optimizer.rate == 3
    said = [str(warning.message).removeprefix(f"{tmp_path}/") for warning in told]
    rename = "`optimizer.speed` is now `optimizer.rate`"
    assert said == [f"settings_renamed.yaml: {rename}", f"settings: {rename}"]
    with pytest.raises(UsageError, match="`optimizer.speed` is the old name of `optimizer.rate`"):
        Renamed.load({}, ["optimizer.speed=3", "optimizer.rate=3"])
