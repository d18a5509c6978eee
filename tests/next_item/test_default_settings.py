"""The settings that are shipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.stored import told_of_old_names
from tfelc.core.errors import ConfigError, UsageError
from tfelc.next_item.data.sources import DATASETS
from tfelc.next_item.default_settings import DEFAULTS, default_settings
from tfelc.next_item.model_settings.elcrec import ELCRecSettings
from tfelc.next_item.model_settings.sasrec import SASRecSettings

PAPER = ("beauty", "sports", "toys", "yelp")
OWN = ("beauty", "ml-1m", "sports", "toys", "yelp", "default")


def test_there_is_a_file_for_each_data_set_and_no_other() -> None:
    assert {path.stem for path in DEFAULTS.glob("*")} == {*OWN, *(f"paper_{name}" for name in PAPER)}
    assert set(OWN) - {"default"} == set(DATASETS.names()) - {"simulated"}


@pytest.mark.parametrize("paper", [False, True])
@pytest.mark.parametrize("source", OWN)
def test_every_file_loads_for_every_model(source: str, paper: bool) -> None:
    if paper and source not in PAPER:
        return
    elcrec, sasrec = (
        default_settings(source, [f"model={name}"] if name else [], paper=paper) for name in ("", "sasrec")
    )
    assert type(elcrec.model) is ELCRecSettings and type(sasrec.model) is SASRecSettings
    assert elcrec.model.clusters.num_clusters and elcrec.model.contrast.has_views
    # What both have is alike: a comparison of the two is of what ELCRec adds.
    assert sasrec.model == SASRecSettings(
        encoder=elcrec.model.encoder, loss=elcrec.model.loss, neighbors=elcrec.model.neighbors
    )
    assert sasrec.model_copy(update={"model": elcrec.model}) == elcrec
    assert default_settings(source, {"model.name": "elcrec"}, paper=paper) == elcrec
    with told_of_old_names() as said:
        assert default_settings(source, ["model.variant=b"], paper=paper) == sasrec
        assert default_settings(source, ["model.variant=elcrec"], paper=paper) == elcrec
        for variant in ("b_elcm", "b_ccl"):
            model = default_settings(source, [f"model.variant={variant}"], paper=paper).model
            assert isinstance(model, ELCRecSettings)
            assert (model.contrast.has_views, model.clusters.alpha > 0) == (variant == "b_ccl", variant == "b_elcm")
    assert said == ["settings: `model.variant` is now `model.name`"]


@pytest.mark.parametrize("source", ["/logs/clicks.parquet", "logs/beauty.txt", "paper_beauty", "nothing"])
def test_a_file_of_ones_own_takes_the_default(source: str) -> None:
    assert default_settings(source) == default_settings("default")
    assert default_settings(source).split.protocol == "auto"


def test_the_simulated_set_is_split_as_the_public_ones_are() -> None:
    asked = ["split.protocol=leave_one_out", "split.evaluated_users=all"]
    assert default_settings("simulated") == default_settings("default", asked)


def test_overrides_go_over_the_shipped_settings() -> None:
    found = default_settings("beauty", ["model.encoder.dim=8", "model.clusters.num_clusters=3", "training.epochs=1"])
    shipped = default_settings("beauty")
    assert (found.model.encoder.dim, found.model.clusters.num_clusters, found.training.epochs) == (8, 3, 1)
    assert found.model.encoder.dropout == shipped.model.encoder.dropout
    assert found.model.clusters.temperature == shipped.model.clusters.temperature
    with pytest.raises(ConfigError, match="^settings: `model.clusters`: no such setting"):
        default_settings("beauty", ["model=sasrec", "model.clusters.num_clusters=3"])
    with pytest.raises(ConfigError, match="^settings: `model`: no next-item model `gru`"):
        default_settings("beauty", ["model=gru"])
    with pytest.raises(ConfigError, match="^settings: `model`: must be a mapping"):
        default_settings("beauty", ["model=3"])


def test_a_model_s_own_defaults_stand_between_the_data_set_s_and_what_is_asked_for() -> None:
    shipped, found = default_settings("sports"), default_settings("sports", ["model=bpr_mf"])
    # Its loss has as many draws as its source, not as many as the data set gives to another loss.
    assert (shipped.model.loss.name, found.model.loss.to_dict()["num_negatives"]) == ("sampled_softmax", 1)
    assert (found.model.loss.name, found.training.samples, found.model.neighbors.weight) == ("bpr", "windows", 0)
    assert found.optimizer.schedule == shipped.optimizer.schedule and found.split == shipped.split
    asked = default_settings(
        "sports", {"model": {"name": "bpr_mf", "loss": {"num_negatives": 3}}, "training.epochs": 2}
    )
    assert (asked.model.loss.name, asked.model.loss.to_dict()["num_negatives"], asked.training.epochs) == ("bpr", 3, 2)
    assert asked.training.samples == "windows"
    # Another loss takes nothing of it, and where a model brings no loss that of the data set stays.
    assert default_settings("sports", ["model=bpr_mf", "model.loss=softmax"]).model.loss.name == "softmax"
    assert default_settings("sports", ["model=gru4rec"]).model.loss == shipped.model.loss


def test_the_paper_s_settings_are_its_own() -> None:
    paper = default_settings("beauty", paper=True)
    assert paper != default_settings("beauty")
    assert (paper.model.clusters.objective, paper.model.loss.name, paper.training.samples) == (
        "paper",
        "bce",
        "sequences",
    )


@pytest.mark.parametrize("source", ["ml-1m", "simulated", "clicks.csv"])
def test_where_the_paper_has_no_settings_it_is_told(source: str) -> None:
    message = f"^config paper: the paper has no settings for `{source}`, only for beauty, sports, toys, yelp$"
    with pytest.raises(UsageError, match=message):
        default_settings(source, paper=True)


def test_the_files_lie_within_the_package() -> None:
    assert DEFAULTS.is_dir() and DEFAULTS.parent.name == "next_item" and Path(DEFAULTS, "default.yaml").is_file()
