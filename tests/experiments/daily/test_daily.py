"""The comparison day by day: tables and picture of a result, and a tiny one from beginning to end."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import call
from tfelc.experiments.daily.picture import draw
from tfelc.experiments.daily.tables import tables

LIFT = {"difference": 0.002, "low": 0.001, "high": 0.003, "p_value": 0.01, "replicates": 1000}


def _result() -> dict[str, Any]:
    first = {
        "day": 1,
        "auc": {"day by day": {"ctr": 0.7}, "all days anew": {"ctr": 0.7}},
        "differences": {"all days anew": {"ctr": {**LIFT, "difference": 0.0}}},
        "rows": {"day by day": 900, "all days anew": 900},
        "vocabularies": {},
    }
    second = {
        "day": 2,
        "auc": {"day by day": {"ctr": 0.72}, "all days anew": {"ctr": 0.721}, "yesterday's": {"ctr": 0.7}},
        "differences": {"all days anew": {"ctr": LIFT}, "yesterday's": {"ctr": LIFT}},
        "rows": {"day by day": 900, "all days anew": 1800},
        "vocabularies": {
            "anchor": {"kept": 5, "admitted": 1200, "evicted": 3, "waiting": 0},
            "city": {"kept": 5, "admitted": 0, "evicted": 0, "waiting": 0},
        },
    }
    return {"days": [first, second]}


def test_one_row_for_each_day() -> None:
    aucs, costs = tables(_result())
    assert [row[:4] for row in aucs.rows] == [["1", "0.7000", "0.7000", "–"], ["2", "0.7200", "0.7210", "0.7000"]]
    assert aucs.rows[1][4:] == ["+0.0020 (+0.0010, +0.0030)"] * 2 and aucs.rows[0][5] == ""
    assert costs.rows[1] == ["2", "900", "1,800", "anchor +1,200 -3"]


def test_the_picture_has_a_panel_for_each_output() -> None:
    picture = draw(_result())
    assert picture.count("AUC on the day after") >= 1 and "yesterday" in picture


@pytest.mark.slow
def test_from_beginning_to_end_and_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    small = ["model.clusters.num_clusters=0", "model.architecture.units=[8]", "model.embedding_dim=4"]
    fixed = ["model.min_count=1", "model.number_bins=0", "model.linear=false", "optimizer.average=0"]
    rates = [
        "optimizer.learning_rate=0.01",
        "optimizer.tables_learning_rate=0.01",
        "training.early_stopping.patience=1",
    ]
    steps = ["training.epochs=1", "training.passes=1", "training.batch_size=128", "training.yardsticks=false"]
    steps.append("training.early_stopping.patience=1")
    settings = [part for each in (*small, *fixed, *rates, *steps) for part in ("--set", each)]
    arguments = ["daily", "--days", 2, "--rows", 1000, "--runs", tmp_path / "runs", *settings]
    for name in ("first", "second"):
        made = call("experiment", *arguments, "--out", tmp_path / f"{name}.json")
        assert made.code == 0, made.err
    first, second = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("first", "second"))
    assert first["days"] == second["days"]
    assert [day["rows"] for day in first["days"]] == [
        {"day by day": 900, "all days anew": 900},
        {"day by day": 900, "all days anew": 1800},
    ]
    assert first["days"][1]["vocabularies"]["anchor"]["admitted"] > 0
    assert (tmp_path / "first.svg").read_text().startswith("<?xml")
