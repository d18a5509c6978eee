"""The models that are compared: their settings on a data set, and the folders of their runs."""

from collections.abc import Sequence
from pathlib import Path

from tfelc.experiments.runs import Plans
from tfelc.next_item.default_settings import PAPER, default_settings
from tfelc.next_item.settings import NextItemSettings

# Model -> what sets it apart. The paper's B + ELCM and B + CCL are ELCRec with one of its two losses.
_OVERRIDES = {
    "sasrec": ["model=sasrec"],
    "elcm": ["model.name=elcrec", "model.contrast.sequence_weight=0", "model.contrast.intent_weight=0"],
    "ccl": ["model.name=elcrec", "model.clusters.alpha=0"],
    "elcrec": ["model=elcrec"],
}
# What SASRec on the paper's settings is called, and so on.
_OF_PAPER = f"{PAPER}_"
UNLEARNED = ("popularity", "item_knn")
MODELS = (*UNLEARNED, *_OVERRIDES, *(f"{_OF_PAPER}{name}" for name in _OVERRIDES))


def label(source: str) -> str:
    """What a data set is called; a file by its name without endings."""
    return Path(source).name.split(".")[0]


def baseline_of(name: str) -> str:
    """The model that another one is compared with, user by user: SASRec on the same settings."""
    return f"{_OF_PAPER}sasrec" if name.startswith(_OF_PAPER) else "sasrec"


def plans(
    names: Sequence[str], source: str, seeds: int, overrides: Sequence[str], folder: Path
) -> Plans[NextItemSettings]:
    """Model -> folder and settings of each of its runs; one that does not learn has one run, and only its split counts.

    Raises:
        UsageError: The paper has no settings for the data set.
        ConfigError: A setting is unknown or out of range.
    """
    found = {}
    for name in names:
        own, paper = _OVERRIDES.get(name.removeprefix(_OF_PAPER), _OVERRIDES["sasrec"]), name.startswith(_OF_PAPER)
        suffixes = [""] if name in UNLEARNED else [f"-{seed}" for seed in range(seeds)]
        found[name] = [
            (
                folder / f"{label(source)}-{name}{suffix}",
                default_settings(source, [*own, f"training.seed={seed}", *overrides], paper),
            )
            for seed, suffix in enumerate(suffixes)
        ]
    return found
