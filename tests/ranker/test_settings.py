from pathlib import Path

import pytest
import yaml

from tfelc.core.errors import ConfigError
from tfelc.ranker.settings import RankerSettings


def _fault(*overrides: str, path: Path | None = None) -> str:
    with pytest.raises(ConfigError) as error:
        RankerSettings.load(path, overrides)
    message = str(error.value)
    assert "\n" not in message and error.value.exit_code == 2
    return message


def test_overrides_go_over_the_file_and_the_file_over_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("model: {embedding_dim: 3, clusters: {num_clusters: 5, alpha: 2}}\ntraining: {epochs: 9}\n")
    config = RankerSettings.load(path, ["model.clusters.num_clusters=20", "training.epochs=1", "training.epochs=2"])
    assert (config.model.embedding_dim, config.model.clusters.num_clusters, config.training.epochs) == (3, 20, 2)
    assert config.model.clusters.alpha == 2 and config.model.clusters.dim == RankerSettings().model.clusters.dim
    assert RankerSettings.load(path).model.clusters.num_clusters == 5
    assert RankerSettings.load() == RankerSettings() == RankerSettings.load(None, [])


@pytest.mark.parametrize(
    ("override", "found"),
    [
        ("optimizer.learning_rate=1e-4", 1e-4),
        ("optimizer.learning_rate=3", 3.0),
        ("model.clusters.gate_inputs=[assignment, center]", ("assignment", "center")),
        ("model.towers.units=[]", ()),
        ("training.xla=true", True),
        ("training.balance.name=pcgrad", "pcgrad"),
        ("training.balance=pcgrad", {"name": "pcgrad"}),
        ("training.ranking=pairwise", {"name": "pairwise", "weight": 0.1, "group": None}),
        ("model.architecture=ple", {"name": "ple", "num_task_experts": 2}),
        ("model.architecture.name=shared_bottom", "shared_bottom"),
        ("training.early_stopping.metric=ctr.auc", "ctr.auc"),
        ("tasks.cvr.space=entire", "entire"),
        ("tasks.cvr.weight=", None),
        ("model.architecture={num_experts: 7}", {"name": "mmoe", "num_experts": 7}),
    ],
)
def test_values_of_every_kind(override: str, found: object) -> None:
    place: object = RankerSettings.load(None, [override])
    for key in override.split("=")[0].split("."):
        place = place[key] if isinstance(place, dict) else getattr(place, key)
    if isinstance(found, dict):
        assert {key: getattr(place, key) for key in found} == found
    else:
        assert place == found and type(place) is type(found)


def test_the_loss_is_named_with_its_ranking_term() -> None:
    assert RankerSettings().training.loss == "cross-entropy, balanced by fixed"
    ranked = RankerSettings.load(None, ["training.ranking=listwise", "training.balance=pcgrad"])
    assert ranked.training.loss == "cross-entropy and a listwise ranking term, balanced by pcgrad"


def test_settings_of_one_group_add_up() -> None:
    config = RankerSettings.load(None, ["tasks.cvr.space=entire", "tasks.ctr.weight=3", "tasks.cvr.weight=0.5"])
    assert {name: (task.space, task.weight) for name, task in config.tasks.items()} == {
        "cvr": ("entire", 0.5),
        "ctr": (None, 3),
    }


