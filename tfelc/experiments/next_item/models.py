"""The models that are compared: their settings on a data set, and the folders of their runs."""

from collections.abc import Sequence
from pathlib import Path

from tfelc.core.errors import UsageError
from tfelc.experiments.runs import Plans
from tfelc.next_item.settings import DEFAULTS, SequenceConfig, settings_file

_VARIANTS = {"sasrec": "b", "elcm": "b_elcm", "ccl": "b_ccl", "elcrec": "elcrec"}
UNLEARNED = ("popularity", "item_knn")
PAPER = "paper_"
MODELS = (*UNLEARNED, *_VARIANTS, *(f"{PAPER}{name}" for name in _VARIANTS))


def label(source: str) -> str:
    """What a data set is called; a file by its name without endings."""
    return Path(source).name.split(".")[0]


def settings_path(name: str, source: str) -> Path:
    """Where the settings of a model on a data set stand; raises UsageError where the paper has none."""
    if not name.startswith(PAPER):
        return settings_file(source)
    if not (path := DEFAULTS / f"{PAPER}{source}.yaml").exists():
        raise UsageError(f"--models: the paper has no settings for {source}, which {name} would take")
    return path


def plans(
    names: Sequence[str], source: str, seeds: int, overrides: Sequence[str], folder: Path
) -> Plans[SequenceConfig]:
    """Model -> folder and settings of each of its runs; one that does not learn has one run, and only its split counts.

    Raises:
        UsageError: The paper has no settings for the data set.
        ConfigError: A setting is unknown or out of range.
    """
    found = {}
    for name in names:
        path, variant = settings_path(name, source), _VARIANTS.get(name.removeprefix(PAPER), "b")
        suffixes = [""] if name in UNLEARNED else [f"-{seed}" for seed in range(seeds)]
        found[name] = [
            (
                folder / f"{label(source)}-{name}{suffix}",
                SequenceConfig.load(path, [f"model.variant={variant}", f"training.seed={seed}", *overrides]),
            )
            for seed, suffix in enumerate(suffixes)
        ]
    return found
