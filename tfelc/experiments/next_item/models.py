"""The models that are compared: their settings on a data set, and the folders of their runs."""

from collections.abc import Sequence
from pathlib import Path

from tfelc.core.errors import UsageError
from tfelc.experiments.runs import Plans
from tfelc.next_item.default_settings import PAPER, default_settings
from tfelc.next_item.model_settings.sequence_model import SEQUENCE_MODELS
from tfelc.next_item.settings import NextItemSettings

UNLEARNED = ("popularity", "item_knn", "ease", "ease_refitted")
# Fitted to the validation actions as well, once they have served to choose a setting; all others see training alone.
REFITTED = ("ease_refitted",)
# Parts of ELCRec alone (Figure 4): the clusters, and the contrast.
_ABLATIONS = {
    "elcm": ("model.name=elcrec", "model.contrast.sequence_weight=0", "model.contrast.intent_weight=0"),
    "ccl": ("model.name=elcrec", "model.clusters.alpha=0"),
}
PAPER_PREFIX = f"{PAPER}_"
# Each model there is; `paper_all` those with the paper's settings.
_ALL = "all"


def known_models() -> list[str]:
    """The names that are taken; with `paper_` before it a model has the paper's settings."""
    learned = [*SEQUENCE_MODELS.names(), *_ABLATIONS]
    return [*UNLEARNED, *learned, *(f"{PAPER_PREFIX}{name}" for name in learned)]


def chosen_models(text: str) -> list[str]:
    """The models that a list with commas names; `all` and `paper_all` stand for the models of the registry.

    Raises:
        UsageError: One is not known.
    """
    whole = {
        _ALL: [*UNLEARNED, *SEQUENCE_MODELS.names()],
        f"{PAPER_PREFIX}{_ALL}": [f"{PAPER_PREFIX}{name}" for name in SEQUENCE_MODELS.names()],
    }
    names = [name for word in text.split(",") for name in whole.get(word, [word])]
    if unknown := [name for name in names if name not in known_models()]:
        raise UsageError(f"--models: no `{unknown[0]}`; use {', '.join([*whole, *known_models()])}")
    return list(dict.fromkeys(names))


def label(source: str) -> str:
    """What a data set is called; a file by its name without endings."""
    return Path(source).name.split(".")[0]


def baseline_of(name: str) -> str:
    """The model that another one is compared with, user by user: SASRec on the same settings."""
    return f"{PAPER_PREFIX}sasrec" if name.startswith(PAPER_PREFIX) else "sasrec"


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
        suffixes = [""] if name in UNLEARNED else [f"-{seed}" for seed in range(seeds)]
        found[name] = [
            (folder / f"{label(source)}-{name}{suffix}", _settings(name, source, seed, overrides))
            for seed, suffix in enumerate(suffixes)
        ]
    return found


def _settings(name: str, source: str, seed: int, overrides: Sequence[str]) -> NextItemSettings:
    model = "sasrec" if name in UNLEARNED else name.removeprefix(PAPER_PREFIX)
    own = _ABLATIONS.get(model, (f"model.name={model}",))
    paper = name.startswith(PAPER_PREFIX)
    # Also of one's own tables, which would otherwise be split as each of them allows.
    fixed = ("split.protocol=leave_one_out", f"training.seed={seed}")
    return default_settings(source, [*own, *fixed, *overrides], paper=paper)
