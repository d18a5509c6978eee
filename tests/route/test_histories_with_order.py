"""Histories of several lists, from a raw log to a served score: one tiny training, one export."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from tests.support.served_log import record, write_log
from tests.support.training import train
from tests.support.watched_log import watched_rows, write_watched_dataset
from tfelc.data.row_faults import separate
from tfelc.data.row_groups import RowGroupReader
from tfelc.lifecycle.export import publish
from tfelc.lifecycle.export.session_runner import SessionRunner
from tfelc.lifecycle.export.verify import compare
from tfelc.ranker.data.requests.row_columns import RowColumn
from tfelc.ranker.export import exporter
from tfelc.ranker.export.example_format import parse_examples
from tfelc.ranker.export.present_values import present_values
from tfelc.ranker.export.requests import curl_command, request_inputs
from tfelc.ranker.export.signatures import EXAMPLES
from tfelc.ranker.monitoring.thresholds import Thresholds
from tfelc.ranker.monitoring.watch import watch
from tfelc.ranker.run import RankerRun
from tfelc.ranker.scoring.exported_ranker import ExportedRanker
from tfelc.ranker.training.train import create_training

SETTINGS = (
    "training.epochs=1",
    "model.architecture={name: pepnet, units: [8], hidden: 4}",
    "model.crosses.layers=1",
    "model.scaling={towers: true, clusters: true, hidden: 4}",
    "model.sequences={hidden: 6, dim: 6}",
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return write_watched_dataset(tmp_path_factory.mktemp("watched") / "data")


@pytest.fixture(scope="module")
def run(dataset: Any, tmp_path_factory: pytest.TempPathFactory) -> RankerRun:
    path = tmp_path_factory.mktemp("watched") / "run"
    train(dataset, path, *SETTINGS, tasks=("ctr",))
    return RankerRun.open(path)


@pytest.fixture(scope="module")
def exported(run: RankerRun, tmp_path_factory: pytest.TempPathFactory) -> Any:
    def verify(version: Path, requests: Any) -> Any:
        with SessionRunner(version) as runner:
            return compare(runner, requests)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publish, "verify", verify)
        return exporter.export(run, tmp_path_factory.mktemp("watched") / "base")


def test_every_signature_answers_as_the_trained_model_does(exported: Any) -> None:
    # With real rows, made ones and hard ones: holes, lists that are too long, empty ones.
    assert {max(outputs.values()) < 1e-4 for outputs in exported.differences.values()} == {True}
    assert exported.manifest.features["dwell"]["max_length"] == 4
    assert "mean" in exported.manifest.features["gap"] and "table" not in exported.manifest.features["gap"]
    assert "curl" in curl_command(exported.manifest.schema_, exported.rows)


def test_frames_are_scored_alike_by_the_run_and_its_export(run: RankerRun, exported: Any) -> None:
    import tfelc

    rows = watched_rows(40, 9).to_pandas()
    found, expected = tfelc.load(exported.path).predict(rows), tfelc.load(run.path).predict(rows)
    np.testing.assert_allclose(found["ctr"], expected["ctr"], atol=1e-5)
    assert found["ctr"].std() > 0


def test_a_row_of_unlike_lists_is_set_aside_by_name(run: RankerRun) -> None:
    rows = watched_rows(10, 2)
    gap = [*rows["gap"].to_pylist()[:9], [0.0] * 9]
    bad = rows.set_column(rows.column_names.index("gap"), "gap", [gap])
    left, faults = separate(bad, run.schema.as_read(), sequences=run.schema.sequences)
    assert len(left) == 9 and [(fault.row, fault.column) for fault in faults] == [(9, "gap")]
    assert "must be as long as `product_seen`" in faults[0].reason


def test_logged_requests_become_the_rows_that_they_were_made_of(exported: Any) -> None:
    schema, rows = exported.manifest.schema_, exported.rows.slice(0, 30)
    records = request_inputs(schema, EXAMPLES, rows)[EXAMPLES]
    inputs = {name: tensor.numpy() for name, tensor in parse_examples(schema, records).items()}
    for sequence in schema.sequences.values():
        there = np.logical_or.reduce([present_values(schema.columns[each], inputs[each]) for each in sequence.columns])
        for name in sequence.columns:
            column = RowColumn(schema.columns[name])
            column.add(inputs[name], len(there), there)
            again, before = column.array().to_pylist(), rows[name].to_pylist()
            assert [len(one) for one in again] == [len(one) for one in before]
            missing = schema.columns[name].missing if schema.columns[name].is_embedded else None
            plain = [[None if value in (missing, None) or value != value else value for value in one] for one in again]
            assert plain == [[None if value == missing else value for value in one] for one in before]


def test_a_window_of_requests_is_watched(exported: Any, tmp_path: Path) -> None:
    schema, rows = exported.manifest.schema_, exported.rows.slice(0, 60)
    ranker = ExportedRanker(exported.path)
    answers = ranker.score(rows)
    requests = [record(request_inputs(schema, "serving_default", rows), outputs=answers, version=1)]
    write_log(tmp_path / "log" / "1.tfrecord", requests)
    found = watch(ranker, [str(tmp_path / "log")], Thresholds())
    assert found.rows == 60
    for name in ("picture", "gap", "product_seen"):
        there = [bool(value) for value in rows[name].to_pylist()]
        assert found.features[name].missing == pytest.approx(1 - np.mean(there)), name
        assert 0 <= found.features[name].psi < 0.5


def test_a_training_that_starts_from_it_answers_alike_before_its_first_step(
    run: RankerRun, dataset: Any, tmp_path: Path
) -> None:
    loop = create_training(dataset, ["ctr"], run.settings, tmp_path / "2", Console(quiet=True), warm_start=run)
    loop.trainable.initialize_weights()
    batch = loop.trainable.model.lookup.encode(next(iter(_tables(dataset))))
    old, new = (model.ranker(batch)["logits"]["ctr"] for model in (run.model(), loop.trainable.model))
    np.testing.assert_allclose(new, old, rtol=1e-4, atol=1e-5)


def _tables(dataset: Any) -> Any:
    reader = RowGroupReader(dataset.files("validation"), list(dataset.schema.features), seed=0)
    return reader.tables(0, shuffle=False)
