"""Losses of both products: functions of tensors, and layers that weigh tasks against each other."""
