"""What a next-item model's settings were called before, and what they are called now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfelc.core.renamed_names import Rename, with_new_names

_RENAMES = (
    Rename("model.variant", "model.name", {"b": "sasrec", "b_elcm": "elcrec", "b_ccl": "elcrec"}),
    Rename("model.encoder.layers", "model.encoder.num_layers"),
    Rename("model.encoder.heads", "model.encoder.num_heads"),
    Rename("model.encoder.start", "model.encoder.initialization"),
    Rename("model.clusters.count", "model.clusters.num_clusters"),
    Rename("model.clusters.start", "model.clusters.initialization"),
    Rename("model.next_item.loss", "model.loss.name"),
    Rename("model.next_item.negatives", "model.loss.num_negatives"),
    *(
        Rename(f"model.next_item.{name}", f"model.loss.{name}")
        for name in ("power", "log_q", "calibration", "normalize", "temperature")
    ),
    Rename("model.neighbors.count", "model.neighbors.num_neighbors"),
    *(
        Rename(f"training.{name}", f"optimizer.{name}")
        for name in ("learning_rate", "schedule", "weight_decay", "clip_norm")
    ),
    Rename("training.patience", "training.early_stopping.patience"),
)
# Loss -> the settings of `model.next_item` that were of other losses; they were there and did nothing.
_FOREIGN = {
    "softmax": {"negatives", "power", "log_q", "calibration"},
    "sampled_softmax": {"calibration"},
    "bce": {"power", "log_q", "calibration"},
    "gbce": {"power", "log_q"},
}


def with_new_next_item_names(
    content: Mapping[str, Any],
    where: str,
    below: Mapping[str, Any] | None = None,
    above: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The settings under the names of today, with one warning that names the old ones.

    The variants of before switched parts off that stood in the settings all the same: `b` is SASRec, which has none of
    them, `b_elcm` and `b_ccl` are ELCRec with weights of 0.

    Args:
        content: What was read.
        where: Where it was read, for messages.
        below: What it overrides, under the names of today. Defaults to None: nothing. It may name the loss.
        above: What overrides it, as it was read. Defaults to None: nothing. It may name another variant or loss, to
            which the parts that are set belong.
    """
    found = dict(content)
    if isinstance(model := found.get("model"), Mapping):
        found["model"] = _without_foreign(_as_variant(model, above or {}), below or {}, above or {})
    return with_new_names(found, _RENAMES, where)


def _as_variant(model: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """The model's settings without the parts that its variant leaves out."""
    found = dict(model)
    variant = _group(above, "model").get("variant", model.get("variant"))
    if variant == "b":
        found = {key: value for key, value in found.items() if key not in ("clusters", "contrast")}
    elif variant == "b_elcm":
        found["contrast"] = {**_group(model, "contrast"), "sequence_weight": 0.0, "intent_weight": 0.0}
    elif variant == "b_ccl":
        found["clusters"] = {**_group(model, "clusters"), "alpha": 0.0}
    return found


def _without_foreign(model: Mapping[str, Any], below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """The model's settings without those of the next item's loss that another loss has."""
    found = dict(model)
    if isinstance(loss := model.get("next_item"), Mapping):
        names = (_loss_of(source) for source in (_group(above, "model"), model, _group(below, "model")))
        foreign = _FOREIGN.get(next((name for name in names if name), "softmax"), set())
        found["next_item"] = {key: value for key, value in loss.items() if key not in foreign}
        if not found["next_item"]:
            del found["next_item"]
    return found


def _loss_of(model: Mapping[str, Any]) -> str | None:
    """The name of the loss, old or new."""
    name = _group(model, "next_item").get("loss") or _group(model, "loss").get("name") or model.get("loss")
    return name if isinstance(name, str) else None


def _group(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = content.get(name)
    return value if isinstance(value, Mapping) else {}
