"""What makes two trainings with one seed the same."""

from __future__ import annotations

import keras
import tensorflow as tf


def seed_process(seed: int, deterministic: bool) -> None:
    """Seeds everything random in this process, before a model is built.

    Args:
        seed: int. Of Python, NumPy and TensorFlow.
        deterministic: bool. Whether TensorFlow keeps to operations that give the same bits on the same machine; for
            the rest of the process.
    """
    keras.utils.set_random_seed(seed)
    if deterministic:
        tf.config.experimental.enable_op_determinism()
