"""Serving an exported model: TensorFlow Serving's own files, a local stand-in for it, and clients of both."""
