"""Optimisers that move only the rows a batch looked up."""
