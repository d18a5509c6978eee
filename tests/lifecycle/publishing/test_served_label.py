"""The label in models.config, and the way back."""

import json
from pathlib import Path
from typing import Any

import pytest

from tfelc.core.errors import ConfigError, ExportError, UsageError
from tfelc.lifecycle.publishing.rollback import VERDICT_FILE, roll_back
from tfelc.lifecycle.publishing.served_label import ServedLabel
from tfelc.serving.local_server.config_file import read_models


def _versions(base: Path, **served: Any) -> None:
    """Version folders; `v3=1` replaced version 1, `v3="none"` has no verdict."""
    for name, before in served.items():
        file = base / name[1:] / VERDICT_FILE
        file.parent.mkdir(parents=True)
        if before != "none":
            file.write_text(json.dumps({"served": before}))


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "ranker").mkdir()
    return tmp_path / "ranker"


def _label(base: Path, **more: Any) -> ServedLabel:
    return ServedLabel(base / "models.config", base, "ranker", **more)


def _served(base: Path) -> tuple[dict[str, int], int]:
    (model,) = read_models(base / "models.config")
    return dict(model.labels), model.count


def test_a_file_that_is_missing_is_made_as_a_server_reads_it(base: Path) -> None:
    _versions(base, v1=None)
    label = _label(base)
    assert label.version() is None and not label.path.exists()
    label.move(1)
    (model,) = read_models(label.path)
    assert (model.name, model.base_path, dict(model.labels)) == ("ranker", base, {"stable": 1})
    assert model.policy == "latest" and model.count == 2
    assert _label(base, label="canary").version() is None and label.version() == 1


def test_other_models_labels_and_the_heading_stay(base: Path) -> None:
    _versions(base, v1=None, v2=1)
    (base / "models.config").write_text(
        "# Ours.\n# Do not move.\nmodel_config_list {\n"
        '  config { name: "other" base_path: "/models/other" }\n'
        '  config { name: "ranker" base_path: "/models/ranker" model_version_policy { all {} }\n'
        '    version_labels { key: "canary" value: 2 } version_labels { key: "stable" value: 1 } }\n}\n'
    )
    _label(base).move(2)
    text = (base / "models.config").read_text()
    assert text.startswith("# Ours.\n# Do not move.\nmodel_config_list")
    other, ranker = read_models(base / "models.config")
    assert other.name == "other" and dict(ranker.labels) == {"canary": 2, "stable": 2} and ranker.policy == "all"
    assert sorted(path.name for path in base.iterdir()) == ["1", "2", "models.config"]


def test_there_and_back_and_never_to_one_that_was_left(base: Path) -> None:
    _versions(base, v1=None)
    label = _label(base)
    label.move(1)
    _versions(base, v2=1)
    label.move(2, keep=1)
    assert roll_back(label) == (2, 1) and _served(base) == ({"stable": 1}, 3)
    # Version 3 was measured beside 1, which was served again; 2 was left and is not come back to.
    _versions(base, v3=1)
    label.move(3, keep=1)
    assert roll_back(label) == (3, 1)
    with pytest.raises(ExportError, match="version 1 replaced none, so that there is none to go back to"):
        roll_back(label)
    assert label.version() == 1


def test_what_a_server_would_not_have_loaded_is_refused(base: Path) -> None:
    _versions(base, v1=None, v2=1, v3=2, v4=3)
    label = _label(base)
    label.move(4, keep=3)
    assert _served(base) == ({"stable": 4}, 2)
    assert roll_back(label) == (4, 3) and _served(base) == ({"stable": 3}, 3)
    assert roll_back(label) == (3, 2) and _served(base) == ({"stable": 2}, 4)
    label.refuse_unloaded(2, arriving=1)
    with pytest.raises(UsageError, match="has the latest 4 of the versions loaded.* set `num_versions: 5`"):
        label.refuse_unloaded(2, arriving=2)
    text = label.path.read_text().replace("num_versions: 4", "num_versions: 1")
    label.path.write_text(text)
    with pytest.raises(UsageError, match="set `num_versions: 4`, and call again once the server has read it"):
        roll_back(label)
    assert label.path.read_text() == text


def test_faults_are_told_by_name(base: Path) -> None:
    label = _label(base)
    with pytest.raises(ExportError, match="`stable` names no version of .*ranker; publish one first"):
        roll_back(label)
    _versions(base, v2=1)
    label.move(2)
    with pytest.raises(ExportError, match="ranker/1: is gone, which version 2 replaced; put it back"):
        roll_back(label)
    (base / "2" / VERDICT_FILE).write_text("{")
    with pytest.raises(ExportError, match="verdict.json: damaged; move the label by hand"):
        roll_back(label)
    with pytest.raises(UsageError, match="lists no model `ranker2`, but ranker; name one by `name`"):
        ServedLabel(label.path, base, "ranker2")
    label.path.write_text("model_config_list { config { name: 5")
    with pytest.raises(ConfigError, match="models.config: not a models.config file: "):
        _label(base)
    label.path.write_text(
        'model_config_list { config { name: "ranker" base_path: "/r" '
        "model_version_policy { specific { versions: 1 } } } }"
    )
    with pytest.raises(UsageError, match=r"pins the versions of `ranker` .* write `latest \{ num_versions: 2 \}`"):
        _label(base)


def test_a_version_that_went_past_the_gate_goes_back_to_the_next_lower_one(base: Path) -> None:
    _versions(base, v1="none", v4="none", v7="none")
    label = _label(base)
    label.move(7, keep=1)
    assert roll_back(label) == (7, 4)
