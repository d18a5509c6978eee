import copy
import json

import pytest

from tests.support.every_kind import every_kind_schema
from tfelc.core.errors import ExportError
from tfelc.core.renamed_names import RenamedWarning
from tfelc.features.lookup import MISSING_INTEGER
from tfelc.ranker.export.feature_manifest import MANIFEST_FILE, FeatureManifest


@pytest.fixture(scope="module")
def content(exported):
    return json.loads((exported.path / MANIFEST_FILE).read_text())


def test_it_is_in_the_assets_and_reads_back(exported):
    assert FeatureManifest.load(exported.path) == exported.manifest
    assert exported.manifest.schema_ == every_kind_schema()


def test_features_say_what_to_send(content):
    assert list(content["features"]) == list(every_kind_schema().features)
    assert content["features"]["history"] == {
        "kind": "list",
        "role": "user",
        "type": "string",
        "missing": "",
        "max_length": 4,
        "table": "product",
        "known_values": 30,
    }
    assert content["features"]["user_id"]["hash_buckets"] == 50
    assert content["features"]["price"]["missing"] == "NaN"
    assert content["features"]["days_away"]["missing"] == MISSING_INTEGER
    assert content["features"]["visits"]["variance"] > 0


def test_tasks_outputs_and_signatures(content, served):
    assert content["tasks"] == {
        "click": {"label": "clicked", "conditioned_on": None},
        "buy": {"label": "bought", "conditioned_on": "click"},
    }
    assert content["outputs"]["click_and_buy"] == {"dtype": "float32", "product_of": ["buy", "click"]}
    assert content["outputs"]["buy"] == {"dtype": "float32", "probability_of": "bought", "conditioned_on": "click"}
    for name, signature in served.signatures.items():
        for side, tensors in (("inputs", signature.inputs), ("outputs", signature.outputs)):
            assert {n: t["dtype"] for n, t in content["signatures"][name][side].items()} == {
                n: t.dtype_name for n, t in tensors.items()
            }
        assert {n: tuple(t["shape"]) for n, t in content["signatures"][name]["inputs"].items()} == {
            n: t.shape for n, t in signature.inputs.items()
        }


def test_it_says_what_was_trained(content, untrained_run, every_kind_dataset):
    assert content["run"]["data_hash"] == every_kind_dataset.hash
    assert content["run"]["schema_hash"] == every_kind_schema().hash()
    assert content["run"]["versions"]["keras"]


def test_a_manifest_of_old_names_is_read_with_one_warning(exported, content, tmp_path):
    old = copy.deepcopy(content)
    for part in ("tasks", "outputs"):
        for entry in old[part].values():
            if "conditioned_on" in entry:
                entry["given"] = entry.pop("conditioned_on")
    tasks = old["schema"]["tasks"]
    tasks["buy"]["given"] = tasks["buy"].pop("conditioned_on")
    path = tmp_path / MANIFEST_FILE
    path.parent.mkdir()
    path.write_text(json.dumps(old))
    with pytest.warns(RenamedWarning) as told:
        assert FeatureManifest.load(tmp_path) == exported.manifest
        assert FeatureManifest.load(tmp_path) == exported.manifest
    assert len(told) == 1
    assert str(told[0].message).startswith(f"{path}: `schema.tasks.buy.given` is now `schema.tasks.buy.conditioned_on`")


def test_a_foreign_or_damaged_folder_is_named(tmp_path):
    with pytest.raises(ExportError, match="not an export of tfelc"):
        FeatureManifest.load(tmp_path)
    (tmp_path / "assets").mkdir()
    for text in ("{}", "[]", "{", "null"):
        (tmp_path / MANIFEST_FILE).write_text(text)
        with pytest.raises(ExportError, match="not a feature manifest"):
            FeatureManifest.load(tmp_path)
