"""Clients of an exported ranker, for TensorFlow Serving and for the local server alike."""
