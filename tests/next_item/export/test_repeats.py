"""Users who take items again: `repeats`."""

import json

import pytest

import tfelc
from tests.support.command import call
from tests.support.untrained_recommender import export_unverified, word, write_untrained_recommender
from tfelc.core.errors import UsageError
from tfelc.lifecycle.export.verify import compare
from tfelc.next_item.evaluation.evaluation import evaluate
from tfelc.next_item.evaluation.measured import measured
from tfelc.next_item.export import exporter
from tfelc.next_item.scoring.exported_recommender import ExportedRecommender


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("repeats")
    run = write_untrained_recommender(folder, "repeats=true")
    return run, export_unverified(run, folder / "base")


def test_items_of_a_history_are_recommended_as_any(made):
    run, exported = made
    history = [word(number) for number in (1, 2, 3, 4)]
    models = tfelc.NextItemModel.of_run(run), ExportedRecommender(exported.path)
    for model in models:
        # Under conditions as without them: who denies an item does not thereby lose those of the history.
        assert set(model.recommend([history], 99)["item"]) == set(run.catalog)
        assert set(model.recommend([history], 99, deny=[word(2)])["item"]) == set(run.catalog) - {word(2)}
        assert set(model.recommend([history], 99, allow=history)["item"]) == set(history)
    # Every signature, as the trained model answers.
    requests = list(exporter._requests(models[0]._trained(), exported.histories[:4], exported.manifest))
    assert set(compare(models[1].runner, requests)["recommend_with"]) >= {"ids", "scores"}


def test_it_is_measured_so_and_by_its_export_alike(made, tmp_path):
    run, exported = made
    examples = measured(run, "test")[0]
    expected = evaluate(run.model(), examples, "test", remove_seen=False)[0].metrics
    table = run.metadata["data"]
    for options in (("--run", run.path), ("--model", exported.path, "--data", table)):
        answer = call("evaluate", *options, "--json")
        assert answer.code == 0, answer.err
        found = json.loads(answer.out)["metrics"]["next_item"]
        assert {name: found[name] for name in expected["next_item"]} == expected["next_item"]
    assert evaluate(run.model(), examples, "test")[0].metrics != expected
    with pytest.raises(UsageError, match="its `repeats` is another"):
        run.refuse_incomparable(write_untrained_recommender(tmp_path))
