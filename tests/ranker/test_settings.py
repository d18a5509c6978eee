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
    path.write_text("model: {embedding_dim: 3, clusters: {count: 5, alpha: 2}}\ntraining: {epochs: 9}\n")
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
        ("training.early_stopping.metric=ctr.auc", "ctr.auc"),
        ("tasks.cvr.space=entire", "entire"),
        ("tasks.cvr.weight=", None),
        ("model.architecture={num_experts: 7}", {"shared": 7}),
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


def test_settings_of_one_group_add_up() -> None:
    config = RankerSettings.load(None, ["tasks.cvr.space=entire", "tasks.ctr.weight=3", "tasks.cvr.weight=0.5"])
    assert {name: (task.space, task.weight) for name, task in config.tasks.items()} == {
        "cvr": ("entire", 0.5),
        "ctr": (None, 3),
    }


@pytest.mark.parametrize(
    ("override", "fault"),
    [
        ("model.cluster.count=3", "settings: `model.cluster`: no such setting. Received: {'count': 3}"),
        ("model.clusters.num_clusterss=3", "settings: `model.clusters.num_clusterss`: no such setting. Received: 3"),
        ("tasks.cvr.label=x", "`tasks.cvr.label`: no such setting"),
        ("model.clusters.num_clusters=many", "`model.clusters.num_clusters`: Input should be a valid integer"),
        ("model.clusters.num_clusters=2.5", "`model.clusters.num_clusters`: Input should be a valid integer"),
        (
            "model.clusters.num_clusters=-1",
            "`model.clusters.num_clusters`: Input should be greater than or equal to 0. Received: -1",
        ),
        (
            "model.clusters.num_clusters=",
            "`model.clusters.num_clusters`: Input should be a valid integer. Received: None",
        ),
        ("model.architecture.dropout=1", "`model.architecture.dropout`: Input should be less than 1"),
        ("model.architecture.units=[]", "`model.architecture.units`"),
        ("model.architecture.units=64", "`model.architecture.units`: Input should be a valid tuple"),
        ("model.architecture.units=[64, 0]", "`model.architecture.units.1`: Input should be greater than 0"),
        ("model.towers.units=[-1]", "`model.towers.units.0`: Input should be greater than 0"),
        ("model.architecture=moe", "`model.architecture`: Input should be 'mmoe', 'ple' or 'shared_bottom'"),
        (
            "model.clusters.gate_inputs=[centroid]",
            "`model.clusters.gate_inputs.0`: Input should be 'assignment' or 'center'",
        ),
        ("optimizer.learning_rate=.nan", "`optimizer.learning_rate`"),
        ("optimizer.learning_rate=.inf", "`optimizer.learning_rate`"),
        ("optimizer.learning_rate=0", "`optimizer.learning_rate`: Input should be greater than 0"),
        ("training=3", "`training`: Input should be a valid dictionary"),
        ("training.epochs.more=3", "`training.epochs`: Input should be a valid integer. Received: {'more': 3}"),
        ("training.epochs", "--set training.epochs: write it as key=value, for example model.clusters.num_clusters=20"),
        ("=3", "--set =3: write it as key=value"),
        ("training.epochs=[1", "--set training.epochs=[1: `[1` is not a YAML value"),
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
        (b"modle: {}\n", "config.yaml: `modle`: no such setting. Received: {}"),
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
