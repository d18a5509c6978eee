"""What the signatures of all kinds of models have in common."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

# TensorFlow's own name of the signature that answers where none is named.
SERVING_DEFAULT = "serving_default"


def describe(specs: Mapping[str, tf.TensorSpec]) -> dict[str, dict[str, object]]:
    """Specs in words JSON takes: `{"price": {"dtype": "float32", "shape": [None]}}`; the shape of any rank is None."""
    return {
        name: {"dtype": spec.dtype.name, "shape": None if spec.shape.rank is None else list(spec.shape)}
        for name, spec in specs.items()
    }
