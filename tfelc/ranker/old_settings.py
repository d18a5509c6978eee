"""What a ranker's settings were called before, and what they are called now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfelc.core.renamed_names import Rename, with_new_names
from tfelc.schema.renames import SPACE_RENAME

_RENAMES = (
    Rename("model.clusters.count", "model.clusters.num_clusters"),
    Rename("model.clusters.feed", "model.clusters.gate_inputs", {"centre": "center"}),
    Rename("model.clusters.linear", "model.clusters.linear_inputs"),
    Rename("model.clusters.start", "model.clusters.initialization"),
    Rename("optimizer.dense", "optimizer.name"),
    Rename("optimizer.dense_learning_rate", "optimizer.learning_rate"),
    Rename("training.balance.strategy", "training.balance.name"),
    SPACE_RENAME,
)
# Architecture -> setting of `model.experts` -> its own. The others were there and did nothing.
_EXPERTS = {
    "mmoe": {"shared": "num_experts", "units": "units", "dropout": "dropout"},
    "ple": {
        "shared": "num_shared_experts",
        "per_task": "num_task_experts",
        "levels": "num_levels",
        "units": "units",
        "dropout": "dropout",
    },
    "shared_bottom": {"units": "units", "dropout": "dropout"},
}
_BALANCE = {"dynamic": {"temperature"}, "gradnorm": {"asymmetry", "learning_rate"}}


def with_new_ranker_names(content: Mapping[str, Any], where: str, below: Mapping[str, Any]) -> dict[str, Any]:
    """The settings under the names of today, with one warning for the old ones.

    Args:
        content: What was read.
        where: Where it was read, for messages.
        below: What it overrides, under the names of today: the architecture may be named there.
    """
    renames = list(_RENAMES)
    found = {**content}
    model = found.get("model")
    if isinstance(model, Mapping) and isinstance(experts := model.get("experts"), Mapping):
        name = _name_of(model.get("architecture")) or _name_of(_group(below, "model").get("architecture")) or "mmoe"
        own = _EXPERTS.get(name, {})
        known = set().union(*_EXPERTS.values())
        kept = {key: value for key, value in experts.items() if key in own or key not in known}
        found["model"] = {
            **{key: value for key, value in model.items() if key != "experts"},
            **({"experts": kept} if kept else {}),
            "architecture": {"name": name, **_group(model, "architecture")},
        }
        renames += [Rename(f"model.experts.{old}", f"model.architecture.{new}") for old, new in own.items()]
    balance = _group(_group(found, "training"), "balance")
    if isinstance(strategy := balance.get("strategy"), str):
        foreign = set().union(*_BALANCE.values()) - _BALANCE.get(strategy, set())
        kept = {key: value for key, value in balance.items() if key not in foreign}
        found["training"] = {**_group(found, "training"), "balance": kept}
    return with_new_names(found, renames, where)


def _group(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = content.get(name)
    return value if isinstance(value, Mapping) else {}


def _name_of(architecture: Any) -> str | None:
    name = architecture.get("name") if isinstance(architecture, Mapping) else architecture
    return name if isinstance(name, str) else None
