"""tfelc: multi-task ranking and next-item recommendation with end-to-end learnable clusters, in TensorFlow and Keras.

Example:
    >>> import tfelc
    >>> ranker = tfelc.Ranker("schema.yaml", tasks=["ctr", "cvr"]).fit(log)  # doctest: +SKIP
    >>> ranker.predict(candidates)  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfelc.data.draft.drafted import draft_schema as draft_schema
    from tfelc.lifecycle.load import load as load
    from tfelc.next_item.next_item_model import NextItemModel as NextItemModel
    from tfelc.ranker import spark as spark
    from tfelc.ranker.ranker import Ranker as Ranker
    from tfelc.schema.schema import Schema as Schema

__version__ = "0.2.0"
__all__ = ["NextItemModel", "Ranker", "Schema", "draft_schema", "load", "spark"]

_FRONT_DOOR = {
    "NextItemModel": "tfelc.next_item.next_item_model",
    "Ranker": "tfelc.ranker.ranker",
    "Schema": "tfelc.schema.schema",
    "draft_schema": "tfelc.data.draft.drafted",
    "load": "tfelc.lifecycle.load",
}
_ROOMS = {"spark": "tfelc.ranker.spark"}


def __getattr__(name: str) -> Any:
    # Loaded when it is first used, so that `import tfelc` and `tfelc --help` are quick.
    if name in _ROOMS:
        return import_module(_ROOMS[name])
    if name not in _FRONT_DOOR:
        raise AttributeError(f"module 'tfelc' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_FRONT_DOOR[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
