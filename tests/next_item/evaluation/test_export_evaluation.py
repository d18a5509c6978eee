import json

import pytest

from tests.support.command import call
from tfelc.core.errors import DataError, UsageError
from tfelc.next_item.evaluation.evaluation import evaluate
from tfelc.next_item.evaluation.export_evaluation import evaluate_export
from tfelc.next_item.evaluation.measured import measured
from tfelc.next_item.scoring.exported_recommender import ExportedRecommender


@pytest.fixture(scope="module")
def recommender(exported_recommender):
    return ExportedRecommender(exported_recommender.path)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_an_export_is_as_good_as_its_run(split, recommender, recommender_run):
    source = recommender_run.metadata["data"]
    steps = []
    found = evaluate_export(recommender, source, split, progress=lambda done, total: steps.append((done, total)))
    examples = measured(recommender_run, split)[0]
    expected, _ = evaluate(recommender_run.model(), examples, split)
    assert found.metrics == expected.metrics and 0 < found.metrics["next_item"]["hr@10"] < 1
    assert (found.count, found.split, found.unit) == (len(examples), split, "users")
    assert steps == [(len(examples), len(examples))]


def test_other_sequences_and_what_it_was_fitted_to_are_refused(tmp_path, recommender, recommender_run):
    from tests.support.untrained_recommender import write_sequences

    others = write_sequences(tmp_path / "others.parquet", named=lambda number: f"other {number}")
    with pytest.raises(DataError, match="other sequences than .* was trained on; only its run can be measured"):
        evaluate_export(recommender, str(others), "test")
    with pytest.raises(UsageError, match="`split` train: a next-item run is measured on items"):
        evaluate_export(recommender, recommender_run.metadata["data"], "train")


def test_the_command_measures_it(recommender, recommender_run):
    source = recommender_run.metadata["data"]
    answer = call("evaluate", "--model", recommender.path, "--data", source, "--json")
    assert (answer.code, answer.err) == (0, "")
    assert json.loads(answer.out)["metrics"] == evaluate_export(recommender, source, "test").metrics
    assert "HR" in call("evaluate", "--model", recommender.path.parent, "--data", source).out
    for options, words in (
        (["--keep-seen"], "--keep-seen is for a next-item run"),
        (["--against", "x"], "--against is"),
    ):
        refused = call("evaluate", "--model", recommender.path, "--data", source, *options)
        assert refused.code == 2 and words in refused.err
