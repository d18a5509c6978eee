"""A run like another one, but for settings and quality."""

import hashlib
import json
import shutil
from pathlib import Path

from tfelc.ranker.run import RankerRun


def write_sibling(run: Path, path: Path, gain: float, *settings: str) -> Path:
    """Copies a run, with settings changed and every AUC of its test metrics raised by `gain`."""
    shutil.copytree(run, path)
    flat = [f"{key}={value}" for key, value in (setting.split("=") for setting in settings)]
    config = RankerRun(run).settings
    (path / "config.yaml").write_text(type(config).load(run / "config.yaml", flat).dump())
    metadata = json.loads((path / "run.json").read_text())
    metadata["files"]["config.yaml"] = hashlib.sha256((path / "config.yaml").read_bytes()).hexdigest()
    (path / "run.json").write_text(json.dumps(metadata))
    metrics = json.loads((path / "metrics.json").read_text())
    for values in metrics["metrics"].values():
        values["auc"] += gain
    (path / "metrics.json").write_text(json.dumps(metrics))
    return path
