"""Benchmarks of the machine: each declares its ways, functions that the harness calls in fresh processes, in turn."""
