#!/usr/bin/env bash
# Keras 3.15.1 on TensorFlow 2.21.0: the sum of two tensors has the shape of the first where the second has more
# dimensions and could be a bias of the first. The other way round, and with NumPy, it has the broadcast shape.
#
# Guess before it was run: (1, 2) + (1, 1, 2) is (1, 1, 2), as NumPy and TensorFlow give it.
# Seen: (1, 2), eagerly and in a graph whose shapes are known; (1, 1, 2) where the graph does not know them. So a model
# whose batch is a variable one gives another shape for a batch of one alone, and only outside its graph.
#
# Prints the versions and the shapes. Ends with 0 where the behavior was seen, with 1 where it has changed.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
TF_CPP_MIN_LOG_LEVEL=3 KERAS_BACKEND=tensorflow "$folder/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np
import tensorflow as tf
from keras import ops

one, other = np.zeros((1, 2), np.float32), np.ones((1, 1, 2), np.float32)
known = tf.function(ops.add)
unknown = tf.function(ops.add, input_signature=[tf.TensorSpec([None, 2]), tf.TensorSpec([None, None, 2])])
found = {
    "NumPy": (one + other).shape,
    "ops.add": tuple(ops.add(one, other).shape),
    "ops.add, the other way round": tuple(ops.add(other, one).shape),
    "a variable + a tensor": tuple((keras.Variable(one) + ops.convert_to_tensor(other)).shape),
    "in a graph of known shapes": tuple(known(tf.constant(one), tf.constant(other)).shape),
    "in a graph of unknown shapes": tuple(unknown(tf.constant(one), tf.constant(other)).shape),
}
print(f"keras {keras.__version__}, tensorflow {tf.__version__}: shape of (1, 2) + (1, 1, 2)")
for name, shape in found.items():
    print(f"  {name}: {shape}")
lost = ("ops.add", "a variable + a tensor", "in a graph of known shapes")
sys.exit(0 if all(shape == ((1, 2) if name in lost else (1, 1, 2)) for name, shape in found.items()) else 1)
PYTHON
