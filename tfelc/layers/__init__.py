"""Keras layers of both products, one per file."""
