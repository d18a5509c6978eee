"""The settings of the models that are compared: B, and B + ELCM in several forms."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from tfelc.core.errors import UsageError
from tfelc.ranker.architectures.multi_task_architecture import ARCHITECTURES, MultiTaskArchitecture
from tfelc.ranker.settings import RankerClusterSettings, RankerSettings

BASELINE = "B"
TREES = "boosted trees"
# LightGBM's, tuned -> what they learn.
TUNED_TREES: dict[str, Literal["binary", "lambdarank"]] = {"LightGBM": "binary", "LambdaRank": "lambdarank"}
_DEFAULTS = "B+ELCM"


def variants(
    paths: Sequence[Path], overrides: Sequence[str], architectures: Sequence[str] = ()
) -> dict[str, RankerSettings]:
    """Name -> settings: B first, then B + ELCM by each file, named after it; without a file, by the defaults.

    B is the same for all of them, or a difference from it would not be that of the clusters: the files may differ in
    `model.clusters` alone. The seed is the experiment's own and may be anything.

    Args:
        paths: The files.
        overrides: Settings of all of them, as `model.clusters.num_clusters=20`.
        architectures: Names of architectures that B is also to be trained with. Defaults to none.

    Raises:
        UsageError: Two files have one name, a name is taken, a file has no clusters, or one differs in another setting.
        ConfigError: A file cannot be read, or holds what is no setting, or there is no such architecture.
    """
    found: dict[str, RankerSettings] = {}
    files: list[Path | None] = [*paths] or [None]
    for path in files:
        name = path.stem if path else _DEFAULTS
        if name in found:
            raise UsageError(f"--config {path}: another --config is named `{name}` too; rename one of the files")
        if name in (BASELINE, TREES, *TUNED_TREES):
            raise UsageError(f"--config {path}: the name `{name}` is taken by another model; rename the file")
        found[name] = RankerSettings.load(path, overrides)
        if not found[name].model.clusters.num_clusters:
            raise UsageError(
                f"{path or '--set'}: has no clusters (model.clusters.num_clusters is 0), as B, which it is to beat"
            )
    (first, baseline), *others = ((name, without_clusters(config)) for name, config in found.items())
    for name, other in others:
        if key := _first_difference(baseline.model_dump(), other.model_dump()):
            raise UsageError(
                f"--config: `{name}` and `{first}` differ in {key}; for one and the same B they may differ in "
                "model.clusters alone"
            )
    others_of_b = {f"{BASELINE}-{name}": with_architecture(baseline, name) for name in architectures}
    return {BASELINE: baseline, **others_of_b, **found}


def with_architecture(config: RankerSettings, name: str) -> RankerSettings:
    """The same settings with another architecture, by its defaults, of the same units and dropout."""
    known = ARCHITECTURES.get(name).model_fields
    before = config.model.architecture.to_dict()
    kept: dict[str, Any] = {key: before[key] for key in ("units", "dropout") if key in known and key in before}
    architecture = MultiTaskArchitecture.load({"name": name, **kept})
    model = config.model.model_copy(update={"architecture": architecture})
    return config.model_copy(update={"model": model})


def with_seed(config: RankerSettings, seed: int) -> RankerSettings:
    """The same settings with another seed."""
    return config.model_copy(update={"training": config.training.model_copy(update={"seed": seed})})


def without_clusters(config: RankerSettings) -> RankerSettings:
    """The settings of B: the same without clusters, with the first seed."""
    model = config.model.model_copy(update={"clusters": RankerClusterSettings(num_clusters=0)})
    return with_seed(config.model_copy(update={"model": model}), 0)


def _first_difference(first: Any, second: Any) -> str:
    """The first key that differs, as in `optimizer.name`; "" for none."""
    if not (isinstance(first, dict) and isinstance(second, dict)):
        return ""
    for key in {**first, **second}:
        if first.get(key) != second.get(key):
            return ".".join(filter(None, [key, _first_difference(first.get(key), second.get(key))]))
    return ""
