"""The kinds of models: what a run and an export call them, and the classes that open each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfelc.core.registry import Registry

if TYPE_CHECKING:
    from tfelc.lifecycle.fitted_model import FittedModel
    from tfelc.lifecycle.run import Run

# By the kind that `run.json` names.
RUN_KINDS: Registry[type[Run[Any]]] = Registry(
    "kind of run",
    {"ranker": "tfelc.ranker.run:RankerRun", "next_item": "tfelc.next_item.run:NextItemRun"},
)
# What `tfelc.load` makes of a run, likewise.
MODELS: Registry[type[FittedModel[Any]]] = Registry(
    "kind of model",
    {"ranker": "tfelc.ranker.ranker:Ranker", "next_item": "tfelc.next_item.next_item_model:NextItemModel"},
)
# By the name of the manifest among an export's assets.
EXPORTED_MODELS: Registry[Any] = Registry(
    "kind of export",
    {
        "feature_manifest.json": "tfelc.ranker.scoring.exported_ranker:ExportedRanker",
        "recommender_manifest.json": "tfelc.next_item.scoring.exported_recommender:ExportedRecommender",
    },
)
