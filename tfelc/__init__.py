"""tfelc: multi-task ranking with end-to-end learnable clusters, in TensorFlow and Keras."""

__version__ = "0.1.0"
