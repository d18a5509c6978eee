"""Exports that know attributes of their items: what is asked of them, and what the table of today says."""

import warnings

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tfelc
from tests.support.untrained_recommender import export_unverified, word, write_untrained_recommender
from tfelc.core.data_warning import DataWarning
from tfelc.core.errors import ExportError, UsageError
from tfelc.lifecycle.export import publish
from tfelc.lifecycle.export.session_runner import SessionRunner
from tfelc.lifecycle.export.verify import compare
from tfelc.next_item.export.exporter import export_recommender
from tfelc.next_item.scoring.exported_recommender import ExportedRecommender
from tfelc.next_item.scoring.top_k_job import TopKJob, TopKSettings

COLORS = ("red", "green", "blue")


def items_table(path, numbers, sold=lambda number: number % 2 == 0):
    rows = [{"id": word(n), "color": COLORS[n % 3], "sold": sold(n), "price": float(n)} for n in numbers]
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


@pytest.fixture(scope="module")
def verified_here():
    """The same comparison without a fresh process."""

    def verify(version, requests):
        with SessionRunner(version) as runner:
            return compare(runner, requests)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publish, "verify", verify)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory, verified_here):
    """A run whose items have a color but the last two, and its export, verified as any."""
    folder = tmp_path_factory.mktemp("attributes")
    table = items_table(folder / "items.parquet", range(1, 29))
    run = write_untrained_recommender(
        folder,
        f"catalog.path={table}",
        "catalog.item=id",
        "catalog.columns={color: category, sold: flag, price: number}",
    )
    return run, export_recommender(run, folder / "base")


@pytest.fixture(scope="module")
def both(made):
    run, exported = made
    return tfelc.NextItemModel.of_run(run), ExportedRecommender(exported.path)


def test_it_is_verified_and_described(made):
    _, exported = made
    assert set(exported.differences["recommend_with"]) >= {"ids", "scores", "unknown", "unknown_values"}
    assert exported.manifest.attributes == {"color": "category", "sold": "flag", "price": "number"}
    inputs = exported.manifest.signatures["recommend_with"]["inputs"]
    assert {"where_color", "at_most_color", "only_sold"} < set(inputs) and not {"where_price", "only_color"} & set(
        inputs
    )


def test_items_have_the_attributes_that_are_asked_for(both, made):
    color = {word(n): COLORS[n % 3] for n in range(1, 29)}
    for model in both:
        found = model.recommend([[word(1)], []], 30, where=[{"color": "red", "sold": True}, {"color": ["red", "blue"]}])
        kept = [found["item"][found["row"] == row].tolist() for row in (0, 1)]
        assert set(kept[0]) == {
            item for item in made[0].catalog if color.get(item) == "red" and int(item[5:7]) % 2 == 0
        }
        assert {color[item] for item in kept[1]} == {"red", "blue"}
        found = model.recommend([[word(1)]], 30, at_most={"color": 2}, diversity=0.4)
        counts = [sum(color.get(item) == each for item in found["item"]) for each in COLORS]
        assert counts == [2, 2, 2]
        with pytest.warns(DataWarning, match="`where`: 1 values of 1 rows are of no item"):
            assert len(model.recommend([[]], 3, where={"color": "pink"})) == 0
        with pytest.raises(UsageError, match="no attribute `size`; those to ask for: color, sold"):
            model.recommend([[]], 3, where={"size": "xl"})
    answers = [model.recommend([[word(2)]], 9, at_most={"color": 2}, diversity=0.3) for model in both]
    np.testing.assert_allclose(answers[0]["score"], answers[1]["score"], rtol=1e-4)


def test_the_table_of_today_is_what_an_export_knows(made, tmp_path):
    run, _ = made
    today = items_table(tmp_path / "today.parquet", range(1, 31), sold=lambda number: number == 4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exported = ExportedRecommender(export_unverified(run, tmp_path / "base", catalog_table=str(today)).path)
        assert exported.recommend([[]], 5, where={"sold": True})["item"].tolist() == [word(4)]
    few = items_table(tmp_path / "few.parquet", range(1, 6))
    with pytest.warns(DataWarning, match=r"few.parquet: lacks \d+ of \d+ items; nothing is known of these"):
        run.attributes_of(str(few))
    other = write_untrained_recommender(tmp_path)
    with pytest.raises(UsageError, match="was trained without a table of items"):
        other.attributes_of(str(few))
    with pytest.raises(ExportError, match="of a version that knew no"):
        raise_for_old(exported)


def raise_for_old(exported):
    signatures = {name: each for name, each in exported.manifest.signatures.items() if name != "recommend_with"}
    exported.manifest = exported.manifest.model_copy(update={"signatures": signatures})
    exported.recommend([[]], 1, diversity=0.5)


def test_a_job_asks_the_same_of_every_user(made, tmp_path):
    _, exported = made
    pq.write_table(pa.table({"user_id": [1, 2], "history": [[word(1)], [word(2)]]}), tmp_path / "users.parquet")

    def job(name, **asked):
        inputs = (str(tmp_path / "users.parquet"),)
        return TopKJob(TopKSettings(exported.path, inputs, str(tmp_path / name), k=20, **asked))

    job("recs", where=("color=red", "sold=true"), at_most=("color=3",), diversity=0.2).run()
    [part] = (tmp_path / "recs").glob("part-*.parquet")
    red = {word(n) for n in range(1, 29) if n % 6 == 0}
    assert all(set(row) <= red and len(row) == 3 for row in pq.read_table(part)["items"].to_pylist())
    with pytest.raises(UsageError, match="`where`: no item of the catalog has one of color=pink"):
        job("slip", where=("color=pink",)).run()
    for wrong, said in (("color", "write it as attribute=value"), ("size=xl", "no attribute `size`")):
        with pytest.raises(UsageError, match=said):
            job("wrong", where=(wrong,))
    with pytest.raises(UsageError, match="`at_most`: `color` takes a whole number from 1. Received: 'two'"):
        job("wrong", at_most=("color=two",))
