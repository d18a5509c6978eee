"""The models that are compared: their settings on a data set, and the folders of their runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tfelc.core.errors import UsageError
from tfelc.next_item.settings import DEFAULTS, SequenceConfig, settings_file

_VARIANTS = {"sasrec": "b", "elcm": "b_elcm", "ccl": "b_ccl", "elcrec": "elcrec"}
UNLEARNED = ("popularity", "item_knn")
PAPER = "paper_"
MODELS = (*UNLEARNED, *_VARIANTS, *(f"{PAPER}{name}" for name in _VARIANTS))


@dataclass(frozen=True)
class Model:
    """One model with one seed.

    Attributes:
        name: One of `MODELS`.
        file: Where its settings come from.
        settings: They; of a model that does not learn, only the split counts.
    """

    name: str
    file: Path
    settings: SequenceConfig


def label(source: str) -> str:
    """What a data set is called; a file by its name without endings."""
    return Path(source).name.split(".")[0]


def plans(
    names: Sequence[str], source: str, seeds: int, overrides: Sequence[str], folder: Path
) -> dict[str, list[tuple[Path, Model]]]:
    """Model -> folder and settings of each of its runs; one that does not learn has one run.

    Raises:
        UsageError: The paper has no settings for the data set.
        ConfigError: A setting is unknown or out of range.
    """
    found = {}
    for name in names:
        learns = name not in UNLEARNED
        runs = range(seeds if learns else 1)
        found[name] = [
            (folder / f"{label(source)}-{name}{f'-{seed}' if learns else ''}", _model(name, source, seed, overrides))
            for seed in runs
        ]
    return found


def _model(name: str, source: str, seed: int, overrides: Sequence[str]) -> Model:
    path = settings_file(source)
    if name.startswith(PAPER) and not (path := DEFAULTS / f"{PAPER}{source}.yaml").exists():
        raise UsageError(f"--models: the paper has no settings for {source}, which {name} would take")
    variant = _VARIANTS.get(name.removeprefix(PAPER), "b")
    extra = [f"model.variant={variant}", f"training.seed={seed}", *overrides]
    return Model(name, path, SequenceConfig.load(path, extra))
