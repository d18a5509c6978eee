import json
import os
from unittest.mock import patch

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.support.command import call
from tfelc.experiments.benchmarks import catalog, catalog_steps
from tfelc.experiments.benchmarks.catalog_table import write_catalog_table
from tfelc.lifecycle.export import publish

ITEMS = 500


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("catalog") / "table.parquet"
    return path, write_catalog_table(path, ITEMS, 20)


def test_a_table_has_popular_items_and_items_that_follow_others(table):
    path, rows = table
    user, item, time = (pq.read_table(path)[name].to_numpy() for name in ("user", "item", "time"))
    assert rows == len(item) and len(np.unique(user)) == ITEMS * 20 // 25
    assert rows / ITEMS == pytest.approx(20, rel=0.1)
    assert set(item) <= set(range(1, ITEMS + 1)) and len(np.unique(item)) > 0.95 * ITEMS
    # By Zipf's law with the exponent .8 the tenth of the items that are taken most hold 44 % of what is drawn.
    counts = np.sort(np.bincount(item))[::-1]
    assert 0.3 < counts[: ITEMS // 10].sum() / rows < 0.6
    order = np.lexsort((time, user))
    pairs = np.flatnonzero(np.diff(user[order]) == 0)
    following = np.unique(np.stack([item[order][pairs], item[order][pairs + 1]]), axis=1, return_counts=True)[1]
    # Pairs that nothing but chance makes come once or twice each.
    assert following.max() > 20


def test_every_step_goes_on_from_those_before_it(table, tmp_path):
    path, _ = table
    run, base = str(tmp_path / "run"), str(tmp_path / "exports")
    found = catalog_steps.read(str(path)) | catalog_steps.item_knn(str(path))
    found |= catalog_steps.train(str(path), run, steps=3) | catalog_steps.evaluate(run)
    cores = os.sched_getaffinity(0)
    try:
        # Verification in a fresh process is not what is tested.
        with patch.object(publish, "verify", lambda version, requests: {}):
            found |= catalog_steps.export(run, base)
        found |= catalog_steps.recommend(base)
    finally:
        os.sched_setaffinity(0, cores)
    assert all(part["peak_mb"] > 0 and part["cpu_seconds"] >= 0 for part in found.values())
    assert 0 < found[catalog_steps.RANKING]["ndcg@20"] <= 1
    assert 0 < found[catalog_steps.ASKING]["median_ms"] <= found[catalog_steps.ASKING]["p95_ms"]
    sizes = {str(ITEMS): {"steps": 3, "actions": 10_000, "parts": found}}
    costs, answers = catalog.tables({"sizes": sizes})
    assert [row[0] for row in costs.rows] == list(found)
    # Of one size there is no growth.
    assert costs.headings == ["step", "500 items: CPU s", "500 items: MB"]
    assert answers.rows[0][0] == "500" and answers.rows[0][2:4] == ["400", "10,000"]
    assert 0.95 * ITEMS < found[catalog_steps.EXPORT]["items"] <= ITEMS


def measured(seconds, memory):
    part = {"cpu_seconds": seconds, "seconds": seconds, "peak_mb": memory}
    special = {
        catalog_steps.KNN_RANKING: {"ndcg@20": 0.2},
        catalog_steps.RANKING: {"ndcg@20": 0.25, "users": 1000.0},
        catalog_steps.EXPORT: {"items": 9_990.0, "mb": 12.0, "graph_mb": 0.4},
        catalog_steps.ASKING: {"median_ms": 1.25, "p95_ms": 2.0},
    }
    return {"reading": part, **{name: {**part, **further} for name, further in special.items()}}


def test_growth_is_the_slope_of_the_logarithms():
    sizes = {
        str(items): {"actions": 50 * items, "parts": measured(items**2 / 1e6, 100 * items / 1_000)}
        for items in (1_000, 10_000)
    }
    costs, answers = catalog.tables({"sizes": sizes})
    assert costs.rows[0] == ["reading", "1.0", "100", "100.0", "1,000", "2.00", "1.00"]
    assert answers.rows[1] == ["10,000", "9,990", "20,000", "500,000", "0.2000", "0.2500", "1,000", "12", "1.2", "2.0"]


def test_sizes_that_were_measured_before_stay_and_another_file_is_refused(tmp_path):
    held = tmp_path / "catalog.json"
    held.write_text(json.dumps({"kind": "catalog", "sizes": {"1000": {"actions": 3}}}))
    assert catalog._held(held) == {"1000": {"actions": 3}}
    assert catalog._held(tmp_path / "none.json") == {}
    held.write_text(json.dumps({"kind": "scale", "sizes": {}}))
    refused = call("benchmark", "catalog", "--out", held)
    assert refused.code == 2 and "is no result of `tfelc benchmark catalog`" in refused.err
