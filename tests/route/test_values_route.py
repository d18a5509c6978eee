"""Quantities beside probabilities, from a raw log to a served score: one tiny training, one export."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import tensorflow as tf
from rich.console import Console

from tests.serving.local_process import LocalProcess
from tests.support.served_log import record, write_log
from tests.support.training import create, train
from tests.support.valued_log import valued_content, valued_log, write_valued_log
from tfelc.data.dataset import Dataset
from tfelc.data.log_preparation import prepare
from tfelc.lifecycle.export import publish
from tfelc.lifecycle.export.session_runner import SessionRunner
from tfelc.lifecycle.export.verify import compare
from tfelc.lifecycle.publishing.rules import PublishRules, Within
from tfelc.lifecycle.publishing.verdict import judge
from tfelc.ranker.evaluation.evaluation import evaluate
from tfelc.ranker.evaluation.predictions import Predictor
from tfelc.ranker.export import exporter
from tfelc.ranker.export.ready_requests import ready_requests
from tfelc.ranker.export.requests import request_inputs
from tfelc.ranker.export.signatures import RANK, RANK_TOP
from tfelc.ranker.monitoring.thresholds import Thresholds
from tfelc.ranker.monitoring.watch import OutcomeSource, watch
from tfelc.ranker.publishing.measure import measure
from tfelc.ranker.report.ranker_report import RankerReport
from tfelc.ranker.run import RankerRun
from tfelc.ranker.scoring.exported_predictor import ExportedPredictor
from tfelc.ranker.scoring.exported_ranker import ExportedRanker
from tfelc.ranker.scoring.scoring_job import JobSettings, ScoringJob
from tfelc.schema.schema import Schema
from tfelc.schema.score import LAST_SCORE
from tfelc.serving.client.call_error import CallError
from tfelc.serving.client.grpc_client import GrpcClient
from tfelc.serving.client.rest_client import RestClient

TASKS = ("click", "watch", "spend", "size", "stars", "hide")
SETTINGS = (
    "training.epochs=4",
    "training.balance.name=fixed",
    "optimizer.average=0",
    "model.architecture={name: mmoe, num_experts: 2, units: [16]}",
    "model.linear=true",
    "training.early_stopping.metric=watch.xauc",
    "training.yardsticks=true",
)
BINARY, VALUES = {"click", "hide"}, {"watch", "watch_expected", "spend", "size", "stars"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("valued")


@pytest.fixture(scope="module")
def dataset(folder: Path) -> Dataset:
    log = write_valued_log(folder / "log.csv")
    prepare(Schema.load(valued_content()), str(log), folder / "data")
    return Dataset(folder / "data")


@pytest.fixture(scope="module")
def run(dataset: Dataset, folder: Path) -> RankerRun:
    training = train(dataset, folder / "run", *SETTINGS, tasks=TASKS)
    training.test()
    return RankerRun.open(folder / "run")


@pytest.fixture(scope="module")
def exported(run: RankerRun, folder: Path) -> Any:
    def verify(version: Path, requests: Any) -> Any:
        with SessionRunner(version) as runner:
            return compare(runner, requests)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publish, "verify", verify)
        return exporter.export(run, folder / "base")


@pytest.fixture(scope="module")
def result(run: RankerRun, dataset: Dataset) -> Any:
    return evaluate(Predictor(run.model(), dataset).predict("test"), "test")


def test_what_is_not_known_is_counted_and_means_are_over_what_is(dataset: Dataset) -> None:
    unknown = dataset.manifest.metadata["unknown_labels"]["hidden"]
    log = valued_log()
    assert sum(unknown.values()) == log["hidden"].isna().sum() and min(unknown.values()) > 0
    rates = {split: rate["hidden"] for split, rate in dataset.manifest.label_rates.items()}
    known = {split: dataset.rows(split) - unknown[split] for split in rates}
    assert sum(rates[split] * known[split] for split in rates) == pytest.approx(log["hidden"].sum())


def test_each_output_has_its_own_metrics_over_the_rows_where_it_is_known(result: Any, dataset: Dataset) -> None:
    assert {name for name, values in result.metrics.items() if "auc" in values} == BINARY
    assert {name for name, values in result.metrics.items() if "xauc" in values} == VALUES
    # All follow from the features, and in the label's unit.
    assert min(result.metrics[name]["xauc"] for name in VALUES) > 0.6
    assert (
        max(result.metrics[name]["nrmse"] for name in ("size", "stars")) < 0.7 and result.metrics["watch"]["nrmse"] < 1
    )
    assert all(abs(result.metrics[name]["sum_error"]) < 0.3 for name in ("watch", "watch_expected", "spend"))


def test_the_yardsticks_are_of_each_kind(run: RankerRun) -> None:
    found = run.read_json("metrics.json")["yardsticks"]
    assert list(found) == ["constant", "logistic regression", "ridge", "boosted trees"]
    assert set(found["ridge"]) == VALUES and set(found["logistic regression"]) == BINARY
    assert set(found["boosted trees"]) == VALUES | BINARY
    assert found["constant"]["spend"]["xauc"] == 0.5 < found["boosted trees"]["spend"]["xauc"]


def test_every_signature_answers_as_the_trained_model_does(exported: Any) -> None:
    assert {max(outputs.values()) < 0.05 for outputs in exported.differences.values()} == {True}
    outputs = exported.manifest.outputs
    assert outputs["spend"]["value_of"] == "money" and outputs["click"]["probability_of"] == "clicked"
    assert outputs["watch_expected"]["product_of"] == ["watch", "click"]
    assert exported.manifest.tasks["watch"]["kind"] == "watch_time" and "kind" not in exported.manifest.tasks["click"]


def test_what_is_served_is_what_is_predicted(run: RankerRun, exported: Any, dataset: Dataset, folder: Path) -> None:
    import tfelc

    rows = valued_log(60, seed=1)
    expected = tfelc.load(run.path).predict(rows)
    # Seconds are seconds: about e^3 of them, and no share of 1.
    assert 5 < expected["watch"].median() < 60 and expected["spend"].min() >= 0
    assert expected["stars"].between(1, 5).all() and np.corrcoef(expected["stars"], rows["quality"])[0, 1] > 0.8
    np.testing.assert_allclose(expected["watch_expected"], expected["watch"] * expected["click"], rtol=1e-5)
    rows.to_parquet(folder / "rows.parquet")
    settings = JobSettings(
        model=exported.path, inputs=(str(folder / "rows.parquet"),), output=str(folder / "scores"), top_k=1, by="user"
    )
    summary = ScoringJob(settings).run()
    scored = pd.concat([pd.read_parquet(part) for part in sorted((folder / "scores").glob("part-*.parquet"))])
    formula = expected["watch_expected"] ** 0.5 + 0.1 * expected["spend"] - 2 * expected["hide"]
    np.testing.assert_allclose(expected["score"], formula, rtol=1e-4)
    for name in BINARY | VALUES | {"score"}:
        np.testing.assert_allclose(scored[name], expected[name], rtol=1e-4, err_msg=name)
        assert summary.quantiles(name)[2] == pytest.approx(np.sort(expected[name])[29], rel=0.01)
    ranked = pd.concat([pd.read_parquet(part) for part in sorted((folder / "scores" / "_ranking").glob("*.parquet"))])
    best = expected["score"].groupby(rows["user"]).max()
    top = ranked[ranked["rank"] == 1].set_index("user")["score"]
    np.testing.assert_allclose(top.sort_index(), best.sort_index(), rtol=1e-4)
    judged = evaluate(ExportedPredictor(ExportedRanker(exported.path), dataset).predict("test"), "test")
    assert judged.metrics["watch"]["rmse"] == pytest.approx(
        evaluate(Predictor(run.model(), dataset).predict("test"), "test").metrics["watch"]["rmse"], rel=1e-4
    )


def test_the_best_items_come_in_the_order_of_their_score(exported: Any) -> None:
    schema, rows = exported.manifest.schema_, exported.rows.slice(0, 30)
    with SessionRunner(exported.path) as runner:
        asked = request_inputs(schema, RANK_TOP, rows)
        found = runner.run(RANK_TOP, asked)
        whole = runner.run(RANK, request_inputs(schema, RANK, rows))
        for k in (1, 29, 2**40):
            some = runner.run(RANK_TOP, asked | {"k": np.array(k, np.int64)})
            assert len(some["position"]) == min(k, 30) and some["score"].tolist() == sorted(whole["score"])[::-1][:k]
        for wrong in (0, -1, [1, 2]):
            with pytest.raises(tf.errors.InvalidArgumentError, match="`k` must be one number, at least 1"):
                runner.run(RANK_TOP, asked | {"k": np.array(wrong, np.int64)})
    assert len(found["score"]) == asked["k"][0] == 15
    assert found["score"].tolist() == sorted(whole["score"].tolist(), reverse=True)[:15]
    for name in ("watch", "spend", "score"):
        np.testing.assert_array_equal(found[name], whole[name][found["position"]])
    assert exported.manifest.outputs["score"] == {"dtype": "float32", "formula": schema.score}


def test_clients_and_the_page_ask_for_the_best_items(exported: Any) -> None:
    schema = exported.manifest.schema_
    features = request_inputs(schema, RANK, exported.rows.slice(0, 30))
    items = {name: values for name, values in features.items() if schema.columns[name].role == "item"}
    user = {name: values[0] for name, values in features.items() if name not in items}
    with LocalProcess("--base-path", str(exported.path.parent), "--name", "ranker") as process:
        for client in (RestClient(process.rest, "ranker"), GrpcClient(process.grpc, "ranker")):
            with client:
                whole, best = client.rank(user, items), client.rank(user, items, k=4)
                np.testing.assert_allclose(best["score"], sorted(whole["score"])[: -4 - 1 : -1], rtol=1e-5)
                np.testing.assert_allclose(whole["spend"][best["position"]], best["spend"], rtol=1e-5)
                with pytest.raises(CallError, match="`k` must be one number, at least 1"):
                    client.rank(user, items, k=0)
        form = httpx.get(f"{process.rest}/page/form/ranker").json()
    default, _, top = form["signatures"]
    assert top["name"] == "rank_top" and top["fields"][-1] | {"group": "input"} == top["fields"][-1]
    assert top["fields"][-1]["name"] == "k" and top["fields"][-1]["missing"] == 10
    # A quantity is no share of 1, and neither is the score.
    assert set(default["probabilities"]) == BINARY and top["examples"][0]["k"] == 2
    ready = ready_requests(RankerRun.open(exported.path.parent.parent / "run"), 3)
    assert [signature for _, signature, _ in ready] == ["serving_default", "rank", "rank_top"]


def test_a_formula_whose_outputs_are_not_predicted_is_left_out(dataset: Dataset, folder: Path) -> None:
    console = Console(file=io.StringIO(), width=200)
    create(dataset, folder / "part", *SETTINGS[:4], tasks=("click", "watch"), console=console)
    assert "no output `score`: its formula reads spend, hide, which are not predicted" in console.file.getvalue()
    assert RankerRun.open(folder / "part").schema.score is None


def test_the_report_shows_quantities_with_their_metrics(run: RankerRun, folder: Path) -> None:
    page = RankerReport(run, replicates=100).html("tfelc report")
    assert "XAUC" in page and "off by" in page and "nan" not in json.dumps(run.read_json("metrics.json")["metrics"])


def test_the_gate_judges_quantities_by_their_own_metrics(exported: Any, dataset: Dataset, folder: Path) -> None:
    versions = []
    for number in ("1", "2"):
        shutil.copytree(exported.path, folder / "gate" / number)
        versions.append(ExportedRanker(folder / "gate" / number))
    found = measure(*versions, dataset, "test", 100, lambda step: None)
    compared = {name: {each.metric for each in found.differences if each.output == name} for name in BINARY | VALUES}
    assert all("auc" in compared[name] for name in BINARY)
    assert all(compared[name] == {"mae", "rmse", "nrmse", "sum_error"} for name in VALUES)
    # No count of positives is asked of a quantity, and a score is no output that is judged.
    assert found.judged_on["watch"].positives is None and found.judged_on.keys() == BINARY | VALUES
    rules = PublishRules(min_rows=1, min_positives=1, largest_latency_ratio=1000, within=())
    assert judge(rules, found, 1).published
    wanted = Within(metric="nrmse", at_most=0.01, outputs=("size",))
    assert "size" in str(judge(rules.model_copy(update={"within": (wanted,)}), found, 1).reasons)


def test_monitoring_holds_quantities_against_what_came(exported: Any, folder: Path) -> None:
    ranker = ExportedRanker(exported.path)
    log = valued_log(40, seed=2).assign(item=np.arange(40))
    rows = pa.table({name: log[name] for name in ranker.schema.features})
    inputs = request_inputs(ranker.schema, "serving_default", rows)
    answers = ranker.score(rows)
    first = record(inputs, outputs=answers, request_id="r", version=exported.version)
    # A row without a finite score does not drag the mean along.
    answers["score"] = np.where(np.arange(40) < 30, answers["score"], np.float32(LAST_SCORE))
    second = record(inputs, outputs=answers, request_id="s", version=exported.version)
    write_log(folder / "served" / "a.tfrecord", [first, second])
    came = log.assign(request_id="r").drop(columns=["user", "trust"])
    key = ["request_id", "item"]
    outcomes = OutcomeSource(ranker.schema, pa.Table.from_pandas(came, preserve_index=False), "drop", key)
    found = watch(ranker, [str(folder / "served")], Thresholds(), outcomes)
    clicked, scores = (log["clicked"] == 1).to_numpy(), np.float64(answers["watch"])
    watched = found.outputs["watch"].calibration
    assert watched.rows == clicked.sum() and watched.mean_label == pytest.approx(log["seconds"].mean(), rel=1e-5)
    assert watched.mean_score == pytest.approx(scores[clicked].mean(), rel=1e-5)
    assert found.outputs["hide"].calibration.rows == log["hidden"].notna().sum()
    expected = np.concatenate([ranker.score(rows)["score"], answers["score"][:30]]).mean(dtype=np.float64)
    assert found.outputs["score"].mean == pytest.approx(expected, rel=1e-5)
    assert found.outputs["score"].calibration is None
