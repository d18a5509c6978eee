"""Optimizers: Keras's for dense weights, and two that move only the rows of a table that the batch looked up."""
