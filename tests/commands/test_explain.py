"""`tfelc explain` on an exported version."""

import json
import shutil

import pytest

from tests.support.command import call


@pytest.fixture(scope="module")
def version(exported, tmp_path_factory):
    return shutil.copytree(exported.path, tmp_path_factory.mktemp("explained") / "1")


def test_it_says_which_features_an_export_goes_by(version, every_kind_dataset):
    options = ("--model", version, "--data", every_kind_dataset.path, "--split", "train", "--rows", "60")
    done = call("explain", *options, "--repeats", "2", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    names = [unit["name"] for unit in found["units"] if unit["kind"] == "feature"]
    assert found["rows"] == 60 and sorted(names) == sorted(every_kind_dataset.schema.features)
    assert {unit["name"] for unit in found["units"] if unit["kind"] == "group"} <= {
        "user",
        "activity",
        "item",
        "context",
    }
    failed = call("explain", *options, "--group", "nothing")
    assert failed.code == 2 and failed.err.startswith("error: --group nothing: nothing is no feature")
