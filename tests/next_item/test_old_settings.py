"""Settings of the version before are read as what they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.stored import VERSION_0_1, told_of_old_names
from tfelc.core.errors import ConfigError, UsageError
from tfelc.next_item.model_settings.elcrec import ELCRecSettings
from tfelc.next_item.model_settings.sasrec import SASRecSettings
from tfelc.next_item.settings import NextItemSettings

_SHARED = {
    "encoder": {"dim": 8, "dropout": 0.4, "attention_dropout": 0.4},
    "neighbors": {"weight": 1.0, "num_neighbors": 5},
}
_TRAINING = {
    "optimizer": {"schedule": "linear"},
    "training": {"epochs": 1, "batch_size": 64, "early_stopping": {"patience": 4}},
}
STORED = {
    "elcrec/config.yaml": {
        "model": {
            "name": "elcrec",
            **_SHARED,
            "clusters": {"num_clusters": 4, "temperature": 0.05, "initialization": "kmeans"},
            "contrast": {"sequence_weight": 0.1, "intent_weight": 0.1, "views": "dropout"},
        },
        **_TRAINING,
    },
    "sasrec/config.yaml": {"model": {"name": "sasrec", **_SHARED}, **_TRAINING},
    "settings/next_item_defaults.yaml": {},
}
PARTS = {"clusters": {"count": 5, "alpha": 0.7}, "contrast": {"sequence_weight": 0.2, "intent_weight": 0.3}}


def _loaded(source: dict[str, Any] | Path, *overrides: str) -> NextItemSettings:
    with told_of_old_names():
        return NextItemSettings.load(source, overrides)


@pytest.mark.parametrize("name", STORED)
def test_a_whole_file_is_read_with_one_warning(name: str) -> None:
    path = VERSION_0_1 / name
    with told_of_old_names() as said:
        found = NextItemSettings.load(path)
        assert NextItemSettings.load(path) == found
    assert found == NextItemSettings.load(STORED[name])
    assert len(said) == 1 and said[0].startswith(f"{path}: `model.variant` is now `model.name`, ")
    assert "\n" not in said[0]


@pytest.mark.parametrize(
    ("variant", "kind", "count", "alpha", "weights"),
    [
        ("elcrec", ELCRecSettings, 5, 0.7, (0.2, 0.3)),
        ("b_elcm", ELCRecSettings, 5, 0.7, (0.0, 0.0)),
        ("b_ccl", ELCRecSettings, 5, 0.0, (0.2, 0.3)),
        ("b", SASRecSettings, None, None, None),
    ],
)
def test_each_ablation_leaves_out_what_it_says(variant: str, kind: type, count: Any, alpha: Any, weights: Any) -> None:
    flat = [f"model.{group}.{key}={value}" for group, values in PARTS.items() for key, value in values.items()]
    everywhere = [
        _loaded({"model": {"variant": variant, "encoder": {"layers": 3}, **PARTS}}),
        _loaded({"model": {"encoder": {"layers": 3}}}, f"model.variant={variant}", *flat),
        _loaded({"model": {"encoder": {"num_layers": 3}}}, *flat, f"model.variant={variant}"),
        _loaded({"model": {"encoder": {"layers": 3}, **PARTS}}, f"model.variant={variant}"),
    ]
    # Over a file of another variant, whose parts come back as far as this one has them.
    for other in ("elcrec", "b", "b_elcm", "b_ccl"):
        file = {"model": {"variant": other, "encoder": {"layers": 3}, **PARTS}}
        everywhere.append(_loaded(file, f"model.variant={variant}"))
    for settings in everywhere:
        model: Any = settings.model
        assert type(model) is kind and model.encoder.num_layers == 3
        if kind is ELCRecSettings:
            assert (model.clusters.num_clusters, model.clusters.alpha) == (count, alpha)
            assert (model.contrast.sequence_weight, model.contrast.intent_weight) == weights
            assert model.contrast.has_views == (sum(weights) > 0)


def test_sasrec_by_its_new_name_over_an_old_file() -> None:
    file = {"model": {"encoder": {"layers": 3}, "next_item": {"loss": "bce"}, **PARTS}}
    found = _loaded(file, "model.name=sasrec").model
    assert found == SASRecSettings(encoder={"num_layers": 3}, loss="bce")


@pytest.mark.parametrize(
    ("loss", "own"),
    [
        ("softmax", {}),
        ("sampled_softmax", {"num_negatives": 5, "power": 0.25, "log_q": False}),
        ("bce", {"num_negatives": 5}),
        ("gbce", {"num_negatives": 5, "calibration": 0.5}),
    ],
)
def test_each_loss_takes_the_settings_that_were_its_own(loss: str, own: dict[str, Any]) -> None:
    shared = {"normalize": True, "temperature": 0.2}
    every = {"negatives": 5, "power": 0.25, "log_q": False, "calibration": 0.5, **shared}
    flat = [f"model.next_item.{key}={value}" for key, value in every.items()]
    everywhere = [
        _loaded({"model": {"next_item": {"loss": loss, **every}}}),
        _loaded({}, f"model.next_item.loss={loss}", *flat),
        _loaded({"model": {"loss": loss}}, *flat),
        _loaded({"model": {"loss": {"name": loss}}}, *flat),
        _loaded({"model": {"next_item": {"loss": loss}}}, *flat),
        *(
            _loaded({"model": {"next_item": {"loss": other, **every}}}, f"model.{key}={loss}")
            for other in ("softmax", "bce")
            for key in ("next_item.loss", "loss", "loss.name")
        ),
    ]
    for settings in everywhere:
        assert settings.model.loss.to_dict() == {"name": loss, **shared, **own}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("model.encoder.layers=3", "model.encoder.num_layers=3"),
        ("model.encoder.heads=4", "model.encoder.num_heads=4"),
        ("model.encoder.start=random", "model.encoder.initialization=random"),
        ("model.clusters.count=3", "model.clusters.num_clusters=3"),
        ("model.clusters.start=kmeans", "model.clusters.initialization=kmeans"),
        ("model.next_item.loss=bce", "model.loss=bce"),
        ("model.next_item.normalize=true", "model.loss.normalize=true"),
        ("model.neighbors.count=7", "model.neighbors.num_neighbors=7"),
        ("training.learning_rate=0.5", "optimizer.learning_rate=0.5"),
        ("training.schedule=linear", "optimizer.schedule=linear"),
        ("training.weight_decay=0.5", "optimizer.weight_decay=0.5"),
        ("training.clip_norm=5", "optimizer.clip_norm=5"),
        ("training.patience=9", "training.early_stopping.patience=9"),
        ("model.variant=b", "model=sasrec"),
    ],
)
def test_each_old_name_stands_for_the_new_one(old: str, new: str) -> None:
    wanted = NextItemSettings.load(None, [new])
    assert wanted != NextItemSettings()
    with told_of_old_names() as said:
        assert NextItemSettings.load(None, [old]) == wanted
    assert len(said) == 1 and said[0].startswith(f"settings: `{old.split('=')[0]}")
    new_file = {"model": {"encoder": {"dim": 12}}, "optimizer": {"learning_rate": 0.1}, "training": {"epochs": 2}}
    assert _loaded(new_file, old) == NextItemSettings.load(new_file, [new])
    old_file = {"model": {"encoder": {"layers": 2}}, "training": {"learning_rate": 0.1, "epochs": 2}}
    assert _loaded(old_file, new) == _loaded(old_file, old)


def test_an_old_and_the_new_name_of_one_source_contradict_each_other() -> None:
    with pytest.raises(UsageError, match="`model.variant` is the old name of `model.name`: leave one of the two out"):
        _loaded({"model": {"variant": "b", "name": "sasrec"}})


def test_what_was_no_setting_then_is_none_now() -> None:
    with pytest.raises(ConfigError, match="`model.next_item`: no such setting"):
        _loaded({"model": {"next_item": {"los": "bce"}}})
    with pytest.raises(ConfigError, match="`model`: no next-item model `c`; it is one of "):
        _loaded({"model": {"variant": "c"}})
