"""`tfelc explain` on an exported version."""

import json
import re
import shutil

import pytest

from tests.support.command import call
from tests.support.reading import Reading


@pytest.fixture(scope="module")
def version(exported, tmp_path_factory):
    return shutil.copytree(exported.path, tmp_path_factory.mktemp("explained") / "1")


def test_it_says_which_features_an_export_goes_by(version, every_kind_dataset, trained_run, sequence_run, tmp_path):
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
    kept, out = tmp_path / "explained.json", tmp_path / "report.html"
    kept.write_text(done.out)
    drawn = call("report", "--run", trained_run.path, "--explanation", kept, "--out", out)
    assert drawn.code == 0, drawn.err
    page = out.read_text(encoding="utf-8")
    assert "Which features matter" in Reading(page).text("h2")
    loss = found["units"][0]["losses"]["click"]["all"]["mean"]
    assert f"click, {found['units'][0]['name']} ({len(found['units'][0]['columns'])}): {loss:.4f}." in page
    for content, run, message in (
        ("{}", trained_run.path, "explained.json: is not what `tfelc explain --json` prints"),
        (done.out.replace('"click"', '"tap"'), trained_run.path, "--explanation is of tap, .* and not of click, which"),
        (done.out, sequence_run, "--explanation is of a ranker, and --run holds a model of next items"),
    ):
        kept.write_text(content)
        refused = call("report", "--run", run, "--explanation", kept, "--out", tmp_path / "other.html")
        assert refused.code == 2 and re.fullmatch(f"error: .*{message}.*\n", refused.err), refused.err
