"""What `warm_process` has imported before a process begins: what a command would import first of all."""

import gc
import os

from tfelc.core.tensorflow_start import load_tensorflow

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # TensorFlow reads it once; the worker that asks may have another
load_tensorflow()

import tfelc.lifecycle.training.training_loop  # noqa: E402
import tfelc.next_item.training.train  # noqa: E402
import tfelc.ranker.scoring.scoring_job  # noqa: E402
import tfelc.ranker.training.train  # noqa: E402, F401

# What a process begins with is looked through by none of its collections, and so its pages stay shared.
gc.collect()
gc.freeze()
