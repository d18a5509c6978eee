"""Exports of an untrained run: what a fresh process and the session path answer, and what is left when they fail."""

import json
import resource
import shutil

import numpy as np
import pyarrow as pa
import pytest

from tests.support.every_kind import every_kind_rows, every_kind_schema, write_untrained_run
from tfelc.core.errors import ExportError, RunError
from tfelc.lifecycle.export import publish
from tfelc.lifecycle.export.request_log import read_requests
from tfelc.lifecycle.export.session_runner import SessionRunner
from tfelc.lifecycle.export.signatures import SERVING_DEFAULT
from tfelc.lifecycle.export.verify import compare
from tfelc.lifecycle.export.versions import list_versions
from tfelc.lifecycle.export.warmup import WARMUP_FILE
from tfelc.lifecycle.training.checkpoint import save_checkpoint
from tfelc.ranker.export import exporter
from tfelc.ranker.export.requests import ranked_rows, request_inputs
from tfelc.ranker.export.sample_rows import hard_rows, made_rows, plain
from tfelc.ranker.export.signatures import EXAMPLES, RANK
from tfelc.ranker.export.trained_answers import trained_answers
from tfelc.ranker.run import RankerRun

SCHEMA = every_kind_schema()


@pytest.fixture(scope="module")
def rows():
    return plain(every_kind_rows(60, 21), SCHEMA)


@pytest.fixture
def quick_verification(monkeypatch):
    """The same comparison without a fresh process, where the process is not what is tested."""

    def verify(version, requests):
        with SessionRunner(version) as runner:
            return compare(runner, requests)

    monkeypatch.setattr(publish, "verify", verify)


def assert_equal(found, expected, at=slice(None)):
    assert set(found) == set(expected)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_allclose(found[name], array[at], rtol=0, atol=1e-5, err_msg=name)


def test_it_is_published_verified_and_described(exported):
    assert (exported.version, exported.path.name) == (1, "1")
    assert exported.rows_are_real
    assert set(exported.differences) == {SERVING_DEFAULT, RANK, EXAMPLES}
    for differences in exported.differences.values():
        assert set(differences) == {"click", "buy", "click_and_buy", "cluster", "cluster_share"}
        assert 0 < max(differences.values()) < 1e-5
    assert [entry.name for entry in exported.path.parent.iterdir()] == ["1"]
    assert {entry.name for entry in exported.path.iterdir()} == {
        "assets",
        "assets.extra",
        "fingerprint.pb",
        "saved_model.pb",
        "variables",
    }


def test_the_trained_ranker_answers_decidedly(trained, rows):
    """Else equal answers would say nothing."""
    answers, tied = trained_answers(trained, rows)
    assert not tied.any()
    assert len(np.unique(answers["click"].round(4))) > 50
    assert len(np.unique(answers["cluster"])) > 2
    for name, column in SCHEMA.features.items():
        missing = pa.nulls(len(rows), rows[name].type)
        blank = rows.set_column(rows.column_names.index(name), name, missing)
        assert np.abs(trained_answers(trained, blank)[0]["click"] - answers["click"]).max() > 1e-4, (name, column)


def test_rows_never_seen_are_answered_as_by_the_trained_ranker(served, trained, rows):
    answers, _ = trained_answers(trained, rows)
    for signature in (SERVING_DEFAULT, EXAMPLES):
        assert_equal(served.run(signature, request_inputs(SCHEMA, signature, rows)), answers)
    for user in (0, 7):
        table = rows.slice(user)
        answers, _ = trained_answers(trained, ranked_rows(SCHEMA, table))
        assert_equal(served.run(RANK, request_inputs(SCHEMA, RANK, table)), answers)


def test_rank_is_serving_default_on_the_repeated_user(served, rows):
    ranked = served.run(RANK, request_inputs(SCHEMA, RANK, rows))
    repeated = request_inputs(SCHEMA, SERVING_DEFAULT, ranked_rows(SCHEMA, rows))
    assert_equal(ranked, served.run(SERVING_DEFAULT, repeated))
    assert len(np.unique(ranked["cluster"])) == 1


def test_no_items_and_no_rows_are_answered_with_none(served, rows):
    for signature in (SERVING_DEFAULT, EXAMPLES):
        found = served.run(signature, request_inputs(SCHEMA, signature, rows.slice(0, 0)))
        assert {array.shape for array in found.values()} == {(0,)}
    inputs = request_inputs(SCHEMA, RANK, rows)
    for name in ("product_id", "tags", "price"):
        inputs[name] = inputs[name][:0]
    assert {array.shape for array in served.run(RANK, inputs).values()} == {(0,)}


def test_no_hard_value_fails_a_request_or_gives_no_number(served, trained, untrained_run):
    hard = hard_rows(SCHEMA, untrained_run.fitted)
    answers, tied = trained_answers(trained, hard)
    found = served.run(SERVING_DEFAULT, request_inputs(SCHEMA, SERVING_DEFAULT, hard))
    assert all(np.isfinite(array).all() for array in found.values())
    assert_equal({name: array[~tied] for name, array in found.items()}, answers, ~tied)


