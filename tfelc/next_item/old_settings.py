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
    "softmax": ("negatives", "power", "log_q", "calibration"),
    "sampled_softmax": ("calibration",),
    "bce": ("power", "log_q", "calibration"),
    "gbce": ("power", "log_q"),
}


def with_new_next_item_names(content: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The settings under the names of today, with one warning for the old ones.

    The variants of before switched parts off that stood in the settings all the same: `b` is SASRec, which has none of
    them, `b_elcm` and `b_ccl` are ELCRec with weights of 0.

    Args:
        content: What was read.
        where: Where it was read, for messages.
    """
    found = dict(content)
    if isinstance(model := found.get("model"), Mapping):
        model = dict(model)
        if model.get("variant") == "b":
            model = {key: value for key, value in model.items() if key not in ("clusters", "contrast")}
        elif model.get("variant") == "b_elcm":
            model["contrast"] = {**_group(model, "contrast"), "sequence_weight": 0.0, "intent_weight": 0.0}
        elif model.get("variant") == "b_ccl":
            model["clusters"] = {**_group(model, "clusters"), "alpha": 0.0}
        loss = _group(model, "next_item")
        if (foreign := _FOREIGN.get(loss.get("loss", ""))) is not None:
            model["next_item"] = {key: value for key, value in loss.items() if key not in foreign}
        found["model"] = model
    return with_new_names(found, _RENAMES, where)


def _group(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = content.get(name)
    return value if isinstance(value, Mapping) else {}
