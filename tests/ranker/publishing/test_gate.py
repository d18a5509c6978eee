"""From runs to a server that answers by the label: published, refused, replaced, and rolled back."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.serving.version_tools import eventually
from tests.support.command import call

RULES = """
min_rows: 50
min_positives: 5
replicates: 100
not_worse:
  - {metric: auc, outputs: [click], by_more_than: 0.02, refuse: if_shown}
  - {metric: auc, outputs: [click], by_more_than: 0.3, groups: true}
within: [{metric: auc, at_least: 0.1, outputs: [click]}]
largest_drift: 100
largest_latency_ratio: 50
"""


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rules") / "rules.yaml"
    path.write_text(RULES)
    return path


def _publish(run: Path, base: Path, data: Path, *more: object) -> Any:
    return call("publish", "--run", run, "--to", base, "--data", data, "--split", "train", *more)


@pytest.mark.slow
def test_the_whole_way(
    trained_run: Any,
    untrained_run: Any,
    every_kind_dataset: Any,
    rules: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tfelc.lifecycle.export import publish as export_publish
    from tfelc.serving.local_server.config_file import read_models
    from tfelc.serving.local_server.model_manager import ModelManager

    # That an export answers as its run does, in a process of its own, is tested where exports are.
    monkeypatch.setattr(export_publish, "verify", lambda path, requests: {})
    base, data = tmp_path / "ranker", every_kind_dataset.path
    first = _publish(untrained_run.path, base, data, "--rules", rules, "--tables", "float16")
    assert first.code == 0, first.out + first.err
    assert "float16" in _types(base / "1")
    assert "published as version 1" in first.out and "nothing was served; `stable` names it in" in first.out
    manager = ModelManager(poll=0.2, labels_may_wait=True)
    manager.start(read_models(base / "models.config"))

    def answered() -> int:
        with manager.use("ranker", label="stable") as servable:
            return servable.version

    def labeled(version: int) -> bool:
        from tfelc.serving.local_server.serving_error import ServingError

        try:  # as `ConfigWatcher` does
            manager.reload(read_models(base / "models.config"))
        except ServingError:
            return False
        return answered() == version

    try:
        assert answered() == 1
        good = _publish(trained_run.path, base, data, "--rules", rules)
        assert good.code == 0, good.out + good.err
        assert "published as version 2" in good.out and "version 1 was served" in good.out
        assert json.loads((base / "2/assets.extra/verdict.json").read_text())["served"] == 1
        assert "float16" not in _types(base / "2")
        eventually(lambda: labeled(2))

        page, verdict = tmp_path / "verdict.html", tmp_path / "verdict.json"
        bad = _publish(untrained_run.path, base, data, "--rules", rules, "--page", page, "--verdict", verdict)
        assert bad.code == 1, bad.out + bad.err
        assert "refused; version 2 was served, and nothing has changed" in bad.out
        found = json.loads(verdict.read_text())
        assert (found["published"], found["served"], found["version"]) == (False, 2, None)
        assert any(reason.startswith("click auc not shown to be worse than served") for reason in found["reasons"])
        assert found["tables"] == "float32"
        assert {one["metric"] for one in found["measurements"]["differences"]} == {"auc", "gauc", "ne", "calibration"}
        assert "newcomer N" in {one["group"] for one in found["measurements"]["differences"]}
        assert "refused" in page.read_text() and "click auc" in page.read_text()
        assert sorted(path.name for path in base.iterdir()) == ["1", "2", "models.config"]
        assert labeled(2)

        back = call("rollback", "--to", base)
        assert (back.code, back.err) == (0, "")
        assert "`stable` names version 1 again, and no longer 2, in" in back.out
        eventually(lambda: labeled(1))
        again = call("rollback", "--to", base)
        assert again.code == 1 and "version 1 replaced none" in again.err
    finally:
        manager.close()
    shutil.rmtree(base / "1")
    gone = _publish(trained_run.path, base, data, "--rules", rules)
    assert gone.code == 1 and "is gone, which `stable` names; put it back" in gone.out


def _types(version: Path) -> set[str]:
    """Of all weights that a version is served with."""
    import tensorflow as tf

    reader = tf.train.load_checkpoint(str(version / "variables" / "variables"))
    return {kind.name for kind in reader.get_variable_to_dtype_map().values()}


def _exported(run: Any, path: Path, version: int = 1) -> Any:
    from tfelc.ranker.scoring.exported_ranker import ExportedRanker

    shutil.copytree(run, path / str(version))
    return ExportedRanker(path / str(version))


def test_a_version_beside_itself_differs_in_nothing(exported: Any, every_kind_dataset: Any, tmp_path: Path) -> None:
    from tfelc.lifecycle.publishing.rules import PublishRules
    from tfelc.lifecycle.publishing.verdict import judge
    from tfelc.ranker.publishing.measure import measure

    one, other = _exported(exported.path, tmp_path / "a"), _exported(exported.path, tmp_path / "b")
    found = measure(one, other, every_kind_dataset, "train", 100, lambda step: None)
    assert {difference.found.difference for difference in found.differences} <= {0.0}
    assert set(found.drift.values()) == {0.0} and not found.new_inputs and not found.lost_outputs
    rows = every_kind_dataset.rows("train")
    assert found.judged_on["click"].rows == rows and found.judged_on["buy"].rows < rows
    groups = {one.group: one for one in found.differences if (one.output, one.metric) == ("click", "auc")}
    assert set(groups) == {"all", "newcomer N"} and 0.2 < groups["newcomer N"].share < 0.4
    assert found.cost.megabytes == found.served_cost.megabytes > 0.01
    milliseconds = found.cost.milliseconds
    assert list(milliseconds) == [1, 130] and all(value > 0 for value in milliseconds.values())
    rules = PublishRules(min_rows=1, min_positives=1, largest_latency_ratio=1000, within=())
    verdict = judge(rules, found, 1)
    assert verdict.published, verdict.reasons


def test_data_that_only_one_of_the_two_can_read_refuses_the_candidate(
    exported: Any, every_kind_dataset: Any, tmp_path: Path
) -> None:
    from tfelc.lifecycle.publishing.rules import PublishRules
    from tfelc.ranker.publishing.gate import _judged

    base = tmp_path / "ranker"
    _exported(exported.path, base, 1)
    manifest = base / "1/assets/feature_manifest.json"
    content = json.loads(manifest.read_text())
    content["schema"]["columns"]["mood"] = {"kind": "number", "role": "user"}
    manifest.write_text(json.dumps(content))
    candidate = tmp_path / "candidate" / "1"
    shutil.copytree(exported.path, candidate)
    verdict = _judged(candidate, base, 1, every_kind_dataset, "test", PublishRules(), lambda step: None)
    (reason,) = verdict.reasons
    assert "column `mood` of version 1's schema is missing" in reason and verdict.measurements is None


def test_calls_that_can_never_work(every_kind_dataset: Any, untrained_run: Any, tmp_path: Path) -> None:
    base, data = tmp_path / "ranker", every_kind_dataset.path
    (tmp_path / "rules.yaml").write_text("min_row: 5")
    wrong = _publish(untrained_run.path, base, data, "--rules", tmp_path / "rules.yaml")
    assert wrong.code == 2 and "min_row" in wrong.err and wrong.err.count("\n") == 1
    nowhere = _publish(untrained_run.path, base, data, "--page", tmp_path / "no" / "page.html")
    assert nowhere.code == 2 and "--page" in nowhere.err
    base.mkdir()
    (base / "models.config").write_text('model_config_list { config { name: "other" base_path: "/o" } }')
    other = _publish(untrained_run.path, base, data)
    assert other.code == 2 and "lists no model `ranker`, but other; name one by --name" in other.err
    assert sorted(path.name for path in base.iterdir()) == ["models.config"]
    assert call("rollback", "--to", base).code == 2