@pytest.mark.parametrize(
    ("override", "fault"),
    [
        ("model.cluster.size=3", "settings: `model.cluster`: no such setting; did you mean `clusters`?"),
        (
            "model.clusters.num_clusterss=3",
            "settings: `model.clusters.num_clusterss`: no such setting; did you mean `num_clusters`?",
        ),
        ("tasks.cvr.label=x", "`tasks.cvr.label`: no such setting"),
        ("model.clusters.num_clusters=many", "`model.clusters.num_clusters`: must be a whole number. Received: "),
        ("model.clusters.num_clusters=2.5", "`model.clusters.num_clusters`: must be a whole number. Received: "),
        (
            "model.clusters.num_clusters=-1",
            "`model.clusters.num_clusters`: must be at least 0. Received: -1",
        ),
        (
            "model.clusters.num_clusters=",
            "`model.clusters.num_clusters`: must be a whole number. Received: None",
        ),
        ("model.architecture.dropout=1", "`model.architecture.dropout`: must be below 1. Received: 1"),
        ("model.architecture.units=[]", "`model.architecture.units`: must be a list of at least 1. Received: []"),
        ("model.architecture.units=64", "`model.architecture.units`: must be a list. Received: 64"),
        ("model.architecture.units=[64, 0]", "`model.architecture.units.1`: must be above 0. Received: 0"),
        ("model.towers.units=[-1]", "`model.towers.units.0`: must be above 0. Received: -1"),
        (
            "model.architecture=moe",
            "settings: `model.architecture`: no architecture `moe`; it is one of aitm, mmoe, pepnet, ple, "
            "shared_bottom; did you mean `mmoe`?",
        ),
        ("model.architecture.name=[ple]", "`model.architecture`: no architecture `['ple']`; it is one of aitm, mmoe"),
        ("model.architecture=", "`model.architecture`: must be a mapping of names to values. Received: None"),
        (
            "model.architecture.num_levels=2",
            "settings: `model.architecture.num_levels`: no such setting; did you mean `num_experts`?",
        ),
        ("training.balance=[fixed]", "`training.balance`: must be a mapping of names to values. Received: ['fixed']"),
        ("training.ranking={name: listwise, weight: 0}", "`training.ranking.weight`: must be above 0. Received: 0"),
        ("training.ranking.weight=1", "`training.ranking.weight`: no such setting; it is one of name"),
        ("training.balance.temperature=3", "`training.balance.temperature`: no such setting; it is one of name"),
        (
            "model.clusters.gate_inputs=[centroid]",
            "`model.clusters.gate_inputs.0`: must be one of assignment, center. Received: 'centroid'",
        ),
        ("optimizer.learning_rate=.nan", "`optimizer.learning_rate`: must be a finite number. Received: nan"),
        ("optimizer.learning_rate=.inf", "`optimizer.learning_rate`: must be a finite number. Received: inf"),
        ("optimizer.learning_rate=0", "`optimizer.learning_rate`: must be above 0. Received: 0"),
        ("training=3", "`training`: must be a mapping of names to values. Received: 3"),
        ("training.epochs.more=3", "`training.epochs`: must be a whole number. Received: {'more': 3}"),
        (
            "training.epochs",
            "setting training.epochs: write it as key=value, for example model.clusters.num_clusters=20",
        ),
        ("=3", "setting =3: write it as key=value"),
        ("training.epochs=[1", "setting training.epochs=[1: `[1` is not a YAML value"),
    ],
)
def test_a_bad_override_is_one_line(override: str, fault: str) -> None:
    assert fault in _fault(override)


def test_a_key_below_a_value_is_refused() -> None:
    assert "`epochs` is a value, not a group of settings" in _fault("training.epochs=3", "training.epochs.more=3")


def test_a_bad_file_is_one_line_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    assert "config.yaml: not a readable YAML file" in _fault(path=path)
    for content, fault in (
        (b"model: [", "config.yaml: not a readable YAML file"),
        (b"\xff\xfe", "config.yaml: not a readable YAML file"),
        (b"[1, 2]", "config.yaml: settings are a mapping"),
        (b"text", "config.yaml: settings are a mapping"),
        (b"model:\n", "config.yaml: `model`: "),
        (b"modle: {}\n", "config.yaml: `modle`: no such setting; did you mean `model`?"),
        (b"1: {}\n", "config.yaml: "),
    ):
        path.write_bytes(content)
        assert fault in _fault(path=path)


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("# nothing yet\n")
    assert RankerSettings.load(path) == RankerSettings()


def test_a_dump_reads_back_as_the_same_with_every_setting_in_it(tmp_path: Path) -> None:
    config = RankerSettings.load(
        None, ["model.clusters.gate_inputs=[]", "tasks.cvr.weight=0.1", "optimizer.clip_norm=1e-30"]
    )
    path = tmp_path / "config.yaml"
    path.write_text(config.dump())
    assert RankerSettings.load(path) == config
    assert set(yaml.safe_load(config.dump())["training"]) == set(type(config.training).model_fields)


def test_a_resolved_setting_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        RankerSettings().training.epochs = 5  # type: ignore[misc]
