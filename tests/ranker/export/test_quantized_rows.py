"""Embedding tables in fewer bytes: how far a value moves, and an export that answers by them."""

import numpy as np
import pyarrow as pa
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tfelc.ranker.export.exporter import export
from tfelc.ranker.export.quantized_rows import QuantizedRows
from tfelc.ranker.export.trained_answers import trained_answers
from tfelc.ranker.scoring.exported_ranker import ExportedRanker

VALUES = st.floats(-1000, 1000, width=32)
TABLES = arrays.arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(1, 4)), elements=VALUES)


@given(TABLES)
def test_an_int8_row_moves_by_half_a_step_at_most(table):
    found = QuantizedRows(table, "int8")(tf.range(len(table))).numpy()
    steps = np.abs(table).max(axis=1, keepdims=True) / 127
    assert np.all(np.abs(found - table) <= steps / 2 * 1.0001 + 1e-37)


@given(TABLES)
def test_a_float16_value_keeps_eleven_bits(table):
    found = QuantizedRows(table, "float16")(tf.range(len(table))).numpy()
    assert np.all(np.abs(found - table) <= np.maximum(np.abs(table) * 2.0**-11, 2.0**-25))


def test_by_hand_and_of_any_shape():
    rows = QuantizedRows(np.array([[127.0, -63.6], [0.0, 0.0], [2.54, 0.013]], np.float32), "int8")
    found = rows(tf.constant([[0, 1], [2, 2]])).numpy()
    # Steps of 1, of nothing, and of .02: .013 is nearest to one step.
    np.testing.assert_allclose(found, [[[127, -64], [0, 0]], [[2.54, 0.02], [2.54, 0.02]]], rtol=1e-6)
    assert [variable.dtype for variable in rows.resources] == [tf.int8, tf.float32]


def test_an_export_answers_by_them_and_holds_nothing_else(untrained_run, tmp_path):
    version = export(untrained_run, tmp_path / "int8", tables="int8")
    # Verified against the ranker with the same tables; against the trained ones its answers move, by little.
    assert max(value for outputs in version.differences.values() for value in outputs.values()) < 1e-5
    model = untrained_run.model()
    trained, _ = trained_answers(model, version.rows)
    ranker = ExportedRanker(version.path)
    served = ranker.score(pa.table({name: version.rows[name] for name in ranker.schema.features}))
    for name in ranker.probabilities:
        assert 0 < np.abs(served[name] - trained[name]).max() < 0.01, name
    variables = tf.train.load_checkpoint(str(version.path / "variables" / "variables"))
    shapes = {tuple(table.embeddings.shape) for table in model.ranker.encoder.tables.values()}
    held = [name for name, shape in variables.get_variable_to_shape_map().items() if tuple(shape) in shapes]
    assert held and {variables.get_tensor(name).dtype for name in held} == {np.dtype(np.int8)}
