"""`keras.ops.add(a, b)` gives the shape of `a` where `b` has more dimensions, all of them 1 but one.

Guess: a sum has the broadcast shape of both, `(1, 1, 2)`. Keras 3.15.1 on TensorFlow 2.21 takes a second operand that
can be squeezed to a vector for a bias of the first, and answers `(1, 2)`; the other way round the shape is right. A
shape that is not known when a graph is traced is not squeezed, so that it shows in a batch of one alone.

Run: python findings/keras_add_loses_dimensions.py
"""

import keras
from keras import ops

bias, rows = keras.Variable(ops.zeros((1, 2))), ops.ones((1, 1, 2))
print(f"Keras {keras.__version__}: {tuple((bias + rows).shape)} and {tuple((rows + bias).shape)}")
print(f"ops.add: {tuple(ops.add(bias, rows).shape)} and {tuple(ops.add(rows, bias).shape)}")
