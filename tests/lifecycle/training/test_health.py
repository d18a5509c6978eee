import io

import pytest
from rich.console import Console

from tests.support.training import create
from tfelc.lifecycle.settings.clusters import ClusterSettings
from tfelc.lifecycle.training.health import collapse_warning, health_line

PLAIN = ClusterSettings(merge=False)


def epoch(in_use):
    return {"health": {"clusters_in_use": in_use}}


def test_the_line_of_an_epoch():
    health = {"ctr_gate_entropy": 1.234, "cvr_gate_entropy": 0.5, "clusters_in_use": 4.96, "largest_cluster_share": 0.3}
    assert health_line(health) == "clusters 5.0 in use, largest 30%  gate entropy 1.23 0.50"
    assert health_line({"ctr_gate_entropy": 1.0}) == "gate entropy 1.00"
    assert health_line({}) == ""


def test_a_collapse_is_told_once():
    assert "1.50 of 20 in use" in collapse_warning([epoch(3.0), epoch(1.5)], PLAIN)
    assert collapse_warning([epoch(1.5), epoch(3.0), epoch(1.2)], PLAIN) is None
    assert collapse_warning([epoch(2.0)], PLAIN) is None
    assert collapse_warning([epoch(1.0)], ClusterSettings(num_clusters=1)) is None
    assert collapse_warning([{"health": {}}], None) is None


def test_a_collapse_on_the_validation_split_is_one_where_training_logs_none():
    def epoch(in_use):
        return {"health": {}, "validation": {"clusters": {"in_use": in_use}}}

    assert "1.50 of 20 in use" in collapse_warning([epoch(3.0), epoch(1.5)], PLAIN)
    assert collapse_warning([epoch(1.5), epoch(1.2)], PLAIN) is None
    assert collapse_warning([{"health": {}, "validation": {"clusters": None}}], PLAIN) is None


def test_what_is_advised_is_not_what_is_set_already():
    def said(**settings):
        return collapse_warning([epoch(1.5)], ClusterSettings(**settings))

    assert "objective=soft" not in said(merge=False)
    assert "take model.clusters.objective=soft" in said(merge=False, objective="paper")
    merged = said(merge=True, temperature=0.03)
    assert (
        "model.clusters.merge takes away those that lie closer together than model.clusters.temperature (0.03)"
        in merged
    )
    assert "collapsed" not in merged and "model.clusters.merge=false keeps all of them" in merged


@pytest.mark.parametrize(("temperature", "warnings"), [(0.1, 0), (50.0, 1)])
def test_a_run_shows_the_health_and_warns_once(tmp_path, every_kind_dataset, temperature, warnings):
    # So warm that no two centers can be told apart.
    settings = [f"model.clusters.temperature={temperature}", "training.epochs=2", "training.batch_size=200"]
    out = io.StringIO()
    console = Console(file=out, width=400)
    training = create(every_kind_dataset, tmp_path / "run", *settings, tasks=["click"], console=console)
    training.train()
    shown = out.getvalue()
    assert shown.count("warning: the clusters tell users apart no longer") == warnings
    assert shown.count("in use, largest") == 2 and shown.count("gate entropy") == 2
    for done in training.history.epochs:
        assert set(done["health"]) == {"clusters_in_use", "largest_cluster_share", "click_gate_entropy"}
        assert not set(done["health"]) & set(done["losses"])
        assert 1 <= done["validation"]["clusters"]["in_use"] <= 3
        assert set(done["validation"]["gates"]) == {"click"}
