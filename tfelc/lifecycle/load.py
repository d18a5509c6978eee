"""A trained run or an exported version, whatever it holds, as an object to use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tfelc.core.errors import UsageError
from tfelc.core.tensorflow_start import load_tensorflow
from tfelc.lifecycle.export.versions import list_versions, version_folder
from tfelc.lifecycle.kinds import EXPORTED_MODELS, MODELS
from tfelc.lifecycle.run import Run


def load(path: str | Path) -> Any:
    """Opens a run folder, or a version that was exported.

    Args:
        path: str or Path. A run folder, or `BASE/<version>`; `BASE` stands for its latest version.

    Returns:
        A run as a `Ranker` or `NextItemModel`, an export as an `ExportedRanker` or `ExportedRecommender`; all of them
        have `predict` or `recommend`.

    Raises:
        UsageError: The path is neither.
        RunError: The run is damaged.
        ExportError: The version is damaged.

    Example:
        >>> tfelc.load("runs/x").predict(frame)  # doctest: +SKIP
        >>> tfelc.load("exports/ranker/1").predict(frame)  # doctest: +SKIP
    """
    load_tensorflow()
    folder = Path(path)
    if (folder / "run.json").exists():
        run: Run[Any] = Run.open(folder)
        return MODELS.get(run.kind).of_run(run)
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; name a run, or an exported version, BASE/<version>")
    version = version_folder(folder) if list_versions(folder) else folder
    for name in EXPORTED_MODELS.names():
        if (version / "assets" / name).exists():
            return EXPORTED_MODELS.get(name)(version)
    raise UsageError(f"{folder}: neither a run of tfelc (no run.json) nor an exported version (no manifest in assets/)")
