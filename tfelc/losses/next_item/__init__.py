"""Losses of the next item, as swappable parts: one per file."""
