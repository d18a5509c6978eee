"""The skew check: an export is judged as the run it came from."""

import json

import numpy as np
import pytest

from tests.support.command import call
from tfelc.core.errors import DataError
from tfelc.core.json_text import json_text
from tfelc.data.dataset import Dataset
from tfelc.ranker.evaluation.evaluation import evaluate
from tfelc.ranker.evaluation.predictions import Predictor
from tfelc.ranker.scoring.exported_predictor import ExportedPredictor
from tfelc.ranker.scoring.exported_ranker import ExportedRanker


@pytest.fixture(scope="module")
def of_run(trained, every_kind_dataset):
    return Predictor(trained, every_kind_dataset).predict("test")


def test_answers_and_metrics_are_those_of_the_run(exported, every_kind_dataset, of_run):
    found = ExportedPredictor(ExportedRanker(exported.path), every_kind_dataset).predict("test")
    assert list(found.outcomes) == list(of_run.outcomes) == ["click", "buy", "click_and_buy"]
    for name, outcome in of_run.outcomes.items():
        np.testing.assert_allclose(found.outcomes[name].probabilities, outcome.probabilities, rtol=0, atol=1e-6)
        np.testing.assert_array_equal(found.outcomes[name].rows, outcome.rows)
        np.testing.assert_array_equal(found.outcomes[name].labels, outcome.labels)
    one, other = (evaluate(predictions, "test").to_json() for predictions in (found, of_run))
    for part in ("metrics", "groups"):
        assert json.loads(json_text(one[part]), parse_float=lambda text: round(float(text), 5)) == json.loads(
            json_text(other[part]), parse_float=lambda text: round(float(text), 5)
        )


def test_a_dataset_of_another_schema_is_refused(exported, tmp_path):
    from tests.support.every_kind import every_kind_schema, write_every_kind_dataset

    schema = every_kind_schema()
    without = schema.model_copy(update={"columns": {k: v for k, v in schema.columns.items() if k != "price"}})
    write_every_kind_dataset(tmp_path / "other", without)
    with pytest.raises(DataError, match="`price` of the export's schema is missing"):
        ExportedPredictor(ExportedRanker(exported.path), Dataset(tmp_path / "other"))


def test_the_command(exported, every_kind_dataset, of_run):
    command = ("evaluate", "--model", exported.path)
    answer = call(*command, "--data", every_kind_dataset.path, "--json")
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    expected = evaluate(of_run, "test")
    assert found["metrics"]["click"]["auc"] == pytest.approx(expected.metrics["click"]["auc"], abs=1e-6)
    refused = call(*command)
    assert refused.code == 2 and "--model needs --data" in refused.err
