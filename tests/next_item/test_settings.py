from pathlib import Path

import pytest
from pydantic import ValidationError

from tfelc.core.errors import ConfigError
from tfelc.next_item.settings import DEFAULTS as CONFIGS
from tfelc.next_item.settings import ContrastSettings, NextItemSettings, SequenceModelConfig, settings_file


def _load(*settings: str) -> NextItemSettings:
    return NextItemSettings.load(None, settings)


def _fault(*settings: str) -> str:
    with pytest.raises(ConfigError) as error:
        _load(*settings)
    message = str(error.value)
    assert message.startswith("--set: ") and "\n" not in message and error.value.exit_code == 2
    return message.removeprefix("--set: ")


VIEWS = ("model.contrast.sequence_weight=0.1",)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            ("model.encoder.num_heads=3",),
            "model.dim must be a multiple of model.encoder.num_heads. Received: 64 and 3",
        ),
        (
            (*VIEWS, "model.contrast.views=dropout", "model.contrast.pooling=concat"),
            "model.contrast.views: `dropout` views are compared by model.contrast.pooling: last. Received: concat",
        ),
        (
            ("model.contrast.intent_weight=0.1",),
            "model.contrast.intent_weight: there are no intents without model.clusters.num_clusters",
        ),
        (
            (*VIEWS, "model.contrast.fusion=shift"),
            "model.contrast.fusion: there is no center to fuse without model.clusters.num_clusters. Received: shift",
        ),
        (
            (*VIEWS, "model.contrast.views=same_target", "training.samples=windows"),
            "model.contrast.views: `same_target` needs one target a sample, training.samples: prefixes. Received: "
            "windows",
        ),
        (("model.encoder.layer=2",), "`model.encoder.layer`: no such setting. Received: 2"),
        (("training.seed=4294967296",), "`training.seed`: Input should be less than 4294967296. Received: 4294967296"),
        (("model.encoder.dropout=1",), "`model.encoder.dropout`: Input should be less than 1. Received: 1"),
    ],
)  # fmt: skip
def test_contradictions_are_one_line(settings: tuple[str, ...], message: str) -> None:
    assert _fault(*settings) == message


def test_a_file_is_named_with_its_contradiction(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("model: {contrast: {intent_weight: 0.1}}\n")
    with pytest.raises(ConfigError, match=r"^.*own.yaml: model.contrast.intent_weight: there are no intents without"):
        NextItemSettings.load(path)
    # Clusters mend it, and so does a variant without contrast.
    assert NextItemSettings.load(path, ["model.clusters.num_clusters=5"]).model.contrast.intent_weight == 0.1
    assert not NextItemSettings.load(path, ["model.name=sasrec"]).model.effective().contrast.has_views


def test_what_is_switched_off_contradicts_nothing() -> None:
    _load("model.contrast.views=same_target", "training.samples=windows", "model.contrast.fusion=concat")
    _load("model.contrast.views=dropout", "model.contrast.pooling=concat")
    _load(*VIEWS, "model.contrast.views=same_target", "training.samples=sequences", "model.variant=b_elcm")


def test_models_made_in_code_are_checked_alike() -> None:
    with pytest.raises(ValidationError, match="no intents without"):
        SequenceModelConfig(contrast=ContrastSettings(intent_weight=0.1))


@pytest.mark.parametrize(
    ("variant", "count", "alpha", "weights"),
    [
        ("elcrec", 5, 0.7, (0.2, 0.3)),
        ("b_elcm", 5, 0.7, (0.0, 0.0)),
        ("b_ccl", 5, 0.0, (0.2, 0.3)),
        ("b", 0, 0.7, (0.0, 0.0)),
    ],
)
def test_each_ablation_leaves_out_what_it_says(variant: str, count: int, alpha: float, weights) -> None:
    model = _load(
        f"model.variant={variant}", "model.clusters.num_clusters=5", "model.clusters.alpha=0.7",
        "model.contrast.sequence_weight=0.2", "model.contrast.intent_weight=0.3", "model.encoder.num_layers=3",
    ).model  # fmt: skip
    effective = model.effective()
    assert (effective.clusters.num_clusters, effective.clusters.alpha) == (count, alpha)
    assert (effective.contrast.sequence_weight, effective.contrast.intent_weight) == weights
    assert effective.contrast.has_views == (sum(weights) > 0)
    assert effective.effective() == effective and effective.encoder == model.encoder
    assert model.clusters.num_clusters == 5  # what was set stays, to be written down


def test_settings_survive_being_written_down(tmp_path: Path) -> None:
    config = _load(
        *VIEWS, "model.clusters.num_clusters=7", "optimizer.learning_rate=3e-4", "split.protocol=global_time"
    )
    path = tmp_path / "config.yaml"
    path.write_text(config.dump())
    assert NextItemSettings.load(path) == config


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_config_that_is_shipped_loads_in_every_ablation(path: Path) -> None:
    for variant in ("elcrec", "b", "b_elcm", "b_ccl"):
        assert NextItemSettings.load(path, [f"model.variant={variant}"]).model.variant == variant


def test_a_data_set_has_its_settings_and_a_file_of_ones_own_the_default_with_clusters() -> None:
    assert settings_file(CONFIGS, "beauty").name == "beauty.yaml"
    for source in ("simulated", "/logs/clicks.parquet", "logs/beauty.txt"):
        path = settings_file(CONFIGS, source)
        assert path.name == "default.yaml"
        model = NextItemSettings.load(path).model
        assert model.variant == "elcrec" and model.clusters.num_clusters and model.contrast.has_views
