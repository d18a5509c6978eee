"""The ranker as TensorFlow Serving runs it: raw columns in, probabilities and values out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from tfelc.lifecycle.export.signatures import SERVING_DEFAULT
from tfelc.ranker.export.example_format import parse_examples
from tfelc.ranker.export.quantized_rows import QuantizedRows
from tfelc.ranker.export.signatures import EXAMPLES, RANK, RANK_TOP, input_specs, output_dtypes
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.schema.score import K_INPUT, POSITION_OUTPUT, SCORE_OUTPUT
from tfelc.schema.task import CLUSTER_OUTPUTS

Tensor = Any


class ServingModule(tf.Module):
    """Everything that a SavedModel of a ranker holds.

    Args:
        model: The ranker.
        asset: File that goes into the SavedModel's assets.

    Example:
        >>> module = ServingModule(run.model(), Path("feature_manifest.json"))  # doctest: +SKIP
        >>> tf.saved_model.save(module, "exports/ranker/1", signatures=module.signatures())  # doctest: +SKIP
    """

    def __init__(self, model: RankingModel, asset: Path) -> None:
        super().__init__(name="ranker")
        self._model = model
        # TensorFlow Serving restores what these lists hold; of Keras's own objects it knows nothing
        # (tensorflow/serving#2226).
        # A table that is served in fewer bytes has no need of those that were trained.
        tables = list(model.ranker.encoder.tables.values())
        replaced = [table.embeddings.path for table in tables if table.served is not None]
        self._weights = [variable.value for variable in model.ranker.weights if variable.path not in replaced]
        self._rows = [table.served.resources for table in tables if isinstance(table.served, QuantizedRows)]
        self._lookups = model.lookup.resources
        self._asset = tf.saved_model.Asset(str(asset))

    def signatures(self) -> dict[str, Any]:
        """One traced function for each signature of `input_specs`."""
        functions: dict[str, Callable[[Mapping[str, Tensor]], dict[str, Tensor]]] = {
            SERVING_DEFAULT: self.score,
            RANK: self.rank,
            RANK_TOP: self.rank_top,
            EXAMPLES: lambda inputs: self.score(parse_examples(self._model.schema, inputs[EXAMPLES])),
        }
        return {
            name: tf.function(functions[name], autograph=False).get_concrete_function(specs)
            for name, specs in input_specs(self._model.schema).items()
        }

    def score(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Scores rows.

        Args:
            inputs: Feature -> raw values, `(rows,)` or, for a list, `(rows, length)`.

        Returns:
            Output -> tensor of shape `(rows,)`.
        """
        return self._outputs(self._model.lookup(inputs), broadcast=False)

    def rank(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Scores items for one user in one context, whose part is computed once.

        Args:
            inputs: As for `score`, the features of other roles than `item` with a single row.

        Returns:
            Output -> tensor of shape `(items,)`.
        """
        outputs = self._outputs(self._model.lookup(inputs), broadcast=True)
        item = next(name for name, column in self._model.schema.features.items() if column.role == "item")
        items = tf.shape(inputs[item])[:1]
        return {name: tf.broadcast_to(tensor, items) for name, tensor in outputs.items()}

    def rank_top(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The best items for one user in one context, by the schema's `score`, best first.

        Args:
            inputs: As for `rank`, and `k`, how many are wanted; where there are fewer items, all are given.

        Returns:
            Output -> tensor of shape `(k,)`, and `position`, the place of each item in the request, from 0. Of equal
            scores the item that comes first in the request comes first.

        Raises:
            tf.errors.InvalidArgumentError: `k` is below 1, or no single number.
        """
        outputs = self.rank({name: tensor for name, tensor in inputs.items() if name != K_INPUT})
        score = outputs[SCORE_OUTPUT]
        k = tf.reshape(inputs[K_INPUT], [-1])
        fits = tf.logical_and(tf.equal(tf.size(k), 1), tf.reduce_all(k >= 1))
        with tf.control_dependencies([tf.debugging.Assert(fits, ["`k` must be one number, at least 1. Received:", k])]):
            wanted = tf.cast(tf.minimum(k[0], tf.size(score, tf.int64)), tf.int32)
        _, places = tf.math.top_k(score, wanted)
        best = {name: tf.gather(tensor, places) for name, tensor in outputs.items()}
        return best | {POSITION_OUTPUT: tf.cast(places, tf.int64)}

    def _outputs(self, encoded: Mapping[str, Tensor], broadcast: bool) -> dict[str, Tensor]:
        found = self._model.ranker(encoded, broadcast=broadcast, training=False)
        outputs = self._model.outputs(found)
        if "clusters" in found:
            nearest, share = CLUSTER_OUTPUTS
            outputs[nearest] = found["clusters"]["cluster"]
            outputs[share] = tf.reduce_max(found["clusters"]["assignment"], axis=1)
        return {name: tf.cast(outputs[name], dtype) for name, dtype in output_dtypes(self._model).items()}
