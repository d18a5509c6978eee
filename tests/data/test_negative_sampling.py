"""Which training rows are left out, and what a dataset says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tfelc.core.errors import SchemaError
from tfelc.data.dataset import Dataset
from tfelc.data.log_preparation import prepare
from tfelc.schema.schema import Schema

COLUMNS = {
    "row": {"kind": "id"},
    "click": {"kind": "label", "nullable": True},
    "price": {"kind": "number", "role": "item"},
}


def _schema(**task: Any) -> Schema:
    return Schema.load({"name": "shop", "columns": COLUMNS, "tasks": {"ctr": {"label": "click", **task}}})


def _log(rows: int) -> pd.DataFrame:
    click = np.where(np.arange(rows) % 7 == 0, np.nan, np.arange(rows) % 5 == 0)
    return pd.DataFrame({"row": np.arange(rows), "click": click, "price": np.arange(rows) % 11 / 11})


def _prepared(out: Path, schema: Schema, log: Any, seed: int = 0) -> dict[str, pd.DataFrame]:
    prepare(schema, log, out, seed)
    return {split: pq.read_table(out / split).to_pandas() for split in ("train", "validation", "test")}


def test_a_share_of_the_negatives_of_training_alone_stays(tmp_path: Path) -> None:
    whole = _prepared(tmp_path / "whole", _schema(), _log(20_000))
    found = _prepared(tmp_path / "share", _schema(negatives_kept=0.1), _log(20_000))
    for split in ("validation", "test"):
        pd.testing.assert_frame_equal(found[split], whole[split])
    before, after = whole["train"]["click"], found["train"]["click"]
    assert (after == 1).sum() == (before == 1).sum() and after.isna().sum() == before.isna().sum()
    negatives, kept = int((before == 0).sum()), int((after == 0).sum())
    assert kept == pytest.approx(0.1 * negatives, rel=0.1)
    said = Dataset(tmp_path / "share").manifest.metadata["sampled_negatives"]
    of_task = {"task": "ctr", "label": "click", "kept": 0.1}
    assert said == {**of_task, "negatives": negatives, "dropped": negatives - kept}


def test_the_choice_is_the_seed_s_whatever_the_pieces_are(tmp_path: Path) -> None:
    schema, log = _schema(negatives_kept=0.3), _log(6_000)
    first = _prepared(tmp_path / "first", schema, log)
    log[:2_500].to_csv(tmp_path / "a.csv", index=False)
    log[2_500:].to_csv(tmp_path / "b.csv", index=False)
    again = _prepared(tmp_path / "again", schema, [str(tmp_path / "a.csv"), str(tmp_path / "b.csv")])
    other = _prepared(tmp_path / "other", schema, log, seed=1)
    assert first["train"]["row"].tolist() == again["train"]["row"].tolist()
    assert not set(first["train"]["row"]) >= set(other["train"]["row"])


@pytest.mark.parametrize("where", ["train", "all"])
def test_what_was_sampled_before_is_left_as_it_is(tmp_path: Path, where: str) -> None:
    found = _prepared(tmp_path / "data", _schema(negatives_kept=0.1, already_sampled=where), _log(1_000))
    assert sum(map(len, found.values())) == 1_000
    assert "sampled_negatives" not in Dataset(tmp_path / "data").manifest.metadata


SHARE = {"label": "click", "negatives_kept": 0.1}


@pytest.mark.parametrize(
    ("tasks", "fault"),
    [
        ({"ctr": {**SHARE, "negatives_kept": 1}}, "must be below 1"),
        ({"ctr": {"label": "click", "already_sampled": "all"}}, "`already_sampled` needs `negatives_kept`"),
        ({"ctr": {"label": "click"}, "cvr": {**SHARE, "conditioned_on": "ctr"}}, "this one has `conditioned_on`"),
        ({"ctr": SHARE, "like": SHARE}, "tasks `ctr` and `like`: only one task can have `negatives_kept`"),
    ],
)
def test_what_cannot_be_sampled_is_refused(tasks: Any, fault: str) -> None:
    with pytest.raises(SchemaError, match=fault):
        Schema.load({"name": "shop", "columns": COLUMNS, "tasks": tasks})
