"""Exports of next-item runs: what is published, described, verified, and refused."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from tests.support.untrained_recommender import MAX_LENGTH, write_untrained_recommender
from tfelc.core.errors import ExportError, RunError
from tfelc.lifecycle.export import publish
from tfelc.lifecycle.export.request_log import read_requests
from tfelc.lifecycle.export.session_runner import SessionRunner
from tfelc.lifecycle.export.signatures import SERVING_DEFAULT
from tfelc.lifecycle.export.verify import compare
from tfelc.lifecycle.export.warmup import WARMUP_FILE
from tfelc.next_item.export.exporter import export_recommender
from tfelc.next_item.export.recommender_manifest import RecommenderManifest
from tfelc.next_item.export.requests import history_input
from tfelc.next_item.export.signatures import EMBED, RECOMMEND, RECOMMEND_WITH, id_type_of
from tfelc.next_item.export.trained_answers import TrainedRecommender
from tfelc.next_item.run import NextItemRun
from tfelc.ranker.export.feature_manifest import FeatureManifest


@pytest.fixture
def quick_verification(monkeypatch):
    """The same comparison without a fresh process; what was compared is in `requests`."""
    found = SimpleNamespace(requests=[])

    def verify(version, requests):
        found.requests = requests
        with SessionRunner(version) as runner:
            return compare(runner, requests)

    monkeypatch.setattr(publish, "verify", verify)
    return found


def test_it_is_published_verified_and_described(exported_recommender, recommender_run):
    exported = exported_recommender
    assert (exported.version, exported.path.name) == (1, "1")
    assert (
        set(exported.differences[RECOMMEND])
        == set(exported.differences[SERVING_DEFAULT])
        == {
            "ids",
            "scores",
            "cluster",
        }
    )
    assert set(exported.differences[EMBED]) == {"embedding", "assignment", "cluster"}
    assert 0 < max(exported.differences[RECOMMEND].values()) < 1e-4
    manifest = RecommenderManifest.load(exported.path)
    assert manifest == exported.manifest
    content = json.loads((exported.path / "assets" / "recommender_manifest.json").read_text())
    assert content["items"] == len(recommender_run.catalog)
    assert content["run"]["data_hash"] == recommender_run.metadata["data_hash"]
    assert content["settings"]["split"]["max_length"] == content["max_length"] == MAX_LENGTH
    assert (content["id_type"], content["padding"], content["clusters"], content["index"]) == (
        "string",
        "",
        3,
        "brute_force",
    )
    with SessionRunner(exported.path) as runner:
        assert (
            set(runner.signatures) == set(content["signatures"]) == {SERVING_DEFAULT, RECOMMEND, RECOMMEND_WITH, EMBED}
        )
        for name, signature in runner.signatures.items():
            for side, tensors in (("inputs", signature.inputs), ("outputs", signature.outputs)):
                described = content["signatures"][name][side]
                assert {key: tensor.dtype_name for key, tensor in tensors.items()} == {
                    key: each["dtype"] for key, each in described.items()
                }
                if side == "inputs":
                    assert {key: each["shape"] for key, each in described.items()} == {
                        key: None if tensor.shape is None else list(tensor.shape) for key, tensor in tensors.items()
                    }


def test_every_signature_is_warmed_up_with_one_history_and_with_many(exported_recommender):
    rows = {}
    for record in read_requests(exported_recommender.path / WARMUP_FILE):
        rows.setdefault(record.signature, []).append(len(record.inputs["history"]))
    many = len(exported_recommender.histories)
    assert many >= 50
    assert rows == dict.fromkeys((SERVING_DEFAULT, RECOMMEND, RECOMMEND_WITH, EMBED), [1, many])


@pytest.mark.parametrize("index", ["brute_force", "streaming"])
def test_whole_numbers_as_ids_and_both_indexes(tmp_path, quick_verification, monkeypatch, index):
    from tfelc.next_item.export import top_k_index

    monkeypatch.setattr(top_k_index, "_BLOCK", 7)
    settings = ("model.clusters.num_clusters=0", "model.loss.normalize=true", "model.loss.temperature=0.1")
    run = write_untrained_recommender(tmp_path, *settings, named=lambda number: number * 10**12)
    exported = export_recommender(run, tmp_path / "base", index)
    assert (exported.manifest.id_type, exported.manifest.padding, exported.manifest.index) == ("integer", -1, index)
    assert set(exported.differences[RECOMMEND]) == {"ids", "scores"} and set(exported.differences[EMBED]) == {
        "embedding"
    }
    assert set(exported.differences[RECOMMEND_WITH]) == {"ids", "scores", "unknown", "unknown_values"}
    asked = [request for request in quick_verification.requests if request.signature == RECOMMEND]
    assert {int(request.inputs["k"]) for request in asked} == {1, 20, 100}
    # Rows whose order the last bits decide are few, or little would have been verified.
    sure = sum(len(request.outputs["scores"]) for request in asked if "ids" in request.outputs)
    assert sure > 0.9 * sum(len(request.outputs["scores"]) for request in asked)


def test_what_the_neighbors_add_is_served_too(tmp_path, quick_verification):
    run = write_untrained_recommender(tmp_path, "model.neighbors.weight=1.5", "model.neighbors.num_neighbors=5")
    with pytest.raises(ExportError, match=r"neighbors .* `index` brute_force"):
        export_recommender(run, tmp_path / "base", "streaming")
    exported = export_recommender(run, tmp_path / "base")
    asked = [request for request in quick_verification.requests if request.signature == RECOMMEND]
    sure = sum(len(request.outputs["scores"]) for request in asked if "ids" in request.outputs)
    assert sure > 0.9 * sum(len(request.outputs["scores"]) for request in asked)
    assert set(exported.differences[EMBED]) == {"embedding", "assignment", "cluster"}
    catalog, history = run.catalog, [3, 8]
    with SessionRunner(exported.path) as runner:
        inputs = history_input([[catalog[number - 1] for number in history]], "string")
        found = runner.run(RECOMMEND, inputs | {"k": np.array(4)})
    outputs = {name: np.array(value)[0] for name, value in run.model()(np.array([history], "int32")).items()}
    scores = outputs["embedding"] @ np.array(run.model().candidates).T + outputs["neighbor_scores"]
    assert (outputs["neighbor_scores"] > 0).sum() > 3
    scores[[0, *history]] = -np.inf
    best = np.argsort(-scores)[:4]
    assert [each.decode() for each in found["ids"][0]] == [catalog[number - 1] for number in best]
    np.testing.assert_allclose(found["scores"][0], scores[best], rtol=1e-5)


def test_items_that_score_alike_come_in_the_order_of_the_catalog(tmp_path, quick_verification):
    from tfelc.lifecycle.training.checkpoint import save_checkpoint

    run = write_untrained_recommender(tmp_path)
    model = run.model()
    table = model.encoder.item_table
    table.assign(np.repeat(table.numpy()[:1], len(table.numpy()), axis=0))
    save_checkpoint(run.best, {"model": model.variables}, {})
    exported = export_recommender(run, tmp_path / "base")
    assert "ids" in exported.differences[RECOMMEND]  # popular items: counts are never off by a bit
    catalog = run.catalog
    with SessionRunner(exported.path) as runner:
        for rows in (1, 5):
            inputs = history_input([catalog[2:4]] * rows, "string") | {"k": np.array(6)}
            found = runner.run(RECOMMEND, inputs)["ids"]
            left = [item.encode() for item in (*catalog[:2], *catalog[4:])]
            assert found.tolist() == [left[:6]] * rows


def test_an_answer_that_differs_leaves_no_version(recommender_run, quick_verification, monkeypatch, tmp_path):
    right = TrainedRecommender.recommend

    def wrong(self, histories, k, conditions=None):
        answers, tied = right(self, histories, k, conditions)
        answers["ids"] = answers["ids"][:, ::-1]
        return answers, tied

    monkeypatch.setattr(TrainedRecommender, "recommend", wrong)
    with pytest.raises(ExportError, match="signature `recommend`, output `ids`: row"):
        export_recommender(recommender_run, tmp_path / "base")
    assert list((tmp_path / "base").iterdir()) == []


def test_a_catalog_of_one_item(tmp_path, quick_verification):
    run = write_untrained_recommender(tmp_path, named=lambda number: "only")
    exported = export_recommender(run, tmp_path / "base")
    with SessionRunner(exported.path) as runner:
        for history, answer in (([], b"only"), (["only"], b""), (["another"], b"only")):
            inputs = history_input([history], "string") | {"k": np.array(3)}
            assert runner.run(RECOMMEND, inputs)["ids"].tolist() == [[answer]]


def test_an_id_that_pads_histories_is_refused():
    with pytest.raises(ExportError, match="item id '' cannot be served: it pads histories"):
        id_type_of(["a", ""])
    with pytest.raises(ExportError, match="item id -1 cannot be served"):
        id_type_of([4, -1])


def test_sequences_that_changed_since_are_refused_before_anything_is_made(tmp_path):
    run = write_untrained_recommender(tmp_path)
    (run.path / "run.json").write_text(json.dumps(run.metadata | {"data_hash": "0" * 64}))
    with pytest.raises(RunError, match="was trained on other sequences than .* holds now"):
        export_recommender(NextItemRun(run.path), tmp_path / "base")
    assert not (tmp_path / "base").exists()


def test_the_manifest_of_the_other_kind_of_model_is_named(exported_recommender):
    with pytest.raises(ExportError, match="another kind of model: it holds recommender_manifest.json"):
        FeatureManifest.load(exported_recommender.path)
