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
# Loss balance -> its settings; the others of `training.balance` were there and did nothing.
_BALANCE = {"dynamic": {"temperature"}, "gradnorm": {"asymmetry", "learning_rate"}}
_ALL_EXPERTS = {key for keys in _EXPERTS.values() for key in keys}
_ALL_BALANCE = {key for keys in _BALANCE.values() for key in keys}
# What Keras's AdamW takes where no weight decay is given, as none was.
_ADAMW_DECAY = 0.004


def with_new_ranker_names(
    content: Mapping[str, Any],
    where: str,
    below: Mapping[str, Any] | None = None,
    above: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The settings under the names of today, with one warning that names the old ones.

    Args:
        content: What was read.
        where: Where it was read, for messages.
        below: What it overrides, under the names of today. Defaults to None: nothing. It may name the architecture that
            experts are set for.
        above: What overrides it, as it was read. Defaults to None: nothing. It may name another architecture, to which
            the same experts belong.
    """
    found, renames = dict(content), list(_RENAMES)
    model = _group(found, "model")
    if isinstance(experts := model.get("experts"), Mapping):
        sources = (above or {}, content, below or {})
        named = (_name_in(_group(source, "model").get("architecture"), "name") for source in sources)
        name = next((name for name in named if name), "mmoe")
        own = _EXPERTS.get(name, {})
        renames += [Rename(f"model.experts.{old}", f"model.architecture.{new}") for old, new in own.items()]
        kept = _without(experts, _ALL_EXPERTS - set(own))
        architecture = {**_group(model, "architecture"), "name": name}
        found["model"] = {
            **_without(model, {"architecture", "experts"}),
            **({"experts": kept} if kept else {}),
            "architecture": architecture,
        }
    balance = _group(_group(found, "training"), "balance")
    if "strategy" in balance:
        overriding = _group(above or {}, "training").get("balance")
        strategy = _name_in(overriding, "strategy") or _name_in(overriding, "name") or _name_in(balance, "strategy")
        kept = _without(balance, _ALL_BALANCE - _BALANCE.get(strategy or "", set()))
        found["training"] = {**_group(found, "training"), "balance": kept}
    optimizer = _group(found, "optimizer")
    if optimizer.get("dense") == "adamw" and not _says_otherwise(above) and not _has_decay(below):
        found["optimizer"] = {"weight_decay": _ADAMW_DECAY, **optimizer}
    return with_new_names(found, renames, where)


def _says_otherwise(above: Mapping[str, Any] | None) -> bool:
    """Whether what goes over the optimizer names another one, which the decay of AdamW says nothing of."""
    optimizer = _group(above or {}, "optimizer")
    return not {optimizer.get("dense", "adamw"), optimizer.get("name", "adamw")} <= {"adamw"}


def _has_decay(below: Mapping[str, Any] | None) -> bool:
    return "weight_decay" in _group(below or {}, "optimizer")


def _group(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = content.get(name)
    return value if isinstance(value, Mapping) else {}


def _without(content: Mapping[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key not in keys}


def _name_in(part: Any, key: str) -> str | None:
    """The name of a part, which stands alone or under a key of its settings."""
    name = part.get(key) if isinstance(part, Mapping) else part
    return name if isinstance(name, str) else None
