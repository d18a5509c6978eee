"""Rankings over the parts of a job, against the same worked out in pandas."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.every_kind import every_kind_rows
from tfelc.core.errors import ScoringError, UsageError
from tfelc.core.expression import Expression
from tfelc.lifecycle.scoring.shard import Shard
from tfelc.lifecycle.scoring.storage import Storage
from tfelc.ranker.scoring import ranking
from tfelc.ranker.scoring.scoring_job import ScoringJob


def write_parts(folder, pieces=7, rows=300, seed=0):
    random = np.random.default_rng(seed)
    folder.mkdir()
    tables = []
    for piece in range(pieces):
        tables.append(
            pa.table(
                {
                    "user": random.integers(0, 40, rows),
                    "item": [f"i{number}" for number in random.integers(0, 50, rows)],
                    # Few values, so that many tie.
                    "ctr": (random.integers(1, 5, rows) / 4).astype(np.float32),
                    "cvr": np.full(rows, 0.5, np.float32),
                    "model_version": np.full(rows, 3),
                }
            )
        )
        pq.write_table(tables[-1], folder / f"part-{piece:05d}.parquet", row_group_size=130)
    return pa.concat_tables(tables).to_pandas()


def ranked(folder, k, score="ctr * cvr"):
    wanted = ranking.Ranking(k, "user", Expression(score, ["ctr", "cvr"]))
    parts = sorted(path.name for path in folder.glob("part-*"))
    rows, _ = ranking.write_ranking(Storage(str(folder)), parts, wanted, ["user", "item"], ["ctr", "cvr"], 2100)
    found = pd.concat([pd.read_parquet(path) for path in sorted((folder / "_ranking").iterdir())])
    assert len(found) == rows
    return found


@pytest.mark.parametrize("bucket", [10**6, 100, 3])
def test_the_best_of_each_user_with_ties_in_order(tmp_path, monkeypatch, bucket):
    monkeypatch.setattr(ranking, "_BUCKET", bucket)
    rows = write_parts(tmp_path / "scores")
    found = ranked(tmp_path / "scores", 5)
    rows["score"] = rows["ctr"].astype(float) * rows["cvr"]
    rows["place"] = np.arange(len(rows))
    expected = rows.sort_values(["user", "score", "item", "place"], ascending=[True, False, True, True])
    expected = expected.groupby("user").head(5)
    expected["rank"] = expected.groupby("user").cumcount() + 1
    found = found.sort_values(["user", "rank"])
    assert list(found.columns) == ["user", "rank", "score", "item", "ctr", "cvr", "model_version"]
    for name in ("user", "rank", "item", "score", "ctr"):
        assert found[name].tolist() == expected[name].tolist(), name


def test_a_second_ranking_replaces_the_first(tmp_path, monkeypatch):
    monkeypatch.setattr(ranking, "_BUCKET", 100)
    write_parts(tmp_path / "scores")
    assert len(list((tmp_path / "scores").glob("_ranking/*"))) == 0
    ranked(tmp_path / "scores", 5)
    monkeypatch.setattr(ranking, "_BUCKET", 10**6)
    assert ranked(tmp_path / "scores", 1)["rank"].tolist() == [1] * 40
    assert len(list((tmp_path / "scores").glob("_ranking/*"))) == 1


def test_a_job_ranks_over_all_files_and_shards_alike(settings, tmp_path):
    for number in range(2):
        rows = every_kind_rows(200, 80 + number)
        pq.write_table(rows, tmp_path / f"log-{number}.parquet", row_group_size=70)
    wanted = {
        "inputs": (f"{tmp_path}/*.parquet",),
        "keep": ("product_id",),
        "top_k": 2,
        "by": "user_id",
        "score": "click * buy",
        "max_bad_rows": 0.2,  # rows without a user cannot be ranked
    }
    summary = ScoringJob(settings(tmp_path / "one", **wanted)).run()
    for index in (1, 2):
        ScoringJob(settings(tmp_path / "two", shard=Shard(index, 2), **wanted)).run()
    one, two = (pq.read_table(tmp_path / name / "_ranking") for name in ("one", "two"))
    assert one == two and summary.ranked == len(one) > 50
    scores = pd.concat([pd.read_parquet(path) for path in sorted((tmp_path / "one").glob("part-*"))])
    best = (scores["click"].astype(float) * scores["buy"]).groupby(scores["user_id"]).max()
    first = one.to_pandas().query("rank == 1").set_index("user_id")["score"]
    pd.testing.assert_series_equal(first, best, check_names=False, check_index_type=False)
    assert summary.measures.bad > 0 and scores["user_id"].notna().all()


def test_scores_that_are_not_finite_come_last_and_are_counted(tmp_path):
    write_parts(tmp_path / "scores")
    wanted = ranking.Ranking(500, "user", Expression("1 / (1 - ctr)", ["ctr", "cvr"]))
    parts = sorted(path.name for path in (tmp_path / "scores").glob("part-*"))
    rows, endless = ranking.write_ranking(
        Storage(str(tmp_path / "scores")), parts, wanted, ["user", "item"], ["ctr", "cvr"], 2100
    )
    found = pd.read_parquet(tmp_path / "scores" / "_ranking")
    certain = found["ctr"] == 1
    assert (rows, endless) == (2100, certain.sum()) and 0 < endless < rows
    assert (found["score"] == -np.inf).tolist() == certain.tolist()
    last = found[~certain].groupby("user")["rank"].max()
    assert (found[certain].groupby("user")["rank"].min() == last[last.index.isin(found[certain]["user"])] + 1).all()
    with pytest.raises(ScoringError, match="is a finite number for none of the 2,100 rows"):
        ranked(tmp_path / "scores", 5, "log(ctr - 2)")


def test_a_formula_that_is_never_finite_is_refused_before_anything_is_scored(settings, tmp_path):
    for formula in ("click / 0", "9**9**9**9", "log(click - click - 1)"):
        with pytest.raises(UsageError, match="is a finite number for no output"):
            ScoringJob(settings(tmp_path / "out", top_k=1, by="user_id", score=formula))
    assert not (tmp_path / "out").exists()