@pytest.mark.parametrize(
    ("column", "one", "other"),
    [
        ("product_id", b"never seen", b"nor this"),
        ("city", b"nowhere", b"nowhere"),
        ("day", 77, -(2**63)),
        ("tags", [99, -1], [-1, 123456789]),
        ("tags", [3, -1], [-1, 3]),
        ("history", [b"p1", b"", b"p2", b"p3"], [b"p1", b"p2", b"p3", b""]),
        ("history", [b"p9", b"p1", b"p2", b"p3", b"p4"], [b"", b"p1", b"p2", b"p3", b"p4"]),
        ("hour", 1e6, 1e30),
        ("visits", np.inf, np.nan),
    ],
)
def test_what_means_the_same_scores_the_same(served, rows, column, one, other):
    inputs = request_inputs(SCHEMA, SERVING_DEFAULT, rows.slice(0, 1))
    found = [
        served.run(SERVING_DEFAULT, inputs | {column: np.array([value], inputs[column].dtype)})
        for value in (one, other)
    ]
    assert found[0]["click"] == pytest.approx(found[1]["click"], abs=1e-6)
    assert found[0]["click"] != served.run(SERVING_DEFAULT, inputs)["click"]


def test_every_signature_is_warmed_up_in_a_way_that_every_server_takes(exported):
    counts = {}
    for record in read_requests(exported.path / WARMUP_FILE):
        counts.setdefault(record.signature, []).append(max(len(array) for array in record.inputs.values()))
    rows = len(exported.rows)
    assert rows > 100
    # A ranking of several items has one row of user and many of items, which a server that batches would refuse.
    assert counts == {SERVING_DEFAULT: [1, rows], RANK: [1], EXAMPLES: [1, rows]}


def test_versions_grow_and_rows_are_made_where_the_data_is_gone(untrained_run, exported, quick_verification, tmp_path):
    shutil.copytree(exported.path, tmp_path / "base" / "1")
    shutil.copytree(untrained_run.path, tmp_path / "run")
    metadata = json.loads((tmp_path / "run" / "run.json").read_text())
    (tmp_path / "run" / "run.json").write_text(json.dumps(metadata | {"data": str(tmp_path / "gone")}))
    found = exporter.export(RankerRun(tmp_path / "run"), tmp_path / "base")
    assert found.version == 2
    assert list_versions(tmp_path / "base") == [1, 2]
    assert not found.rows_are_real
    assert found.rows.equals(made_rows(SCHEMA, untrained_run.fitted, len(found.rows)))
    assert set(found.rows["product_id"].to_pylist()) <= set(untrained_run.fitted.vocabularies["product"])


def test_an_answer_that_differs_leaves_no_version(untrained_run, quick_verification, monkeypatch, tmp_path):
    def wrong(model, rows):
        answers, tied = trained_answers(model, rows)
        answers["buy"] = answers["buy"] + np.float32(3e-5)
        return answers, tied

    monkeypatch.setattr(exporter, "trained_answers", wrong)
    with pytest.raises(ExportError, match="signature `serving_default`, output `buy`"):
        exporter.export(untrained_run, tmp_path / "base")
    assert list((tmp_path / "base").iterdir()) == []


def test_equally_near_centers_are_no_difference(every_kind_dataset, quick_verification, tmp_path):
    run = write_untrained_run(tmp_path / "run", every_kind_dataset)
    model = run.model()
    centers = model.ranker.network.clusters.centers
    centers.assign(np.repeat(centers.numpy()[:1], len(centers.numpy()), axis=0))
    save_checkpoint(run.best, {"ranker": model.ranker.variables}, {})
    assert trained_answers(model, plain(every_kind_rows(10, 1), SCHEMA))[1].all()
    differences = exporter.export(run, tmp_path / "base").differences
    assert all("cluster" not in outputs and "cluster_share" in outputs for outputs in differences.values())


@pytest.mark.parametrize(
    ("heads", "settings", "outputs"),
    [
        (("buy",), ("model.clusters.num_clusters=0", "model.architecture=ple"), {"buy"}),
        (
            ("click", "buy"),
            (
                "training.precision=mixed_bfloat16",
                "model.gates.inputs=[activity, item]",
                "model.clusters.num_clusters=2",
            ),
            {"click", "buy", "click_and_buy", "cluster", "cluster_share"},
        ),
    ],
)
def test_other_rankers(every_kind_dataset, quick_verification, tmp_path, heads, settings, outputs):
    run = write_untrained_run(tmp_path / "run", every_kind_dataset, heads, *settings)
    exported = exporter.export(run, tmp_path / "base")
    assert set(exported.manifest.outputs) == outputs


def test_a_folder_that_is_no_run_is_named_before_anything_is_made(tmp_path):
    with pytest.raises(RunError, match="not a run folder"):
        exporter.export(RankerRun(tmp_path), tmp_path / "base")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_named_and_nothing_is_left(untrained_run, tmp_path):
    # The nearest thing to a full disk without one: no file may grow beyond 64 kB, as the graph does.
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, limits[1]))
    try:
        with pytest.raises(ExportError, match=f"{tmp_path / 'base'}: cannot be written to: File too large$"):
            exporter.export(untrained_run, tmp_path / "base")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list((tmp_path / "base").iterdir()) == []
