from pathlib import Path

import pytest
from pydantic import ValidationError

from tfelc.core.errors import ConfigError
from tfelc.next_item.model_settings.elcrec import ContrastSettings, ELCRecSettings
from tfelc.next_item.model_settings.sasrec import SASRecSettings
from tfelc.next_item.model_settings.sequence_model import SEQUENCE_MODELS
from tfelc.next_item.settings import NextItemSettings


def _load(*settings: str) -> NextItemSettings:
    return NextItemSettings.load(None, settings)


def _fault(*settings: str) -> str:
    with pytest.raises(ConfigError) as error:
        _load(*settings)
    message = str(error.value)
    assert message.startswith("settings: ") and "\n" not in message and error.value.exit_code == 2
    return message.removeprefix("settings: ")


VIEWS = ("model.contrast.sequence_weight=0.1",)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            ("model.encoder.num_heads=3",),
            "model.encoder.dim must be a multiple of model.encoder.num_heads. Received: 64 and 3",
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
            "model.contrast.views: `same_target` needs one target for each sample, training.samples: prefixes. "
            "Received: windows",
        ),
        (("model.encoder.layer=2",), "`model.encoder.layer`: no such setting; did you mean `num_layers`?"),
        (("training.seed=4294967296",), "`training.seed`: must be below 4294967296. Received: 4294967296"),
        (
            ("model.name=lstm",),
            f"`model`: no next-item model `lstm`; it is one of {', '.join(SEQUENCE_MODELS.names())}",
        ),
        (("model=3",), "`model`: must be a mapping of names to values. Received: 3"),
        (
            ("model.name=sasrec", "model.clusters.num_clusters=3"),
            "`model.clusters`: no such setting; it is one of name, loss, neighbors, encoder, item_attributes",
        ),
        (
            ("model.loss.num_negatives=3",),
            "`model.loss.num_negatives`: no such setting; it is one of name, normalize, temperature",
        ),
        (
            ("model.loss=bce", "model.loss.num_negatives=0"),
            "`model.loss.num_negatives`: must be at least 1. Received: 0",
        ),
        (
            ("optimizer.name=adamn",),
            "`optimizer.name`: must be one of adam, adamw, lazy_adam, adagrad, sgd, rmsprop. Received: 'adamn'; "
            "did you mean `adam`?",
        ),
        (("model.encoder.dropout=1",), "`model.encoder.dropout`: must be below 1. Received: 1"),
    ],
)
def test_contradictions_are_one_line(settings: tuple[str, ...], message: str) -> None:
    assert _fault(*settings) == message


def test_a_file_is_named_with_its_contradiction(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("model: {contrast: {intent_weight: 0.1}}\n")
    with pytest.raises(ConfigError, match=r"^.*own.yaml: model.contrast.intent_weight: there are no intents without"):
        NextItemSettings.load(path)
    # What overrides the file is not at fault.
    with pytest.raises(ConfigError, match=r"^.*own.yaml: model.contrast.intent_weight: there are no intents without"):
        NextItemSettings.load(path, ["model.encoder.dim=8"])
    # Clusters mend it, and so does a model without contrast.
    assert NextItemSettings.load(path, ["model.clusters.num_clusters=5"]).model.contrast.intent_weight == 0.1
    assert NextItemSettings.load(path, ["model.name=sasrec"]).model == SASRecSettings()


def test_what_is_switched_off_contradicts_nothing() -> None:
    _load("model.contrast.views=same_target", "training.samples=windows", "model.contrast.fusion=concat")
    _load("model.contrast.views=dropout", "model.contrast.pooling=concat")
    _load("model.contrast.views=same_target", "training.samples=sequences", "model.contrast.sequence_weight=0")


def test_models_made_in_code_are_checked_alike() -> None:
    with pytest.raises(ValidationError, match="no intents without"):
        ELCRecSettings(contrast=ContrastSettings(intent_weight=0.1))


def test_another_model_keeps_what_it_shares_with_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        "model: {name: elcrec, encoder: {dim: 8}, loss: bce, clusters: {num_clusters: 5}, neighbors: {weight: 2}}"
    )
    found = NextItemSettings.load(path, ["model.name=sasrec", "model.encoder.num_layers=3"]).model
    assert (found.name, found.encoder.dim, found.encoder.num_layers) == ("sasrec", 8, 3)
    assert (found.loss.name, found.neighbors.weight) == ("bce", 2)
    assert NextItemSettings.load(path, ["model=sasrec"]).model == found.model_copy(
        update={"encoder": found.encoder.model_copy(update={"num_layers": 1})}
    )


def test_settings_survive_being_written_down(tmp_path: Path) -> None:
    config = _load(
        *VIEWS, "model.clusters.num_clusters=7", "optimizer.learning_rate=3e-4", "split.protocol=global_time"
    )
    path = tmp_path / "config.yaml"
    path.write_text(config.dump())
    assert NextItemSettings.load(path) == config
    assert type(NextItemSettings.load(path).model) is ELCRecSettings
