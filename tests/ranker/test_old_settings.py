"""Settings of the version before are read as what they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.stored import VERSION_0_1, told_of_old_names
from tfelc.core.errors import ConfigError, UsageError
from tfelc.ranker.settings import RankerSettings

STORED = {
    "ranker/config.yaml": {
        "model": {
            "architecture": {"name": "mmoe", "num_experts": 4, "units": [8]},
            "embedding_dim": 4,
            "towers": {"units": [4]},
            "clusters": {"num_clusters": 4, "dim": 8},
        },
        "training": {"epochs": 1, "batch_size": 256},
    },
    "settings/ranker_ple.yaml": {
        "model": {
            "architecture": {"name": "ple", "num_shared_experts": 4, "num_task_experts": 1, "units": [8]},
            "embedding_dim": 4,
            "towers": {"units": [4]},
            "clusters": {"num_clusters": 4, "dim": 8, "gate_inputs": ["assignment", "center"]},
        },
        "training": {"epochs": 1, "batch_size": 256},
    },
    "settings/ranker_defaults.yaml": {"training": {"epochs": 2, "batch_size": 1024}},
}
# What was the default then, and is stated by a whole file.
THEN = {
    "optimizer.learning_rate": 0.004,
    "optimizer.tables_learning_rate": 0.02,
    "training.early_stopping.patience": 2,
}


def _loaded(source: dict[str, Any] | Path, *overrides: str) -> RankerSettings:
    with told_of_old_names():
        return RankerSettings.load(source, overrides)


@pytest.mark.parametrize("name", STORED)
def test_a_whole_file_is_read_with_one_warning(name: str) -> None:
    path = VERSION_0_1 / name
    with told_of_old_names() as said:
        found = RankerSettings.load(path)
        assert RankerSettings.load(path) == found
    assert found == RankerSettings.load(STORED[name], THEN)
    assert len(said) == 1 and said[0].startswith(f"{path}: `model.clusters.count` is now `model.clusters.num_clusters`")
    assert "\n" not in said[0]


def test_what_is_written_down_of_it_is_of_today(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(_loaded(VERSION_0_1 / "ranker" / "config.yaml").dump())
    with told_of_old_names() as said:
        assert RankerSettings.load(path) == RankerSettings.load(STORED["ranker/config.yaml"], THEN)
    assert said == []


@pytest.mark.parametrize(
    ("architecture", "own"),
    [
        ("mmoe", {"num_experts": 3, "units": [6], "dropout": 0.5}),
        ("ple", {"num_shared_experts": 3, "num_task_experts": 4, "num_levels": 2, "units": [6], "dropout": 0.5}),
        ("shared_bottom", {"units": [6], "dropout": 0.5}),
    ],
)
def test_each_architecture_takes_the_experts_that_were_its_own(architecture: str, own: dict[str, Any]) -> None:
    experts = {"shared": 3, "per_task": 4, "levels": 2, "units": [6], "dropout": 0.5}
    wanted = RankerSettings.load({"model": {"architecture": {"name": architecture, **own}}})
    assert _loaded({"model": {"architecture": architecture, "experts": experts}}) == wanted
    # Wherever the architecture and the experts are said.
    flat = [f"model.experts.{key}={value}" for key, value in experts.items()]
    assert _loaded({"model": {"architecture": architecture}}, *flat) == wanted
    assert _loaded({"model": {"architecture": {"name": architecture}}}, *flat) == wanted
    assert _loaded({}, f"model.architecture={architecture}", *flat) == wanted
    assert _loaded({}, *flat, f"model.architecture={architecture}") == wanted
    # Another architecture than the file's takes what belongs to it of the file's experts.
    for other in ("mmoe", "ple", "shared_bottom"):
        file = {"model": {"architecture": other, "experts": experts}}
        assert _loaded(file, f"model.architecture={architecture}") == wanted
        assert _loaded(file, f"model.architecture.name={architecture}") == wanted


def test_experts_that_did_nothing_do_nothing() -> None:
    shared = RankerSettings.load({"model": {"architecture": "shared_bottom"}})
    assert _loaded({"model": {"architecture": "shared_bottom", "experts": {"shared": 3}}}) == shared
    assert _loaded({"model": {"experts": {"levels": 2}}}) == RankerSettings()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("model.clusters.count=3", "model.clusters.num_clusters=3"),
        ("model.clusters.feed=[centre]", "model.clusters.gate_inputs=[center]"),
        ("model.clusters.feed=[assignment, centre]", "model.clusters.gate_inputs=[assignment, center]"),
        ("model.clusters.linear=[]", "model.clusters.linear_inputs=[]"),
        ("model.clusters.start=random", "model.clusters.initialization=random"),
        ("model.experts.shared=7", "model.architecture.num_experts=7"),
        ("model.experts.units=[8]", "model.architecture.units=[8]"),
        ("optimizer.dense=sgd", "optimizer.name=sgd"),
        ("optimizer.dense_learning_rate=0.5", "optimizer.learning_rate=0.5"),
        ("training.balance.strategy=gradnorm", "training.balance.name=gradnorm"),
        ("training.balance.strategy=gradnorm", "training.balance=gradnorm"),
    ],
)
def test_each_old_name_stands_for_the_new_one(old: str, new: str) -> None:
    wanted = RankerSettings.load(None, [new])
    assert wanted != RankerSettings()
    with told_of_old_names() as said:
        assert RankerSettings.load(None, [old]) == wanted
    assert len(said) == 1 and said[0].startswith(f"settings: `{old.split('=')[0]}")
    new_file = {"model": {"embedding_dim": 3, "clusters": {"alpha": 2.0}}, "optimizer": {"learning_rate": 0.1}}
    assert _loaded(new_file, old) == RankerSettings.load(new_file, [new])
    old_file = {"model": {"embedding_dim": 3, "clusters": {"count": 9}}, "optimizer": {"dense_learning_rate": 0.1}}
    assert _loaded(old_file, new) == _loaded(old_file, old)


def test_settings_of_another_loss_balance_did_nothing() -> None:
    balance = {"temperature": 3.0, "asymmetry": 0.5, "learning_rate": 0.1}
    for strategy, own in (("dynamic", ("temperature",)), ("gradnorm", ("asymmetry", "learning_rate")), ("pcgrad", ())):
        wanted = {"name": strategy, **{key: balance[key] for key in own}}
        found = _loaded({"training": {"balance": {"strategy": strategy, **balance}}})
        assert found.training.balance.to_dict() == wanted
        for override in ("balance.strategy", "balance.name", "balance"):
            file = {"training": {"balance": {"strategy": "fixed", **balance}}}
            assert _loaded(file, f"training.{override}={strategy}").training.balance.to_dict() == wanted


def test_adamw_keeps_the_weight_decay_that_keras_gave_it() -> None:
    assert _loaded({"optimizer": {"dense": "adamw"}}).optimizer.weight_decay == 0.004
    assert _loaded({}, "optimizer.dense=adamw").optimizer.weight_decay == 0.004
    assert RankerSettings.load({"optimizer": {"name": "adamw"}}).optimizer.weight_decay == 0


def test_a_weight_decay_that_is_set_and_another_optimizer_go_over_that_of_adamw() -> None:
    old = {"optimizer": {"dense": "adamw"}}
    assert _loaded({"optimizer": {"dense": "adamw", "weight_decay": 0.1}}).optimizer.weight_decay == 0.1
    assert _loaded(old, "optimizer.weight_decay=0").optimizer.weight_decay == 0
    assert _loaded({"optimizer": {"weight_decay": 0.1}}, "optimizer.dense=adamw").optimizer.weight_decay == 0.1
    for key in ("dense", "name"):
        assert _loaded(old, f"optimizer.{key}=sgd") == RankerSettings.load(None, ["optimizer.name=sgd"])


def test_an_old_and_the_new_name_of_one_source_contradict_each_other() -> None:
    with pytest.raises(UsageError, match="`model.clusters.count` is the old name of `model.clusters.num_clusters`"):
        _loaded({"model": {"clusters": {"count": 3, "num_clusters": 4}}})
    with pytest.raises(UsageError, match="`model.experts.shared` is the old name of `model.architecture.num_experts`"):
        _loaded({"model": {"experts": {"shared": 3}, "architecture": {"num_experts": 4}}})


def test_what_was_no_setting_then_is_none_now() -> None:
    for source in ({"model": {"experts": {"shraed": 3}}}, {"model": {"experts": 3}}):
        with pytest.raises(ConfigError, match="`model.experts`: no such setting"):
            _loaded(source)
    with pytest.raises(ConfigError, match="`model.architecture`: no architecture `moe`"):
        _loaded({"model": {"architecture": "moe", "experts": {"shared": 3}}})


def test_the_names_in_this_file_are_those_that_were_written() -> None:
    written = yaml.safe_load((VERSION_0_1 / "settings" / "ranker_defaults.yaml").read_text())
    assert set(written["model"]["experts"]) == {"shared", "per_task", "levels", "units", "dropout"}
    assert set(written["training"]["balance"]) == {"strategy", "temperature", "asymmetry", "learning_rate"}
